"""What a queue must do in any order of calls, as a hypothesis state machine over two queues at once.

``under_test`` is compared with the plain Python reference after every step; the invariants hold for it alone.
The unit run sets the reference against itself, which checks the reference; the integration run sets Redis
against it.
"""

from collections.abc import Callable, Coroutine
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any, TypeVar, cast

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.moderation.domain.cases import (
    Appeal,
    Case,
    CaseState,
    CaseSummary,
    appeal_case_id_of,
    case_id_of,
)
from services.moderation.domain.queue import (
    Answer,
    Barred,
    Begun,
    Claimed,
    Cursor,
    DecisionChanged,
    Escalated,
    Filter,
    LeaseLost,
    NoSuchCase,
    Proposed,
    Renewed,
    ReviewQueue,
    SeniorsOnly,
    Share,
    TooLate,
    Undone,
)
from shared.clock import SetClock
from shared.events import Outcome, Reason
from tests.unit.moderation.memory_queue import MemoryQueue

T = TypeVar("T")

TRACKS = tuple(f"0000000{n}-0000-4000-8000-000000000000" for n in range(3))
REVIEWERS = ("ada", "ben")
LEASE = timedelta(minutes=15)
UNDO = timedelta(seconds=30)
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
REASONS = ("voice-match", "ai-generated", "undeclared-ai")
INDEXES_OF_A_QUEUE = ("distributor:south", "reason:undeclared-ai", "reason:voice-match")
TITLES = ("", "Night Drive", "Nightfall", "Été à Lyon", "Drive me home")

UNKNOWN = "00000009-0000-4000-8000-000000000000"
tracks = st.sampled_from(TRACKS)
# How a decision's number stands to the last one: mostly the next, sometimes a repeat or one from before.
steps = st.sampled_from((1, 1, 1, 1, 0, -1))
reviewers = st.sampled_from(REVIEWERS)
filters = st.builds(
    Filter,
    share=st.sampled_from((Share.OPEN, Share.OPEN, *Share)),
    reason=st.sampled_from((None, None, None, *REASONS)),
    distributor_id=st.sampled_from((None, None, None, "north", "south")),
    text=st.sampled_from(("", "", "", "night", "drive n", "ete", "0000")),
    older_than=st.sampled_from((None, None, None, timedelta(hours=1), timedelta(days=1))),
    leaving_out=st.sampled_from(
        ((), (), (), ("reason:voice-match",), ("reason:nothing", "distributor:north"))
    ),
    only_in=st.sampled_from((None, None, None, (), ("reason:ai-generated",), INDEXES_OF_A_QUEUE)),
)


@st.composite
def summaries(draw: st.DrawFn, track_id: str, sequence: int, opened_at: datetime) -> CaseSummary:
    described = draw(st.booleans())
    return CaseSummary(
        case_id=case_id_of(track_id),
        track_id=track_id,
        decision_id=f"decision-{track_id}-{sequence}",
        sequence=sequence,
        priority=draw(st.sampled_from((0, 50, 100))),
        reasons=tuple(
            Reason(code=code, text=code)
            for code in draw(st.lists(st.sampled_from(REASONS), min_size=1, max_size=2))
        ),
        opened_at=opened_at,
        described=described,
        title=draw(st.sampled_from(TITLES)) if described else "",
        due_at=draw(st.none() | st.sampled_from((1, 3600)).map(lambda s: opened_at + timedelta(seconds=s))),
        second_person=draw(st.booleans()),
        barred=draw(st.sampled_from(((), (), (), ("ada",), ("x-ada", "ben-y")))),
        distributor_id=draw(st.sampled_from(("north", "south"))) if described else None,
        release_date=draw(st.none() | st.sampled_from((date(2026, 3, 2), date(2026, 5, 1))))
        if described
        else None,
    )


async def _case(queue: ReviewQueue, case_id: str) -> Case | None:
    return await queue.case(case_id)


async def _claim(queue: ReviewQueue, case_id: str, reviewer: str) -> object:
    return await queue.claim(case_id, reviewer)


