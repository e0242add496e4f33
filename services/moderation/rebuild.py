"""The queue from Kafka: each track's standing decision, reviews without policy's answer, open appeals."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TypeVar

import structlog
from redis.asyncio import Redis

from services.moderation.adapters.past import RedisPast
from services.moderation.adapters.queue_rebuilding import GivenBack, QueueRebuilding
from services.moderation.adapters.redis_queue import RedisQueue
from services.moderation.domain.appeals import Clocks
from services.moderation.domain.cases import CaseSummary, Resolution, describe, summarise
from services.moderation.domain.due import DueTable
from services.moderation.rebuilt_appeals import FoldedAppeals
from services.moderation.settings import ModerationWorkerSettings
from shared.clock import SystemClock
from shared.errors import ContractError
from shared.events import (
    AppealDecided,
    AppealFiled,
    DecisionMade,
    Event,
    Outcome,
    ReviewResolved,
    TrackUploaded,
)
from shared.stream.replay import replay
from shared.topics import APPEALS, APPEALS_DECIDED, DECISIONS, REVIEWS, UPLOADS, Topic

E = TypeVar("E", bound=Event)
log = structlog.get_logger()


@dataclass(frozen=True)
class Rebuilt:
    decisions: int
    reviews: int
    open: int
    pending: int
    appeals: int = 0
    answers: int = 0
    """Kept: given before the rebuild, and sent when their undo window ends."""
    proposals: int = 0
    """Kept: they wait for a second person."""


@dataclass
class Folded:
    """What the topics say, with any repeats.

    ``held`` is the latest quarantine of each track, ``settled`` the number and id of its latest other
    decision; the greater number stands. A track that was never held is remembered in the queue only
    where it was decided twice: that is what keeps a late repeat of an earlier decision from opening a case.
    """

    held: dict[str, CaseSummary] = field(default_factory=dict)
    settled: dict[str, tuple[int, str]] = field(default_factory=dict)
    reviews: dict[str, ReviewResolved] = field(default_factory=dict)
    last_token: int = 0
    decisions_read: int = 0
    reviews_read: int = 0

    def decided(self, decision: DecisionMade) -> None:
        self.decisions_read += 1
        track_id = decision.track_id
        if decision.outcome is not Outcome.QUARANTINE:
            self.settled[track_id] = max(
                self.settled.get(track_id, (0, "")), (decision.sequence, decision.event_id)
            )
            return
        before = self.held.get(track_id)
        if before is not None and before.sequence >= decision.sequence:
            return
        summary = summarise(decision, None)
        if before is not None and self.stands(before):
            summary = summary.model_copy(update={"opened_at": before.opened_at})
        self.held[track_id] = summary

    def described(self, upload: TrackUploaded) -> None:
        summary = self.held.get(upload.track_id)
        if summary is not None:
            self.held[upload.track_id] = describe(summary, upload)

    def stands(self, summary: CaseSummary) -> bool:
        return summary.sequence > self.settled.get(summary.track_id, (0, ""))[0]

    def reviewed(self, review: ReviewResolved) -> None:
        self.reviews_read += 1
        self.last_token = max(self.last_token, review.claim_token)
        self.reviews[review.decision_id] = review

    def review_of(self, summary: CaseSummary) -> Resolution | None:
        """The review of a case's decision; of a decision that stands, policy has yet to answer it."""
        review = self.reviews.get(summary.decision_id)
        if review is None:
            return None
        return Resolution(
            event_id=review.event_id,
            decision_id=review.decision_id,
            outcome=review.outcome,
            label_codes=review.label_codes,
            note=review.note,
            reviewer_id=review.reviewer_id,
            claim_token=review.claim_token,
            resolved_at=review.occurred_at,
            confirmed_by=review.confirmed_by,
        )


async def rebuild(settings: ModerationWorkerSettings) -> Rebuilt:
    """Drop the queue and build it again. Claims and skips end; old tokens are never given out again.

    Answers that were not sent yet and proposals are in no topic: they are kept, unless the decision that
    they were given on is gone. May run beside the worker and the API: what they apply meanwhile is newer and
    stays. Blocks the event loop while it reads; needs memory for a summary of every case there ever was.
    """
    folded, contested = Folded(), FoldedAppeals()
    for filed in _valid(APPEALS, AppealFiled, settings.kafka):
        contested.contested(filed)
    for outcome in _valid(APPEALS_DECIDED, AppealDecided, settings.kafka):
        contested.answered(outcome)
    tracks = frozenset(contested.waiting)
    for decision in _valid(DECISIONS, DecisionMade, settings.kafka):
        folded.decided(decision)
        contested.about(decision, tracks)
    for review in _valid(REVIEWS, ReviewResolved, settings.kafka):
        folded.reviewed(review)
        contested.about(review, tracks)
    for upload in _valid(UPLOADS, TrackUploaded, settings.kafka):
        folded.described(upload)
        contested.about(upload, tracks)
    async with Redis.from_url(settings.redis) as client:
        lease, skip, undo = settings.lease, settings.skip, settings.undo
        queue = RedisQueue(client, SystemClock(), lease=lease, skip=skip, undo=undo)
        anew = QueueRebuilding(client, SystemClock(), lease=lease, skip=skip, undo=undo)
        rebuilt = await _build(queue, anew, folded, settings.due)
        appeals = await _open_appeals(queue, contested, settings.appeal_clocks)
        rebuilt = await _given_back(anew, rebuilt)
        past = RedisPast(client, queue)
        for decision in _valid(DECISIONS, DecisionMade, settings.kafka):
            await past.note(decision)
    return replace(rebuilt, appeals=appeals)


async def _open_appeals(queue: RedisQueue, contested: FoldedAppeals, clocks: Clocks) -> int:
    opened = 0
    for summary in contested.cases(clocks):
        await queue.open(summary)
        opened += 1
    return opened


def _valid(topic: Topic, kind: type[E], bootstrap_servers: str) -> Iterator[E]:
    """The topic's events; what is none is in the dead letters of whoever read it first."""
    for value in replay(topic, bootstrap_servers):
        try:
            yield kind.from_bytes(value)
        except ContractError as error:
            log.warning("skipped a bad record", topic=topic.name, fault=str(error))


async def _build(queue: RedisQueue, anew: QueueRebuilding, folded: Folded, due: DueTable) -> Rebuilt:
    await anew.forget()
    await anew.raise_token(folded.last_token)
    waiting = pending = 0
    for track_id, summary in folded.held.items():
        await queue.open(due.due(summary))
        resolution = folded.review_of(summary)
        if resolution is not None:
            await anew.restore(resolution, track_id)
        if folded.stands(summary):
            waiting += resolution is None
            pending += resolution is not None
    for track_id, (sequence, decision_id) in folded.settled.items():
        if sequence > 1:
            await queue.close(track_id, decision_id, sequence)
    return Rebuilt(folded.decisions_read, folded.reviews_read, waiting, pending)


async def _given_back(anew: QueueRebuilding, rebuilt: Rebuilt) -> Rebuilt:
    """After all cases are open again: who claimed one in between loses it to the answer that was there."""
    back = Counter[GivenBack]()
    for case_id in await anew.set_aside():
        given = await anew.give_back(case_id)
        if given is GivenBack.OUTDATED:
            log.warning("an answer or a proposal was dropped: its decision is gone", case_id=case_id)
        back[given] += 1
    return replace(rebuilt, answers=back[GivenBack.ANSWER], proposals=back[GivenBack.PROPOSAL])
