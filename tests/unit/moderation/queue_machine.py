"""What a queue must do in any order of calls, as a hypothesis state machine over two queues at once.

``under_test`` is compared with the plain Python reference after every step; the invariants hold for it alone.
The unit run sets the reference against itself, which checks the reference; the integration run sets Redis
against it.
"""

from datetime import timedelta
from functools import partial

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from services.moderation.domain.cases import (
    Case,
    CaseState,
    appeal_case_id_of,
    case_id_of,
)
from services.moderation.domain.looking import Counts, Filter
from services.moderation.domain.outcomes import NoSuchCase
from services.moderation.domain.queue import Answer, ReviewQueue
from shared.events import Outcome
from tests.unit.moderation.queue_claiming_rules import ClaimingRules
from tests.unit.moderation.queue_draws import (
    INDEXES_OF_A_QUEUE,
    REVIEWERS,
    TRACKS,
    UNKNOWN,
    steps,
    summaries,
    tracks,
)
from tests.unit.moderation.queue_passing_rules import PassingRules


async def _case(queue: ReviewQueue, case_id: str) -> Case | None:
    return await queue.case(case_id)


async def _counts(queue: ReviewQueue, within: Filter) -> Counts:
    return await queue.counts("ada", within)


PARTS = (
    Filter(only_in=INDEXES_OF_A_QUEUE),
    Filter(leaving_out=("distributor:north",)),
    Filter(only_in=("reason:ai-generated",), leaving_out=("reason:voice-match",)),
)
"""What somebody sees who works on a part of the queue only."""


class QueueMachine(ClaimingRules, PassingRules):
    """Subclasses say what is tested."""

    @initialize()
    def begin(self) -> None:
        self.under_test = self.make()
        self.sequences: dict[str, int] = {}
        self.an_unknown_case_is_told_as_such(REVIEWERS[0])

    def an_unknown_case_is_told_as_such(self, reviewer: str) -> None:
        case_id = case_id_of(UNKNOWN)
        answer = Answer("decision", Outcome.PUBLISH)
        for call in (
            lambda queue: queue.claim(case_id, reviewer),
            lambda queue: queue.renew(case_id, reviewer, 1),
            lambda queue: queue.release(case_id, reviewer, 1),
            lambda queue: queue.skip(case_id, reviewer),
            lambda queue: queue.begin_resolution(case_id, reviewer, 1, answer),
            lambda queue: queue.escalate(case_id, reviewer, 1, "?"),
            lambda queue: queue.confirm(case_id, reviewer, 1, "x"),
            lambda queue: queue.send_back(case_id, reviewer, 1, "x", "?"),
            lambda queue: queue.undo(case_id, reviewer, "x"),
        ):
            assert isinstance(self.both(call), NoSuchCase)

    @rule(seconds=st.sampled_from((0.5, 1, 60, 300, 899, 900, 90_000)))
    def time_passes(self, seconds: float) -> None:
        self.clock.at += timedelta(seconds=seconds)

    @rule(data=st.data(), track_id=tracks, step=steps)
    def quarantined(self, data: st.DataObject, track_id: str, step: int) -> None:
        sequence = self.numbered(track_id, step)
        summary = data.draw(summaries(track_id, sequence, self.clock.now()))
        self.both(lambda queue: queue.open(summary))

    @rule(track_id=tracks, step=steps)
    def let_go(self, track_id: str, step: int) -> None:
        sequence = self.numbered(track_id, step)
        self.both(lambda queue: queue.close(track_id, f"decision-{track_id}-{sequence}", sequence))

    @invariant()
    def both_know_the_same(self) -> None:
        if not hasattr(self, "under_test"):
            return
        for track_id in TRACKS:
            self.both(partial(_case, case_id=case_id_of(track_id)))
            self.both(partial(_case, case_id=appeal_case_id_of(track_id)))
        self.both(lambda queue: queue.counts("ada"))
        self.looked += 1
        self.both(partial(_counts, within=PARTS[self.looked % len(PARTS)]))

    @invariant()
    def tokens_grow(self) -> None:
        tokens = [token for _, _, token in self.tokens]
        assert tokens == sorted(set(tokens))

    @invariant()
    def one_claim_decides_one_thing(self) -> None:
        assert all(len(decisions) == 1 for decisions in self.decided.values())

    @invariant()
    def nothing_is_held_that_is_not_open(self) -> None:
        for track_id in TRACKS:
            case = self.known(track_id)
            assert case is None or case.claim is None or case.state is CaseState.OPEN
