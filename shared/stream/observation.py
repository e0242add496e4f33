"""What the metrics learn from a message that was handled: how long it took, and what was found.

Findings are counted here, where every detector's output passes, so that a new detector is measured like the
others without a line of its own.
"""

from datetime import datetime

from shared import metrics
from shared.events import Event, FindingRecorded, TrackUploaded, Verdict
from shared.stream.outcome import Output
from shared.topics import Topic

OUTCOMES = ("done", "retry", "dead_letter")
_REASONS = metrics.Bounded(40)


def announce(service: str, topic: Topic) -> None:
    """Start the series of a subscription at nothing: an increase from an absent series is not seen."""
    for outcome in OUTCOMES:
        metrics.MESSAGES.labels(service, topic.name, outcome)
    metrics.DEAD_LETTERS.labels(service, topic.name, "contract")
    metrics.OUTAGES.labels(service, topic.name)
    metrics.STAGE.labels(service, topic.name)
    metrics.HANDLING.labels(service, topic.name)
    metrics.BRAKE.labels(service).set(0)
    metrics.REBALANCES.labels(service)
    metrics.LATE_RETRY.labels(service)


def announce_detector(detector: str) -> None:
    """The same for a detector's findings; for its composition root."""
    for verdict in Verdict:
        metrics.FINDINGS.labels(detector, verdict.value)
    metrics.SCORE.labels(detector)
    metrics.PROBABILITY.labels(detector)
    metrics.CPU_SECONDS.labels(detector)
    metrics.AUDIO_SECONDS.labels(detector)
    metrics.REAL_TIME_FACTOR.labels(detector)
    metrics.UNMEASURED.labels(detector, "undecodable")


def done(service: str, topic: Topic, cause: Event, outputs: tuple[Output, ...], *, now: datetime) -> None:
    """The outputs of ``cause`` are acknowledged. A repeat after a crash is counted again."""
    waited = (now - cause.occurred_at).total_seconds()
    metrics.STAGE.labels(service, topic.name).observe(max(0.0, waited))
    for output in outputs:
        if isinstance(output.event, FindingRecorded):
            seconds = cause.audio.seconds if isinstance(cause, TrackUploaded) else None
            found(output.event, seconds)


def found(finding: FindingRecorded, audio_seconds: float | None) -> None:
    """``audio_seconds`` is the length of the recording, where it is known."""
    detector = finding.detector
    metrics.FINDINGS.labels(detector, finding.verdict.value).inc()
    if finding.verdict in {Verdict.ERROR, Verdict.NOT_MEASURED}:
        why = finding.measurements.get("not_measured_because") or metrics.code_of(finding.reason)
        metrics.UNMEASURED.labels(detector, _REASONS(str(why))).inc()
    if finding.score is not None:
        metrics.SCORE.labels(detector).observe(finding.score)
    if finding.probability is not None:
        metrics.PROBABILITY.labels(detector).observe(finding.probability)
    if finding.threshold is not None:
        metrics.THRESHOLD.labels(detector).set(finding.threshold)
    metrics.CPU_SECONDS.labels(detector).inc(finding.cpu_seconds)
    if audio_seconds:
        metrics.AUDIO_SECONDS.labels(detector).inc(audio_seconds)
        metrics.REAL_TIME_FACTOR.labels(detector).observe(finding.cpu_seconds / audio_seconds)
