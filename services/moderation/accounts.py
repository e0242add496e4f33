"""What several tracks of one account say together about a protected artist, as a case page shows it."""

from dataclasses import dataclass
from typing import Any

from services.moderation.artist_names import facts_about
from services.moderation.domain.cases import case_id_of
from shared.events import DecisionMade


@dataclass(frozen=True)
class OtherTrack:
    """Another track of the account. ``case_id`` is where its case would be; it may have none."""

    track_id: str
    case_id: str


@dataclass(frozen=True)
class AccountPattern:
    """Counts are of recordings, a recording once however often it was delivered."""

    artist: str
    days: int
    recordings: int
    resembling: int
    cleared: int
    percent: int
    others: tuple[OtherTrack, ...]


def account_patterns(decision: DecisionMade | None) -> tuple[AccountPattern, ...]:
    """As they were when the decision was made; the most likely artist first."""
    found = facts_about(decision, "patterns")
    found.sort(key=lambda fact: (-float(fact["probability"]), str(fact["artist_id"])))
    return tuple(_pattern(fact, decision.track_id) for fact in found if decision is not None)


def _pattern(fact: dict[str, Any], track_id: str) -> AccountPattern:
    return AccountPattern(
        artist=str(fact.get("name") or fact["artist_id"]),
        days=int(fact["days"]),
        recordings=int(fact["recordings"]),
        resembling=int(fact["resembling"]),
        cleared=int(fact["cleared"]),
        percent=round(100 * float(fact["probability"])),
        others=tuple(
            OtherTrack(str(one), case_id_of(str(one))) for one in fact.get("track_ids", ()) if one != track_id
        ),
    )
