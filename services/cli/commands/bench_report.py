"""From what was sent and what Kafka holds to the numbers of a load test. Pure."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

BREACH_SECONDS = 120.0
THREE_MINUTES = 180.0
QUANTILES = {"p50": 0.50, "p95": 0.95, "p99": 0.99}


@dataclass(frozen=True)
class Sent:
    """One delivery as its sender saw it. ``track_id`` is None when it was refused or failed.

    ``phase`` is how it was sent; ``again`` marks the second delivery of what was delivered before; seconds
    are of audio and of the request.
    """

    phase: str
    track_id: str | None
    audio_seconds: float
    request_seconds: float
    again: bool = False
    fault: str = ""


@dataclass(frozen=True)
class OnRecord:
    """What Kafka holds about one track: times of its events, decisions by sequence with their ids."""

    received_at: datetime | None
    findings: Mapping[str, datetime]
    decisions: tuple[tuple[int, str, datetime], ...]

    @property
    def first_decided_at(self) -> datetime | None:
        return min(self.decisions)[2] if self.decisions else None

    @property
    def decided_twice(self) -> bool:
        """Two different decisions that claim the same place. A later one that supersedes is none."""
        ids = {(sequence, event_id) for sequence, event_id, _ in self.decisions}
        return len({sequence for sequence, _ in ids}) < len(ids)


@dataclass(frozen=True)
class Usage:
    """What the services used between the first delivery and the last decision, by service."""

    cpu_seconds: Mapping[str, float]
    peak_mb: Mapping[str, float]
    cores: int
    wall_seconds: float


@dataclass(frozen=True)
class Report:
    values: Mapping[str, Any]
    failures: tuple[str, ...]


def report(
    sent: Sequence[Sent], record: Mapping[str, OnRecord], usage: Usage, *, closed_seconds: float
) -> Report:
    """``closed_seconds`` is how long the closed loop ran: its tracks per minute are the throughput."""
    accepted = {one.track_id: one for one in sent if one.track_id is not None and not one.again}
    seen = {track_id: record[track_id] for track_id in accepted if track_id in record}
    decided = {track_id: one for track_id, one in seen.items() if one.received_at and one.first_decided_at}
    latencies = _sorted(_seconds(one.received_at, one.first_decided_at) for one in decided.values())
    audio = sum(accepted[track_id].audio_seconds for track_id in decided)
    closed = sum(accepted[t].audio_seconds for t in decided if accepted[t].phase == "closed")
    cpu = sum(usage.cpu_seconds.values())
    again = [one for one in sent if one.again]
    values: dict[str, Any] = {
        "accepted": len(accepted),
        "decided": len(decided),
        "lost": len(accepted) - len(decided),
        "decided_twice": sum(one.decided_twice for one in seen.values()),
        "superseded": sum(len({s for s, _, _ in one.decisions}) > 1 for one in seen.values()),
        "refused": sum(one.track_id is None for one in sent),
        "duplicates": {
            "sent": len(again),
            "taken_as_new": sum(one.track_id is not None and one.track_id not in accepted for one in again),
        },
        "audio_seconds": round(audio, 1),
        "cpu_seconds_per_3min_track": _per(cpu * THREE_MINUTES, audio),
        "cpu_seconds_per_3min_track_by_service": {
            name: _per(seconds * THREE_MINUTES, audio) for name, seconds in usage.cpu_seconds.items()
        },
        "peak_mb_by_process": {name: round(mb, 1) for name, mb in usage.peak_mb.items()},
        "cores": usage.cores,
        "wall_seconds": round(usage.wall_seconds, 1),
        "tracks_per_minute_per_core": _per(60.0 * closed / THREE_MINUTES, closed_seconds * usage.cores),
        "upload_to_decision_s": _quantiles(latencies),
        "stages_s": _stages(decided.values(), sent),
        "upload_to_decision_all_s": [round(latency, 3) for latency in latencies],
    }
    return Report(values, tuple(_failures(values, latencies, sent)))


def _failures(values: Mapping[str, Any], latencies: Sequence[float], sent: Sequence[Sent]) -> Iterable[str]:
    if not latencies:
        yield "no track was decided"
    if values["lost"]:
        yield f"{values['lost']} tracks were accepted and not decided"
    if values["decided_twice"]:
        yield f"{values['decided_twice']} tracks were decided twice"
    if values["duplicates"]["taken_as_new"]:
        yield f"{values['duplicates']['taken_as_new']} duplicates were taken as new tracks"
    if values["refused"]:
        why = next(one.fault for one in sent if one.track_id is None)
        yield f"{values['refused']} deliveries were not accepted, the first because: {why}"
    late = sum(latency > BREACH_SECONDS for latency in latencies)
    if late:
        yield f"{late} tracks were decided later than {BREACH_SECONDS:.0f} s after their upload"


def _stages(decided: Iterable[OnRecord], sent: Sequence[Sent]) -> dict[str, dict[str, float]]:
    """Where the time went: in the request, until each finding, and from the last finding on."""
    rows = list(decided)
    stages: dict[str, Sequence[float]] = {"request": _sorted(o.request_seconds for o in sent if o.track_id)}
    for detector in sorted({name for one in rows for name in one.findings}):
        stages[f"upload to {detector}"] = _sorted(
            _seconds(one.received_at, one.findings[detector]) for one in rows if detector in one.findings
        )
    stages["last finding to decision"] = _sorted(
        _seconds(max(one.findings.values()), one.first_decided_at) for one in rows if one.findings
    )
    return {name: _quantiles(seconds) for name, seconds in stages.items()}


def _seconds(begin: datetime | None, end: datetime | None) -> float:
    return max(0.0, (end - begin).total_seconds()) if begin and end else 0.0


def _sorted(values: Iterable[float]) -> list[float]:
    return sorted(values)


def _quantiles(ordered: Sequence[float]) -> dict[str, float]:
    """Nearest rank: a value that was measured, never one in between."""
    if not ordered:
        return {}
    ranks = {name: max(1, math.ceil(share * len(ordered))) for name, share in QUANTILES.items()}
    return {name: round(ordered[rank - 1], 3) for name, rank in ranks.items()}


def _per(amount: float, of: float) -> float | None:
    return round(amount / of, 3) if of else None
