"""Every metric that services share, once, with what it means when it moves.

No label holds a track, an artist or a distributor: labels are services, topics, detectors and outcomes, all
few. What a service measures of its own business is in its ``services/<name>/metrics.py``.
"""

import re

from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics

disable_created_metrics()  # type: ignore[no-untyped-call]  # a gauge beside every counter; nothing reads it

SECONDS = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 30, 45, 60, 90, 120)
SCORES = (-8, -6, -4, -3, -2.5, -2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 12)
PROBABILITIES = (0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
REAL_TIME = (0.001, 0.0025, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5, 1)

MESSAGES = Counter(
    "trackgate_stream_messages_total",
    "Messages that left a handler. Retry or dead_letter rising: a dependency is failing or a contract broke.",
    ["service", "topic", "outcome"],
)
DEAD_LETTERS = Counter(
    "trackgate_stream_dead_letters_total",
    "Dead letters by why: contract (a producer broke it), retries_exhausted (a dependency stayed away), or a "
    "handler's own reason. Every one is a track that nobody decides until it is replayed.",
    ["service", "topic", "why"],
)
HANDLING = Histogram(
    "trackgate_stream_handling_seconds",
    "Taking a message in hand until its output is acknowledged. Its tail is what the distributor waits for.",
    ["service", "topic"],
    buckets=SECONDS,
)
STAGE = Histogram(
    "trackgate_stage_seconds",
    "From an event happening until a service is done with it: waiting and handling. Far above the handling "
    "seconds: the service is behind, not slow.",
    ["service", "topic"],
    buckets=SECONDS,
)
IN_HAND = Gauge(
    "trackgate_stream_in_hand",
    "Messages being handled. At the number of partitions for long: more workers are needed.",
    ["service"],
)
BRAKE = Gauge(
    "trackgate_stream_brake",
    "1 when dead letters ran away and this consumer stopped: look at the dead letters, fix, restart.",
    ["service"],
)
OUTAGES = Counter(
    "trackgate_stream_outages_total",
    "Waits because something shared did not answer (broker, store, Redis). Nothing is lost meanwhile.",
    ["service", "topic"],
)
LAG = Gauge(
    "trackgate_stream_lag",
    "Messages on a partition that this service has not committed. Growing: it is slower than the intake.",
    ["service", "topic", "partition"],
)
REBALANCES = Counter(
    "trackgate_stream_rebalances_total",
    "Times the partitions were dealt anew while this worker ran. One per start or stop of a worker is "
    "normal; a steady trickle means that a worker misses its heartbeats.",
    ["service"],
)
PUBLISHED = Counter(
    "trackgate_published_total",
    "Events that the broker acknowledged, by topic: also what the registry, the portal and the moderators "
    "change. Reviews or grants at a rate that no person types: a program or a bulk action is at work.",
    ["topic"],
)
UNPUBLISHED = Counter(
    "trackgate_publish_failures_total",
    "Events that the broker did not acknowledge in time. Nobody was told that they were kept; the caller "
    "tries again. Rising: the broker, or the network before it.",
    ["topic"],
)
LATE_RETRY = Histogram(
    "trackgate_stream_retry_lateness_seconds",
    "How long after its due time a retry was taken up. Rising: the retry consumer is starved.",
    ["service"],
    buckets=SECONDS,
)

FINDINGS = Counter(
    "trackgate_findings_total",
    "Findings by detector and verdict. likely_generated moving: the intake or the detector changed; see the "
    "scores. error rising: tracks go to people because a detector fails.",
    ["detector", "verdict"],
)
UNMEASURED = Counter(
    "trackgate_findings_unmeasured_total",
    "Findings without a measurement, by the code of their reason. undecodable or crashed: somebody may be "
    "attacking the decoder; too_short or silent: somebody may be padding a catalogue.",
    ["detector", "why"],
)
SCORE = Histogram(
    "trackgate_finding_score",
    "Scores on the detector's own scale. Its shape moving while the intake is the same: drift.",
    ["detector"],
    buckets=SCORES,
)
PROBABILITY = Histogram(
    "trackgate_finding_probability",
    "Calibrated probabilities. A pile in the middle: the detector is unsure of what is delivered now.",
    ["detector"],
    buckets=PROBABILITIES,
)
THRESHOLD = Gauge(
    "trackgate_detector_threshold",
    "Score from which the detector's verdict is positive, as its last finding had it. Moves only with a new "
    "model, or with a setting.",
    ["detector"],
)
CALIBRATION = Gauge(
    "trackgate_detector_calibration_share",
    "Share of the calibration set that scores at most `le`: what the live scores are held against. "
    "Moves only with a new model.",
    ["detector", "population", "le"],
)
REAL_TIME_FACTOR = Histogram(
    "trackgate_finding_real_time_factor",
    "CPU seconds over seconds of audio, decoding included. 0.005 is 200 times real time on a core. Rising: "
    "dearer files, a slower machine, or a regression.",
    ["detector"],
    buckets=REAL_TIME,
)
AUDIO_SECONDS = Counter(
    "trackgate_finding_audio_seconds_total",
    "Seconds of audio that findings were made about: the work that was asked for.",
    ["detector"],
)
CPU_SECONDS = Counter(
    "trackgate_finding_cpu_seconds_total",
    "CPU seconds that findings took. Over the audio seconds: what screening costs.",
    ["detector"],
)
POOL_PROCESSES = Gauge(
    "trackgate_pool_processes",
    "Processes that measure audio for this service, as set. Moves only with a setting, or with workers.",
    ["service"],
)
POOL_BUSY = Gauge(
    "trackgate_pool_busy",
    "Files given to the process pool and not answered. Above the processes for long: files wait for a core.",
    ["service"],
)
POOL_DEATHS = Counter(
    "trackgate_pool_deaths_total",
    "Times a process of the pool died with a file in hand: a crash, a kill for memory, or an attack.",
    ["service"],
)

_CODE = re.compile(r"[a-z][a-z_]{0,39}")
OTHER = "other"


class Bounded:
    """Label values from a growing set, kept few: the first ``limit`` that come, and ``other``.

    Values that were seen keep their name until the process ends, so that no series changes its meaning.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._known: set[str] = set()

    def __call__(self, value: str) -> str:
        if value in self._known:
            return value
        if len(self._known) >= self._limit:
            return OTHER
        self._known.add(value)
        return value


def code_of(reason: str | None) -> str:
    """The code that a reason begins with (``undecodable: …``), or ``other``: never a sentence."""
    head = (reason or "").partition(":")[0].strip().replace(" ", "_")
    return head if _CODE.fullmatch(head) else OTHER
