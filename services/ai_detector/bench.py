"""What measuring costs: CPU seconds for three minutes of 44.1 kHz stereo, decoding included. Writes JSON.

The track is made here (noise shaped like music, with notes over it), so that the figure needs no data; the
cost does not depend on what is heard. CPU seconds count this process and its decoding children.

`containers` are files measured by hand, decoded and checked to their end; `in_the_service` are the same files
as they come from ingest, which has checked them: hashed, and decoded where they are looked at.
"""

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np
import scipy.signal
import soundfile

from services.ai_detector.adapters.measuring_process import measure_file
from services.ai_detector.meter import Failure
from services.ai_detector.readout import Readout
from services.ai_detector.spectrum import Floats
from shared.errors import SystemicError
from shared.objects.digest import sha256_of
from shared.processes import cpu_seconds

SECONDS = 180.0
RATE = 44_100
GOAL_CPU_SECONDS = 0.5
PUBLISHED_PER_SECOND, PUBLISHED_CORES = 378, 4
"""Audio seconds per second and cores of the training-free comb autocorrelation (Prokopiou 2026)."""
_CONTAINERS = {"wav": "PCM_16", "flac": "PCM_16", "mp3": "MPEG_LAYER_III", "ogg": "VORBIS"}


def parser() -> argparse.ArgumentParser:
    """The command line of `python -m services.ai_detector.bench`."""
    top = argparse.ArgumentParser(prog="python -m services.ai_detector.bench", description=__doc__)
    top.add_argument("--out", type=Path, default=Path("build/bench/ai.json"))
    top.add_argument(
        "--runs", type=int, default=5, help="measurements of each container, after one to warm up"
    )
    return top


def main() -> int:
    """Measure, print and write; the exit status is 1 where the median for FLAC is over the goal."""
    asked = parser().parse_args()
    with tempfile.TemporaryDirectory() as folder:
        tracks = {name: _written(Path(folder), name) for name in _CONTAINERS}
        found = {name: timed(path, asked.runs) for name, path in tracks.items()}
        served = {name: timed(path, asked.runs, sha256_of(path)) for name, path in tracks.items()}
    median = found["flac"]["median_cpu_seconds"]
    result = {
        "track": {"seconds": SECONDS, "rate": RATE, "channels": 2},
        "containers": found,
        "in_the_service": served,
        "goal_cpu_seconds": GOAL_CPU_SECONDS,
        "within_goal": median <= GOAL_CPU_SECONDS,
        "published_reference": {
            "audio_seconds_per_second": PUBLISHED_PER_SECOND,
            "cores": PUBLISHED_CORES,
            "audio_seconds_per_cpu_second": PUBLISHED_PER_SECOND / PUBLISHED_CORES,
        },
        "model_version": Readout.load().version,
        "machine": {"cpu": platform.processor() or platform.machine(), "cores": os.cpu_count()},
        "load_average": os.getloadavg(),
        "versions": {name: version(name) for name in ("numpy", "scipy", "soxr", "soundfile")},
    }
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(json.dumps(result, indent=1) + "\n")
    sys.stdout.write(json.dumps(result, indent=1) + "\n")
    return 0 if result["within_goal"] else 1


def timed(path: Path, runs: int, sha256: str | None = None) -> dict[str, float]:
    """Median and least CPU and wall seconds of measuring a file, with the hash that was announced of it."""
    _once(path, sha256)
    each = [_once(path, sha256) for _ in range(runs)]
    cpu = float(np.median([spent for spent, _ in each]))
    return {
        "median_cpu_seconds": round(cpu, 4),
        "least_cpu_seconds": round(min(spent for spent, _ in each), 4),
        "median_wall_seconds": round(float(np.median([wall for _, wall in each])), 4),
        "audio_seconds_per_cpu_second": round(SECONDS / cpu, 1),
    }


def _once(path: Path, sha256: str | None) -> tuple[float, float]:
    clock: Callable[[], float] = time.perf_counter
    cpu, wall = cpu_seconds(), clock()
    metered = measure_file(path, sha256)
    if isinstance(metered.result, Failure):
        raise SystemicError(f"the benchmark's own track could not be measured: {metered.result.detail}")
    return cpu_seconds() - cpu, clock() - wall


def _written(folder: Path, container: str) -> Path:
    path = folder / f"track.{container}"
    with soundfile.SoundFile(
        path, "w", RATE, 2, subtype=_CONTAINERS[container], format=container.upper()
    ) as file:
        for second in range(int(SECONDS)):  # one large write overflows libvorbis's stack
            file.write(_second(second))
    return path


def _second(number: int) -> Floats:
    rng = np.random.default_rng(number)
    noise = scipy.signal.lfilter([1.0], [1.0, -0.9], rng.standard_normal((RATE, 2)), axis=0)
    moments = np.arange(RATE) / RATE
    pitch = 110.0 * 2 ** (int(rng.integers(0, 36)) / 12)
    note = scipy.signal.sawtooth(2 * np.pi * pitch * moments) * np.exp(-3 * moments)
    return np.asarray(0.03 * noise + 0.2 * note[:, None], dtype=np.float32)


if __name__ == "__main__":
    raise SystemExit(main())
