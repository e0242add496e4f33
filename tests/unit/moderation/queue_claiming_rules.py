"""Rules: claims, leases, tokens, deciding, searching."""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from services.moderation.domain.cases import (
    CaseState,
    case_id_of,
)
from services.moderation.domain.looking import Filter, Share
from services.moderation.domain.outcomes import Begun, Claimed, DecisionChanged, LeaseLost, Proposed, Renewed
from services.moderation.domain.queue import Answer
from shared.events import Outcome
from tests.unit.moderation.queue_base import TwoQueues
from tests.unit.moderation.queue_draws import LEASE, REVIEWERS, filters, reviewers, summaries, tracks


class ClaimingRules(TwoQueues):
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
        ahead = self.both(lambda queue: queue.upcoming(reviewer, wanted, senior=senior))
        outcome = self.both(lambda queue: queue.claim_next(reviewer, wanted, senior=senior))
        assert isinstance(outcome, Claimed) is (ahead is not None)
        if isinstance(outcome, Claimed):
            assert ahead is not None
            assert ahead.case_id == outcome.case.case_id
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

    @rule(reviewer=reviewers, wanted=filters, limit=st.integers(1, 5))
    def list_all(self, reviewer: str, wanted: Filter, limit: int) -> None:
        assert self.pages(self.under_test, reviewer, wanted, limit) == self.pages(
            self.reference, reviewer, wanted, limit
        )
