"""The queue from Kafka: the standing decision of each track, and the reviews that policy has not answered."""

from dataclasses import dataclass, field

from redis.asyncio import Redis

from services.moderation.adapters.redis_queue import RedisQueue
from services.moderation.adapters.replay import replay
from services.moderation.domain.cases import Resolution, summarise
from services.moderation.settings import ModerationWorkerSettings
from shared.clock import SystemClock
from shared.events import DecisionMade, Outcome, ReviewResolved, TrackUploaded
from shared.topics import DECISIONS, REVIEWS, UPLOADS


@dataclass(frozen=True)
class Rebuilt:
    decisions: int
    reviews: int
    open: int
    pending: int


@dataclass
class Folded:
    """What the topics say, in any order and with any repeats.

    Of a track that is not in quarantine only the number of its standing decision is kept, and only where an
    earlier one exists: that is what keeps a late repeat of the earlier one from opening a case.
    """

    held: dict[str, DecisionMade] = field(default_factory=dict)
    settled: dict[str, tuple[int, str]] = field(default_factory=dict)
    held_since: dict[str, DecisionMade] = field(default_factory=dict)
    reviews: dict[str, ReviewResolved] = field(default_factory=dict)
    last_token: int = 0
    decisions_read: int = 0
    reviews_read: int = 0

    def decided(self, decision: DecisionMade) -> None:
        self.decisions_read += 1
        track_id = decision.track_id
        standing = self.held.get(track_id)
        known = standing.sequence if standing else self.settled.get(track_id, (0, ""))[0]
        if decision.sequence <= known:
            return
        if decision.outcome is Outcome.QUARANTINE:
            if standing is None:
                self.held_since[track_id] = decision
            self.held[track_id] = decision
            self.settled.pop(track_id, None)
        else:
            self.held.pop(track_id, None)
            self.held_since.pop(track_id, None)
            self.settled[track_id] = decision.sequence, decision.event_id

    def reviewed(self, review: ReviewResolved) -> None:
        self.reviews_read += 1
        self.last_token = max(self.last_token, review.claim_token)
        self.reviews[review.decision_id] = review

    def unanswered(self, decision: DecisionMade) -> Resolution | None:
        """The review of a decision that still stands: policy has yet to answer it."""
        review = self.reviews.get(decision.event_id)
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
        )


async def rebuild(settings: ModerationWorkerSettings) -> Rebuilt:
    """Drop the queue and build it again. Claims end; their tokens are never given out again.

    May run beside the worker and the API: what they apply meanwhile is newer and stays. Blocks the event
    loop while it reads.
    """
    folded = Folded()
    for value in replay(DECISIONS, settings.kafka):
        folded.decided(DecisionMade.from_bytes(value))
    for value in replay(REVIEWS, settings.kafka):
        folded.reviewed(ReviewResolved.from_bytes(value))
    uploads: dict[str, TrackUploaded] = {}
    for value in replay(UPLOADS, settings.kafka):
        upload = TrackUploaded.from_bytes(value)
        if upload.track_id in folded.held:
            uploads[upload.track_id] = upload
    async with Redis.from_url(settings.redis) as client:
        queue = RedisQueue(client, SystemClock(), lease=settings.lease, skip=settings.skip)
        return await _build(queue, folded, uploads)


async def _build(queue: RedisQueue, folded: Folded, uploads: dict[str, TrackUploaded]) -> Rebuilt:
    await queue.forget()
    await queue.raise_token(folded.last_token)
    pending = 0
    for track_id, decision in folded.held.items():
        summary = summarise(decision, uploads.get(track_id))
        opened_at = folded.held_since[track_id].occurred_at
        await queue.open(summary.model_copy(update={"opened_at": opened_at}))
        if (resolution := folded.unanswered(decision)) is not None:
            await queue.restore(resolution, track_id)
            pending += 1
    for track_id, (sequence, decision_id) in folded.settled.items():
        if sequence > 1:
            await queue.close(track_id, decision_id, sequence)
    return Rebuilt(folded.decisions_read, folded.reviews_read, len(folded.held) - pending, pending)
