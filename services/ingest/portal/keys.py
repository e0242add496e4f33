"""What became of the artist keys that a distributor presented, from the decision that stands."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.ingest.portal.texts import KEY_STATES, Words
from shared.events import DecisionMade


@dataclass(frozen=True)
class KeyTold:
    """``mark`` is the start of the key's SHA-256: the key itself is kept nowhere."""

    mark: str
    artist: str | None
    accepted: bool
    words: Words


def keys_told(presented: Sequence[str], decision: DecisionMade | None) -> tuple[KeyTold, ...]:
    """One entry for each digest that came with the delivery, in their order."""
    judged = {
        str(fact["key_sha256"]): fact
        for fact in (decision.policy_input.get("keys", ()) if decision is not None else ())
    }
    return tuple(_told(digest, judged.get(digest)) for digest in presented)


def _told(digest: str, fact: dict[str, object] | None) -> KeyTold:
    if fact is None:
        return KeyTold(digest[:8], None, accepted=False, words=KEY_STATES["undecided"])
    state = str(fact["state"] or "unknown")
    live = state == "live"
    code = "not_needed" if live and not fact["counts"] else state
    name = fact["name"]
    return KeyTold(
        digest[:8],
        str(name) if name is not None else None,
        accepted=live,
        words=KEY_STATES.get(code, KEY_STATES["unknown"]),
    )
