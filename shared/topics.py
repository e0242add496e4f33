"""Every topic, once: what lies on it, how it is kept, and the retry and dead-letter topics beside it.

Retry and dead-letter topics belong to one service reading one topic (``tracks.uploaded.ai_detector.dlq``),
so that a retry is seen only by the service that asked for it.
"""

from dataclasses import dataclass, field

from shared.events import (
    AppealDecided,
    AppealFiled,
    ArtistKeyGiven,
    ConsentGrant,
    DecisionMade,
    DistributorRegistered,
    EnrolmentProposed,
    Event,
    FindingRecorded,
    LabelStated,
    PolicyVersionChanged,
    ProtectedArtist,
    ReferencesChecked,
    RelistenRequested,
    ReviewResolved,
    TrackUploaded,
    VoiceprintSealed,
    WebhookDelivery,
    WebhookRegistered,
)

DAY_MS = 24 * 3600 * 1000
RETRY_TIERS = ("1m", "10m")


@dataclass(frozen=True)
class Topic:
    """``consumers`` are the services that read it with retries and dead letters of their own.

    ``every_word_ms``: for so long a compacted topic keeps each word, so that a service that was away sees
    what came between as well.
    """

    name: str
    event: type[Event]
    about: str
    consumers: tuple[str, ...] = ()
    compacted: bool = False
    every_word_ms: int = 0
    retention_ms: int = -1
    partitions: int | None = field(default=None)

    def retry(self, service: str, tier: str) -> str:
        return f"{self.name}.{service}.retry.{tier}"

    def dead_letters(self, service: str) -> str:
        return f"{self.name}.{service}.dlq"


UPLOADS = Topic(
    "tracks.uploaded",
    TrackUploaded,
    "Deliveries that were accepted: audio stored, declaration checked.",
    consumers=("ai_detector", "voice_matcher", "fingerprints", "policy"),
)
RELISTENS = Topic(
    "tracks.relistens",
    RelistenRequested,
    "Screened tracks to listen to again, for a voice that was protected since.",
    consumers=("voice_matcher",),
    retention_ms=30 * DAY_MS,
)
FINDINGS = Topic(
    "tracks.findings", FindingRecorded, "What each detector measured on a track.", consumers=("policy",)
)
DECISIONS = Topic(
    "tracks.decisions",
    DecisionMade,
    "What became of each track; the highest sequence stands.",
    consumers=("fingerprints", "moderation", "notifier", "policy"),
)
REVIEWS = Topic("tracks.reviews", ReviewResolved, "What moderators resolved.", consumers=("policy",))
APPEALS = Topic(
    "tracks.appeals", AppealFiled, "Decisions that distributors contest.", consumers=("moderation",)
)
APPEALS_DECIDED = Topic(
    "tracks.appeals.decided", AppealDecided, "What came of each appeal.", consumers=("moderation",)
)
ARTISTS = Topic(
    "registry.artists",
    ProtectedArtist,
    "Protected artists; the last word on each.",
    consumers=("policy", "voice_matcher"),
    compacted=True,
    every_word_ms=7 * DAY_MS,
    partitions=1,
)
GRANTS = Topic(
    "registry.grants",
    ConsentGrant,
    "Consent grants by grant id; the last word on each.",
    consumers=("policy",),
    compacted=True,
    partitions=1,
)
PROPOSALS = Topic(
    "registry.proposals",
    EnrolmentProposed,
    "Artists whom somebody proposes to protect, by artist; the last word on each.",
    consumers=("ai_detector", "voice_matcher"),
    compacted=True,
    partitions=1,
)
CHECKS = Topic(
    "registry.checks",
    ReferencesChecked,
    "What each detector thinks of a proposal's recordings, by artist and detector.",
    compacted=True,
    partitions=1,
)
VOICEPRINTS = Topic(
    "registry.voiceprints",
    VoiceprintSealed,
    "Voice templates, each sealed with its artist's key; a tombstone where one was deleted.",
    compacted=True,
    partitions=1,
)
ARTIST_KEYS = Topic(
    "registry.artist_keys",
    ArtistKeyGiven,
    "Keys that artists gave to those who deliver for them, by key id.",
    consumers=("policy",),
    compacted=True,
    partitions=1,
)
DISTRIBUTORS = Topic(
    "registry.distributors",
    DistributorRegistered,
    "Who may deliver; the last word on each.",
    compacted=True,
    partitions=1,
)

POLICIES = Topic(
    "policy.versions",
    PolicyVersionChanged,
    "Every policy version with its content and its life; the last word on each.",
    compacted=True,
    partitions=1,
)
LABELS = Topic("tracks.labels", LabelStated, "What people say about a track's labels.", consumers=("policy",))
WEBHOOKS = Topic(
    "registry.webhooks",
    WebhookRegistered,
    "Where distributors want to be told of decisions; the last word on each.",
    compacted=True,
    partitions=1,
)
DELIVERIES = Topic(
    "tracks.deliveries",
    WebhookDelivery,
    "Every step of every webhook delivery, by distributor: the log and the schedule.",
    consumers=("notifier",),
)

TOPICS: tuple[Topic, ...] = (
    UPLOADS,
    RELISTENS,
    FINDINGS,
    DECISIONS,
    REVIEWS,
    LABELS,
    APPEALS,
    APPEALS_DECIDED,
    ARTISTS,
    GRANTS,
    PROPOSALS,
    CHECKS,
    VOICEPRINTS,
    ARTIST_KEYS,
    DISTRIBUTORS,
    POLICIES,
    WEBHOOKS,
    DELIVERIES,
)


@dataclass(frozen=True)
class TopicSpec:
    """A topic as the broker is asked for it."""

    name: str
    partitions: int
    config: dict[str, str]


def broker_topics(partitions: int) -> list[TopicSpec]:
    """All topics that must exist, retry and dead-letter topics included.

    Tracks are kept for ever by default (they are the record that Redis is rebuilt from); retry topics for a
    week; dead letters for 90 days.
    """
    specs: list[TopicSpec] = []
    for topic in TOPICS:
        specs.append(TopicSpec(topic.name, topic.partitions or partitions, _config(topic)))
        for service in topic.consumers:
            specs += [
                TopicSpec(topic.retry(service, tier), 1, {"retention.ms": str(7 * DAY_MS)})
                for tier in RETRY_TIERS
            ]
            specs.append(TopicSpec(topic.dead_letters(service), 1, {"retention.ms": str(90 * DAY_MS)}))
    return specs


def _config(topic: Topic) -> dict[str, str]:
    if not topic.compacted:
        return {"retention.ms": str(topic.retention_ms)}
    kept = {"min.compaction.lag.ms": str(topic.every_word_ms)} if topic.every_word_ms else {}
    return {"cleanup.policy": "compact"} | kept


def topic_by_name(name: str) -> Topic | None:
    return next((topic for topic in TOPICS if topic.name == name), None)
