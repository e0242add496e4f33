"""Two queues side by side: every call goes to both, and both must answer the same."""

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar, cast

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine

from services.moderation.domain.cases import (
    Case,
    case_id_of,
)
from services.moderation.domain.looking import Cursor, Filter
from services.moderation.domain.outcomes import Claimed
from services.moderation.domain.queue import ReviewQueue
from shared.clock import SetClock
from tests.unit.moderation.memory_queue import MemoryQueue
from tests.unit.moderation.queue_draws import (
    LEASE,
    START,
    TRACKS,
    UNDO,
    reviewers,
    tracks,
)

T = TypeVar("T")


class TwoQueues(RuleBasedStateMachine):
    """``under_test`` is compared with the plain Python reference. Subclasses say what is tested."""

    under_test: ReviewQueue
    sequences: dict[str, int]

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
        self.looked = 0

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
