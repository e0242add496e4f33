"""The measurement as a file for machines and a table for people."""

import json
import os
import platform
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median

from services.moderation.bench.filling import Filled
from services.moderation.bench.moderators import Notes

STEPS = ("list", "claim", "case", "decide")
GOAL_MS = 100.0
_VERSIONS = ("fastapi", "uvicorn", "uvloop", "redis", "pydantic", "jinja2")


@dataclass
class Measured:
    """``paced``: moderators with a case every so often; ``pressed``: each asks as fast as it is answered."""

    cases: int
    moderators: int
    every_seconds: float
    seed: int
    paced: Notes
    pressed: Notes
    pressed_seconds: float
    storm: Notes
    wrongly_given: int
    paced_seconds: float
    api_cpu_seconds: float
    redis_cpu_seconds: float
    filled: Filled
    memory: int = 0
    redis: str = ""

    @property
    def double_claims(self) -> int:
        return self.wrongly_given + sum(
            notes.double_claims for notes in (self.paced, self.pressed, self.storm)
        )


def percentile(waits: list[float], share: float) -> float:
    """Nearest rank: the smallest wait that at least ``share`` of all do not exceed."""
    ordered = sorted(waits)
    return ordered[max(0, -(-int(share * 1000) * len(ordered) // 1000) - 1)]


def write(found: Measured, out: Path) -> int:
    """The exit status: 0 when the goal is met."""
    asked = sum(len(waits) for waits in found.paced.waits.values())
    p95 = {step: round(percentile(found.paced.waits[step], 0.95), 1) for step in STEPS}
    record = {
        "cases": found.cases,
        "moderators": found.moderators,
        "seconds_between_cases": found.every_seconds,
        "p95_ms": p95,
        "p50_ms": {step: round(median(found.paced.waits[step]), 1) for step in STEPS},
        "p99_ms": {step: round(percentile(found.paced.waits[step], 0.99), 1) for step in STEPS},
        "requests": {step: len(found.paced.waits[step]) for step in STEPS},
        "double_claims": found.double_claims,
        "claims": sum(
            len(given)
            for notes in (found.paced, found.pressed, found.storm)
            for given in notes.claims.values()
        ),
        "taken_by_someone_else": sum(
            notes.refusals["taken by someone else"] for notes in (found.paced, found.pressed, found.storm)
        ),
        "server_errors": {
            name: count
            for notes in (found.paced, found.pressed, found.storm)
            for name, count in notes.refusals.items()
            if name != "taken by someone else"
        },
        "without_pause": {
            "p95_ms": {step: round(percentile(found.pressed.waits[step], 0.95), 1) for step in STEPS},
            "requests_per_second": round(
                sum(len(waits) for waits in found.pressed.waits.values()) / found.pressed_seconds, 1
            ),
        },
        "api_cores_used": round(found.api_cpu_seconds / found.paced_seconds, 3),
        "redis_cores_used": round(found.redis_cpu_seconds / found.paced_seconds, 3),
        "cpu_ms_per_request": {
            "api": round(1000 * found.api_cpu_seconds / asked, 2),
            "redis": round(1000 * found.redis_cpu_seconds / asked, 2),
        },
        "fill_seconds": round(found.filled.seconds, 1),
        "redis_bytes": found.memory,
        "redis_bytes_per_case": round(found.memory / found.cases),
        "goal_ms": GOAL_MS,
        "machine": {
            "cpus": len(os.sched_getaffinity(0)),
            "load_before_and_during": os.getloadavg(),
            "system": platform.platform(),
        },
        "versions": {
            "python": platform.python_version(),
            "redis_server": found.redis,
            **{name: version(name) for name in _VERSIONS},
        },
        "seed": found.seed,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    for step in STEPS:
        sys.stdout.write(f"{step:>7}  p95 {p95[step]:>7.1f} ms  of {len(found.paced.waits[step])}\n")
    sys.stdout.write(f"double claims: {found.double_claims}\n")
    return 0 if max(p95.values()) < GOAL_MS and found.double_claims == 0 else 1
