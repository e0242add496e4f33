"""Which version decides a track, which are only watched, and which one a new version is held against."""

import hashlib
from collections.abc import Iterable

import structlog

from services.policy.compiled import Policy, compile_policy
from services.policy.domain import CurrentPolicy
from shared.errors import SettingsError
from shared.events import PolicyStage, PolicyVersionChanged

log = structlog.get_logger()
ACTING = frozenset({PolicyStage.ROLLOUT, PolicyStage.LIVE})
_BUCKETS = 10_000


class PolicyBook(CurrentPolicy):
    """The last valid word on every version, fed change by change; all processes read the same words.

    ``shipped`` is the policy that the process was started with; it decides where nothing is live. A change
    that breaks the rules (content that is not what its version says, an acting stage that nobody but the
    author agreed to, rules with mistakes) is refused, and the word before it stays.
    """

    def __init__(self, shipped: Policy, *, known: Iterable[Policy] = ()) -> None:
        self._shipped = shipped
        self._compiled = {policy.version: policy for policy in (shipped, *known)}
        self._words: dict[str, PolicyVersionChanged] = {}
        self._arrange()

    def put(self, version: str, change: PolicyVersionChanged | None) -> None:
        """The new word on a version, or None to forget it."""
        if change is None:
            self._words.pop(version, None)
        else:
            known = self._words.get(version)
            fault = self._fault(change)
            if fault is not None:
                log.error("refused a change of policy", version=version, why=fault)
                return
            if known is not None and known.generation > change.generation:
                return
            self._words[version] = change
            log.info("policy version", version=version, stage=change.stage.value, percent=change.percent)
        self._arrange()

    def policy_for(self, track_id: str) -> Policy:
        """The version that decides this track; the same one as long as no stage changes."""
        if self.rollout is not None and in_share(self.rollout, track_id, self._percent):
            return self.rollout
        return self.live

    def control_of(self, version: str) -> Policy | None:
        """What would decide in the place of an acting version; None for the shipped one."""
        if self.rollout is not None and version == self.rollout.version:
            return self.live
        if version == self.live.version and version != self._shipped.version:
            return self._before
        return None

    def word(self, version: str) -> PolicyVersionChanged | None:
        return self._words.get(version)

    @property
    def words(self) -> tuple[PolicyVersionChanged, ...]:
        return tuple(sorted(self._words.values(), key=lambda word: word.generation))

    @property
    def generation(self) -> int:
        return max((word.generation for word in self._words.values()), default=0)

    def content(self, version: str) -> Policy | None:
        """The version ready to decide again, if its content is known."""
        if version in self._compiled:
            return self._compiled[version]
        word = self._words.get(version)
        return self._ready(word) if word is not None else None

    def _arrange(self) -> None:
        live = [self._ready(word) for word in self.words if word.stage is PolicyStage.LIVE]
        rollouts = [word for word in self.words if word.stage is PolicyStage.ROLLOUT]
        self.live: Policy = live[-1] if live else self._shipped
        self._before: Policy = live[-2] if len(live) > 1 else self._shipped
        self.rollout: Policy | None = self._ready(rollouts[-1]) if rollouts else None
        self._percent = rollouts[-1].percent if rollouts else 0
        self.shadows = tuple(self._ready(word) for word in self.words if word.stage is PolicyStage.SHADOW)

    def _ready(self, word: PolicyVersionChanged) -> Policy:
        return self._compiled[word.version]

    def _fault(self, change: PolicyVersionChanged) -> str | None:
        """Also leaves the content compiled under its version, where it is that version's."""
        known = self._compiled.get(change.version)
        if known is None or known.source != (change.policy_text, change.labels_text):
            try:
                known = compile_policy(change.policy_text, change.labels_text)
            except SettingsError as error:
                return f"its content has mistakes: {error}"
            if known.version != change.version:
                return f"its content is version {known.version}"
            self._compiled.setdefault(change.version, known)
        return acting_without_leave(change)


def acting_without_leave(change: PolicyVersionChanged) -> str | None:
    """Why the version may not act: nobody but its author agreed, or it was never in shadow."""
    if change.stage not in ACTING:
        return None
    last = change.steps[-1] if change.steps else None
    if last is None or last.stage is not change.stage or last.by == change.author:
        return "nobody but its author agreed to it"
    if not any(step.stage is PolicyStage.SHADOW for step in change.steps):
        return "it was never in shadow"
    return None


def in_share(policy: Policy, track_id: str, percent: int) -> bool:
    """Stable by track; a track that is in a share is in every larger one of the same version."""
    digest = hashlib.sha256(f"{policy.version}:{track_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % _BUCKETS < percent * _BUCKETS // 100
