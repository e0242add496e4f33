"""Rules: handing on, a second person, appeals, taking back, sending."""

from datetime import timedelta
from functools import partial

from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from services.moderation.domain.cases import (
    Appeal,
    CaseState,
    CaseSummary,
    appeal_case_id_of,
    case_id_of,
)
from services.moderation.domain.outcomes import (
    Barred,
    Begun,
    Claimed,
    Escalated,
    LeaseLost,
    Proposed,
    SeniorsOnly,
    TooLate,
    Undone,
)
from services.moderation.domain.queue import Answer, ReviewQueue
from shared.events import Outcome
from tests.unit.moderation.queue_base import TwoQueues
from tests.unit.moderation.queue_draws import LEASE, REVIEWERS, reviewers, tracks


async def _claim(queue: ReviewQueue, case_id: str, reviewer: str) -> object:
    return await queue.claim(case_id, reviewer)


class PassingRules(TwoQueues):
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