class QueueMachine(RuleBasedStateMachine):
    """Subclasses say what is tested."""

    def make(self) -> ReviewQueue:
        """A fresh, empty queue on ``self.clock``: leases of ``LEASE``, undo for ``UNDO``, skips of a day."""
        raise NotImplementedError

    def __init__(self) -> None:
        super().__init__()
        self.clock = SetClock(START)
        self.reference = MemoryQueue(self.clock, lease=LEASE, undo_for=UNDO)
        self.tokens: list[tuple[str, str, int]] = []
        self.decided: dict[str, set[str]] = {}
        self.handed_over: set[str] = set()

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

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run what never waits for anything, without an event loop."""
        try:
            work.send(None)
        except StopIteration as finished:
            return cast("T", finished.value)
        raise AssertionError("this work waits: run it in an event loop")

    def both(self, call: Callable[[ReviewQueue], Coroutine[Any, Any, T]]) -> T:
        """The same call on both queues, which must answer the same."""
        expected = self.run(call(self.reference))
        got = self.run(call(self.under_test))
        assert got == expected
        return got

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

    @precondition(lambda self: self.any_known())
    @rule(track_id=tracks, reviewer=reviewers, senior=st.booleans())
    def claim(self, track_id: str, reviewer: str, *, senior: bool = True) -> None:
        before = self.live_claim(track_id)
        known = self.known(track_id)
        outcome = self.both(lambda queue: queue.claim(case_id_of(track_id), reviewer, senior=senior))
        if isinstance(outcome, Claimed):
            assert known is not None
            assert before is not None or not known.barred(reviewer)
            assert before is not None or senior or not known.for_seniors
            assert before is None or before[0] == reviewer
            self.remember(outcome, fresh=before is None)

    @rule(reviewer=reviewers, wanted=filters, senior=st.booleans())
    def claim_next(self, reviewer: str, wanted: Filter, senior: bool) -> None:  # noqa: FBT001 - drawn by hypothesis
        outcome = self.both(lambda queue: queue.claim_next(reviewer, wanted, senior=senior))
        if isinstance(outcome, Claimed):
            self.remember(outcome, fresh=True)

    @precondition(lambda self: self.tokens)
    @rule(data=st.data())
    def renew(self, data: st.DataObject) -> None:
        track_id, reviewer, token, valid = self.some_claim(data)
        outcome = self.both(lambda queue: queue.renew(case_id_of(track_id), reviewer, token))
        assert isinstance(outcome, Renewed) is valid

    @precondition(lambda self: self.tokens)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        track_id, reviewer, token, _ = self.some_claim(data)
        self.both(lambda queue: queue.release(case_id_of(track_id), reviewer, token))

    @precondition(lambda self: self.any_known())
    @rule(track_id=tracks, reviewer=reviewers)
    def skip(self, track_id: str, reviewer: str) -> None:
        self.both(lambda queue: queue.skip(case_id_of(track_id), reviewer))

    @precondition(lambda self: self.tokens)
    @rule(
        data=st.data(),
        outcome=st.sampled_from((Outcome.PUBLISH, Outcome.REJECT)),
        seen=st.sampled_from((0, 0, 1)),
        times=st.integers(1, 2),
    )
    def decide(self, data: st.DataObject, outcome: Outcome, seen: int, times: int) -> None:
        """Once or, a double click, twice; looking at the standing decision or at the one before."""
        track_id, reviewer, token, valid = self.some_claim(data)
        case = self.known(track_id)
        sequence = case.summary.sequence - seen if case else 1
        answer = Answer(decision_id=f"decision-{track_id}-{sequence}", outcome=outcome)
        for attempt in range(times):
            done = self.both(
                lambda queue: queue.begin_resolution(case_id_of(track_id), reviewer, token, answer)
            )
            if isinstance(done, Begun):
                assert done.repeat or (valid and seen == 0 and attempt == 0)
                self.decided.setdefault(done.resolution.event_id, set()).add(
                    done.resolution.model_dump_json()
                )
            elif attempt == 0 and case is not None and case.state is CaseState.OPEN and not valid:
                assert isinstance(done, LeaseLost | Proposed)

    @precondition(lambda self: self.live_claims())
    @rule(data=st.data())
    def a_newer_decision_stands_before_the_answer_comes(self, data: st.DataObject) -> None:
        track_id, reviewer, token = data.draw(st.sampled_from(self.live_claims()))
        seen = Answer(self.standing(track_id), Outcome.PUBLISH)
        summary = data.draw(summaries(track_id, self.numbered(track_id, 1), self.clock.now()))
        self.both(lambda queue: queue.open(summary))
        done = self.both(lambda queue: queue.begin_resolution(case_id_of(track_id), reviewer, token, seen))
        assert isinstance(done, DecisionChanged)

    @precondition(lambda self: self.live_claims())
    @rule(data=st.data())
    def the_lease_runs_out_and_another_claims_before_the_answer_comes(self, data: st.DataObject) -> None:
        track_id, reviewer, token = data.draw(st.sampled_from(self.live_claims()))
        other = next(name for name in REVIEWERS if name != reviewer)
        self.clock.at += LEASE
        self.claim(track_id, other)
        answer = Answer(self.standing(track_id), Outcome.PUBLISH)
        done = self.both(lambda queue: queue.begin_resolution(case_id_of(track_id), reviewer, token, answer))
        now = self.live_claim(track_id)
        assert done == LeaseLost(now[0] if now else None)

    @precondition(lambda self: self.live_claims())
    @rule(data=st.data(), deed=st.sampled_from(("renew", "release", "decide")))
    def the_lease_runs_out_and_nobody_has_noticed(self, data: st.DataObject, deed: str) -> None:
        track_id, reviewer, token = data.draw(st.sampled_from(self.live_claims()))
        case_id, answer = case_id_of(track_id), Answer(self.standing(track_id), Outcome.PUBLISH)
        self.clock.at += LEASE
        if deed == "renew":
            lost: object = self.both(lambda queue: queue.renew(case_id, reviewer, token))
        elif deed == "release":
            lost = self.both(lambda queue: queue.release(case_id, reviewer, token))
        else:
            lost = self.both(lambda queue: queue.begin_resolution(case_id, reviewer, token, answer))
        assert lost == LeaseLost(None)

    @precondition(lambda self: self.live_claims())
    @rule(data=st.data(), outcome=st.sampled_from((Outcome.PUBLISH, Outcome.REJECT)))
    def a_double_click(self, data: st.DataObject, outcome: Outcome) -> None:
        track_id, reviewer, token = data.draw(st.sampled_from(self.live_claims()))
        case_id, answer = case_id_of(track_id), Answer(self.standing(track_id), outcome)
        first = self.both(lambda queue: queue.begin_resolution(case_id, reviewer, token, answer))
        self.clock.at += timedelta(milliseconds=200)
        second = self.both(lambda queue: queue.begin_resolution(case_id, reviewer, token, answer))
        if isinstance(first, Proposed):
            assert isinstance(second, Proposed)
            assert first.proposal == second.proposal
            return
        assert isinstance(first, Begun)
        assert isinstance(second, Begun)
        assert (first.repeat, second.repeat) == (False, True)
        assert first.resolution == second.resolution

    @precondition(lambda self: self.live_claims())
    @rule(data=st.data(), skipping=st.booleans())
    def what_is_given_back_is_free_for_others(self, data: st.DataObject, *, skipping: bool) -> None:
        track_id, reviewer, token = data.draw(st.sampled_from(self.live_claims()))
        other = next(name for name in REVIEWERS if name != reviewer)
        if skipping:
            self.skip(track_id, reviewer)
        else:
            self.both(lambda queue: queue.release(case_id_of(track_id), reviewer, token))
        self.list_all(reviewer, Filter(share=Share.FREE), 2)
        self.claim(track_id, other)
        case = self.known(track_id)
        assert case is not None
        assert case.claim is not None or case.barred(other)

    @precondition(lambda self: self.live_claims())
    @rule(data=st.data())
    def another_skips_what_is_held(self, data: st.DataObject) -> None:
        track_id, reviewer, token = data.draw(st.sampled_from(self.live_claims()))
        self.skip(track_id, next(name for name in REVIEWERS if name != reviewer))
        assert (track_id, reviewer, token) in self.live_claims()

    @precondition(lambda self: self.tokens)
    @rule(data=st.data())
    def escalate(self, data: st.DataObject) -> None:
        track_id, reviewer, token, valid = self.some_claim(data)
        outcome = self.both(lambda queue: queue.escalate(case_id_of(track_id), reviewer, token, "Unclear."))
        assert isinstance(outcome, Escalated) is valid
        if valid:
            for who in REVIEWERS:
                refused = self.both(partial(_claim, case_id=case_id_of(track_id), reviewer=who))
                assert isinstance(refused, SeniorsOnly | Barred)

    @precondition(lambda self: self.live_claims())
    @rule(data=st.data(), deed=st.sampled_from(("confirm", "send back", "undo", "lapse")))
    def releasing_takes_two_people_where_it_must(self, data: st.DataObject, deed: str) -> None:
        track_id, reviewer, token = data.draw(st.sampled_from(self.live_claims()))
        case_id, answer = case_id_of(track_id), Answer(self.standing(track_id), Outcome.PUBLISH)
        case = self.known(track_id)
        assert case is not None
        done = self.both(lambda queue: queue.begin_resolution(case_id, reviewer, token, answer))
        assert isinstance(done, Proposed) is case.summary.second_person
        if not isinstance(done, Proposed):
            return
        proposal = done.proposal.proposal_id
        other = next(name for name in REVIEWERS if name != reviewer)
        own = self.both(lambda queue: queue.claim(case_id, reviewer, senior=True))
        assert isinstance(own, Barred)
        if deed == "undo":
            undone = self.both(lambda queue: queue.undo(case_id, reviewer, proposal))
            assert isinstance(undone, Undone)
            self.tokens.append((track_id, reviewer, undone.claim.token))
            return
        second = self.both(lambda queue: queue.claim(case_id, other, senior=True))
        if not isinstance(second, Claimed):
            assert isinstance(second, Barred)
            return
        self.remember(second, fresh=True)
        assert isinstance(self.both(lambda queue: queue.undo(case_id, reviewer, proposal)), TooLate)
        mine = second.claim.token
        if deed == "confirm":
            agreed = self.both(lambda queue: queue.confirm(case_id, other, mine, proposal))
            assert isinstance(agreed, Begun)
            assert (agreed.resolution.reviewer_id, agreed.resolution.confirmed_by) == (reviewer, other)
        elif deed == "send back":
            self.both(lambda queue: queue.send_back(case_id, other, mine, proposal, "Look at 0:40."))
            back = self.both(lambda queue: queue.claim(case_id, reviewer, senior=True))
            assert isinstance(back, Claimed | Barred)
            if isinstance(back, Claimed):
                self.remember(back, fresh=True)
        else:
            self.clock.at += LEASE
            late = self.both(lambda queue: queue.confirm(case_id, other, mine, proposal))
            assert late == LeaseLost(None)

    @precondition(lambda self: self.tokens)
    @rule(data=st.data(), deed=st.sampled_from(("confirm", "send back")), stale=st.booleans())
    def a_second_word_about_anything(self, data: st.DataObject, deed: str, *, stale: bool) -> None:
        track_id, reviewer, token, _ = self.some_claim(data)
        case, case_id = self.known(track_id), case_id_of(track_id)
        proposal = case.proposal.proposal_id if case and case.proposal and not stale else "another"
        if deed == "confirm":
            self.both(lambda queue: queue.confirm(case_id, reviewer, token, proposal))
        else:
            self.both(lambda queue: queue.send_back(case_id, reviewer, token, proposal, "No."))

    @rule(track_id=tracks, reviewer=reviewers)
    def undo(self, track_id: str, reviewer: str) -> None:
        case = self.known(track_id)
        event_id = case.resolution.event_id if case and case.resolution else "nothing"
        undone = self.both(lambda queue: queue.undo(case_id_of(track_id), reviewer, event_id))
        if isinstance(undone, Undone):
            assert event_id not in self.handed_over
            self.tokens.append((track_id, reviewer, undone.claim.token))

    @rule(track_id=tracks, sequence=st.integers(1, 3))
    def appealed(self, track_id: str, sequence: int) -> None:
        now = self.clock.now()
        summary = CaseSummary(
            case_id=appeal_case_id_of(track_id),
            track_id=track_id,
            decision_id=f"decision-{track_id}-{sequence}",
            sequence=sequence,
            priority=50,
            reasons=(),
            opened_at=now,
            described=True,
            barred=("ada",),
            appeal=Appeal(
                appeal_id=f"appeal-{track_id}-{sequence}",
                text="We made this.",
                filed_at=now,
                acknowledge_by=now + timedelta(minutes=5),
                decide_by=now + timedelta(hours=1),
                contested=Outcome.REJECT,
            ),
        )
        self.both(lambda queue: queue.open(summary))

    @rule(track_id=tracks, who=reviewers, uphold=st.booleans(), minutes=st.sampled_from((0, 6, 70)))
    def an_appeal_is_taken_up_and_answered(
        self, track_id: str, who: str, *, uphold: bool, minutes: int
    ) -> None:
        case_id = appeal_case_id_of(track_id)
        claimed = self.both(lambda queue: queue.claim(case_id, who, senior=True))
        if who == "ada":
            assert not isinstance(claimed, Claimed)
        if not isinstance(claimed, Claimed):
            return
        token = claimed.claim.token
        if token not in {known for _, _, known in self.tokens}:
            self.tokens.append((track_id, who, token))
        assert claimed.case.taken_up_at is not None
        self.clock.at += timedelta(minutes=minutes)
        answer = Answer(claimed.case.summary.decision_id, Outcome.REJECT, note="Why.", upholds=uphold)
        begun = self.both(lambda queue: queue.begin_resolution(case_id, who, token, answer))
        if isinstance(begun, Begun) and uphold:
            event_id = begun.resolution.event_id
            self.both(lambda queue: queue.acknowledge(case_id, event_id))
            case = self.run(self.reference.case(case_id))
            assert case is not None
            assert case.state is CaseState.CLOSED

    @invariant()
    def nothing_is_sent_that_can_be_undone(self) -> None:
        for kept in self.reference.kept.values():
            if kept.resolution is not None and kept.resolution.event_id in self.handed_over:
                assert kept.sealed

    @rule(track_id=tracks)
    def broker_acknowledges(self, track_id: str) -> None:
        case = self.known(track_id)
        if case is not None and case.resolution is not None:
            event_id = case.resolution.event_id
            self.both(lambda queue: queue.acknowledge(case_id_of(track_id), event_id))

    @rule(seconds=st.sampled_from((0, 30)))
    def unacknowledged(self, seconds: int) -> None:
        age = timedelta(seconds=seconds)
        expected = self.run(self.reference.unacknowledged(older_than=age))
        got = self.run(self.under_test.unacknowledged(older_than=age))
        assert sorted(got, key=lambda case: case.case_id) == sorted(expected, key=lambda case: case.case_id)
        for case in got:
            assert case.resolution is not None
            assert (case.resolution.undo_until or self.clock.now()) <= self.clock.now()
            self.handed_over.add(case.resolution.event_id)

    @rule(reviewer=reviewers, wanted=filters, limit=st.integers(1, 5))
    def list_all(self, reviewer: str, wanted: Filter, limit: int) -> None:
        assert self.pages(self.under_test, reviewer, wanted, limit) == self.pages(
            self.reference, reviewer, wanted, limit
        )

    @invariant()
    def both_know_the_same(self) -> None:
        if not hasattr(self, "under_test"):
            return
        for track_id in TRACKS:
            self.both(partial(_case, case_id=case_id_of(track_id)))
            self.both(partial(_case, case_id=appeal_case_id_of(track_id)))
        self.both(lambda queue: queue.counts("ada"))

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

    def any_known(self) -> bool:
        return any(kept.summary is not None for kept in self.reference.kept.values())

    def numbered(self, track_id: str, step: int) -> int:
        sequence = max(1, self.sequences.get(track_id, 0) + step)
        self.sequences[track_id] = max(sequence, self.sequences.get(track_id, 0))
        return sequence

    def known(self, track_id: str) -> Case | None:
        return self.run(self.reference.case(case_id_of(track_id)))

    def live_claim(self, track_id: str) -> tuple[str, int] | None:
        case = self.known(track_id)
        return (case.claim.reviewer_id, case.claim.token) if case and case.claim else None

    def live_claims(self) -> list[tuple[str, str, int]]:
        return [(track_id, *claim) for track_id in TRACKS if (claim := self.live_claim(track_id)) is not None]

    def standing(self, track_id: str) -> str:
        """The id of the decision that the case of a track is about."""
        case = self.known(track_id)
        assert case is not None
        return case.summary.decision_id

    def remember(self, claimed: Claimed, *, fresh: bool) -> None:
        assert claimed.claim.until == self.clock.now() + LEASE
        if fresh:
            self.tokens.append((claimed.case.case_id, claimed.claim.reviewer_id, claimed.claim.token))

    def some_claim(self, data: st.DataObject) -> tuple[str, str, int, bool]:
        """A track, a reviewer, a token, and whether that is a live claim: mostly one, else any mixture."""
        live = self.live_claims()
        if live and data.draw(st.sampled_from((True, True, False)), label="a live claim"):
            return *data.draw(st.sampled_from(live)), True
        track_id, reviewer = data.draw(tracks), data.draw(reviewers)
        token = data.draw(st.sampled_from([1, *(token for _, _, token in self.tokens)]))
        return track_id, reviewer, token, (track_id, reviewer, token) in live

    def pages(self, queue: ReviewQueue, reviewer: str, wanted: Filter, limit: int) -> list[Case]:
        found: list[Case] = []
        after: Cursor | None = None
        while True:
            page = self.run(queue.page(reviewer, wanted, limit=limit, after=after))
            found += page.cases
            after = page.after
            if after is None:
                return found
