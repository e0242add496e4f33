"""What another policy would have made of the decisions on record. Pure: decisions in, a comparison out."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from services.policy.compiled import Policy
from services.policy.evaluate import evaluate
from services.policy.inputs import PolicyInput
from shared.events import DecisionMade, Outcome

HOLDING = frozenset({Outcome.QUARANTINE, Outcome.REJECT})
EXAMPLES = 20
DAY_SECONDS = 86_400.0


@dataclass(frozen=True)
class Example:
    """One decision that would change, with what is behind it; no title and no name."""

    track_id: str
    decision_id: str
    distributor: str
    before: str
    after: str
    reasons_before: tuple[str, ...]
    reasons_after: tuple[str, ...]


@dataclass
class Share:
    """Decisions of one distributor: how many, how many change, how many are held now and would be."""

    decisions: int = 0
    changed: int = 0
    held_before: int = 0
    held_after: int = 0


@dataclass
class Agreement:
    """How holding agrees with what moderators then said. None where nothing can be said."""

    held_rightly: int = 0
    held_wrongly: int = 0
    released_wrongly: int = 0
    released_rightly: int = 0

    def count(self, *, held: bool, should: bool) -> None:
        if held:
            self.held_rightly += should
            self.held_wrongly += not should
        else:
            self.released_wrongly += should
            self.released_rightly += not should

    @property
    def precision(self) -> float | None:
        """Of the held tracks that a moderator looked at, the share that was kept back."""
        seen = self.held_rightly + self.held_wrongly
        return self.held_rightly / seen if seen else None

    @property
    def recall(self) -> float | None:
        """Of the tracks that a moderator kept back, the share that the policy held."""
        seen = self.held_rightly + self.released_wrongly
        return self.held_rightly / seen if seen else None


@dataclass
class Comparison:
    """``flows`` counts (outcome on record, outcome of the candidate). Only automatic decisions are counted.

    Moderators look at what was held, so precision and recall are those among reviewed tracks; what the policy
    on record let out and nobody looked at is in neither.
    """

    candidate: str
    decisions: int = 0
    changed: int = 0
    without_input: int = 0
    flows: Counter[tuple[str, str]] = field(default_factory=Counter)
    versions: Counter[str] = field(default_factory=Counter)
    distributors: dict[str, Share] = field(default_factory=dict)
    reasons_before: Counter[str] = field(default_factory=Counter)
    reasons_after: Counter[str] = field(default_factory=Counter)
    labels_before: Counter[str] = field(default_factory=Counter)
    labels_after: Counter[str] = field(default_factory=Counter)
    before: Agreement = field(default_factory=Agreement)
    after: Agreement = field(default_factory=Agreement)
    examples: list[Example] = field(default_factory=list)
    first: datetime | None = None
    last: datetime | None = None

    @property
    def days(self) -> float:
        """The time that the decisions span; a day at least, so that a rate is not made of minutes."""
        if self.first is None or self.last is None:
            return 1.0
        return max(1.0, (self.last - self.first).total_seconds() / DAY_SECONDS)

    @property
    def changed_share(self) -> float:
        return self.changed / self.decisions if self.decisions else 0.0

    @property
    def reviews_a_day(self) -> tuple[float, float]:
        """Tracks held a day, on record and under the candidate."""
        held = Outcome.QUARANTINE.value
        before = sum(count for (was, _), count in self.flows.items() if was == held)
        after = sum(count for (_, would), count in self.flows.items() if would == held)
        return before / self.days, after / self.days


class Backtest:
    """Feeds on decisions in the order of their partition, so that a person's comes after what it answers."""

    def __init__(self, candidate: Policy, *, since: datetime | None = None) -> None:
        self._candidate = candidate
        self._since = since
        self._open: dict[str, tuple[bool, bool]] = {}
        self.found = Comparison(candidate.version)

    def see(self, decision: DecisionMade) -> None:
        if not decision.automated:
            self._answer(decision)
            return
        if self._since is not None and decision.occurred_at < self._since:
            return
        if not decision.policy_input:
            self.found.without_input += 1
            return
        given = PolicyInput.model_validate(decision.policy_input)
        result = evaluate(self._candidate, given)
        found = self.found
        was, would = decision.outcome, result.outcome
        found.decisions += 1
        found.flows[was.value, would.value] += 1
        found.versions[decision.policy_version] += 1
        found.reasons_before.update({reason.code for reason in decision.reasons})
        found.reasons_after.update({reason.code for reason in result.reasons})
        found.labels_before.update({label.code for label in decision.labels})
        found.labels_after.update({label.code for label in result.labels})
        share = found.distributors.setdefault(given.distributor.id, Share())
        share.decisions += 1
        share.held_before += was in HOLDING
        share.held_after += would in HOLDING
        found.first = min(found.first or decision.occurred_at, decision.occurred_at)
        found.last = max(found.last or decision.occurred_at, decision.occurred_at)
        self._open[decision.track_id] = (was in HOLDING, would in HOLDING)
        before, after = set(_labels(decision)), {(label.code, label.basis) for label in result.labels}
        if was is not would or before != after:
            found.changed += 1
            share.changed += 1
            self._show(decision, given, would, tuple(reason.code for reason in result.reasons))

    def _answer(self, decision: DecisionMade) -> None:
        """A moderator's word on the automatic decision before it."""
        held = self._open.pop(decision.track_id, None)
        if held is not None:
            should = decision.outcome in HOLDING
            self.found.before.count(held=held[0], should=should)
            self.found.after.count(held=held[1], should=should)

    def _show(
        self, decision: DecisionMade, given: PolicyInput, would: Outcome, reasons: tuple[str, ...]
    ) -> None:
        """Twenty of all that change, the rarest kinds of change first in line."""
        example = Example(
            track_id=decision.track_id,
            decision_id=decision.event_id,
            distributor=given.distributor.id,
            before=decision.outcome.value,
            after=would.value,
            reasons_before=tuple(reason.code for reason in decision.reasons),
            reasons_after=reasons,
        )
        shown = self.found.examples
        if len(shown) < EXAMPLES:
            shown.append(example)
            return
        kinds = Counter((one.before, one.after) for one in shown)
        kind, most = kinds.most_common(1)[0]
        if kinds[example.before, example.after] + 1 < most:
            place = next(i for i, one in enumerate(shown) if (one.before, one.after) == kind)
            shown[place] = example


def _labels(decision: DecisionMade) -> list[tuple[str, str]]:
    return [(label.code, label.basis) for label in decision.labels]
