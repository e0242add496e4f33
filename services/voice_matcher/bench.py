"""CPU seconds to listen to a three-minute track, decoding included: ``build/bench/voices.json``.

    python -m services.voice_matcher.bench

Tracks are put together from the shipped samples. Seconds are processor time of the process and of the decoder
that it waits for, not time on the wall, which other work on the machine would lengthen.
"""

import argparse
import json
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np
import soundfile

from services.voice_matcher.adapters.listening_process import listen_to, start
from services.voice_matcher.domain import HeardVoice
from services.voice_matcher.listening import UPLOAD
from services.voice_matcher.models import model_version
from shared.objects.digest import sha256_of
from shared.processes import cpu_seconds

SECONDS = 180
GOAL = 1.0
SAMPLES = Path(__file__).parents[2] / "deploy" / "samples" / "tracks"
FORMATS = {
    "WAV 44.1 kHz stereo": ("track.wav", "WAV"),
    "FLAC 44.1 kHz stereo": ("track.flac", "FLAC"),
    "MP3 44.1 kHz stereo": ("track.mp3", "MP3"),
}


def three_minutes(source: Path) -> tuple[np.ndarray, int]:
    """The sample again and again, in stereo, each time a little quieter: no two stretches are equal."""
    samples, rate = soundfile.read(source, dtype="float32", always_2d=True)
    stereo = np.repeat(samples, 2, axis=1)[:, :2]
    wanted = SECONDS * rate
    turns = -(-wanted // len(stereo))
    return np.concatenate([stereo * np.float32(0.98**turn) for turn in range(turns)])[:wanted], rate


def _median(runs: int, work: Callable[[], object]) -> float:
    """Processor seconds of one run, the median of several."""
    spent = []
    for _ in range(runs):
        began = cpu_seconds()
        work()
        spent.append(cpu_seconds() - began)
    return round(statistics.median(spent), 3)


def measure(folder: Path, runs: int) -> dict[str, object]:
    samples, rate = three_minutes(SAMPLES / "switchboard-songs.flac")
    told: dict[str, object] = {}
    for name, (file, kind) in FORMATS.items():
        path = folder / file
        soundfile.write(path, samples, rate, format=kind)
        digest = sha256_of(path)
        listening = listen_to(path, UPLOAD, digest)
        if not isinstance(listening.heard, HeardVoice):
            raise TypeError(f"no voice was heard in {name}")
        told[name] = {
            "cpu_seconds": _median(runs, partial(listen_to, path, UPLOAD, digest)),
            "windows": len(listening.heard.windows),
        }
    return told


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m services.voice_matcher.bench", description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--out", type=Path, default=Path("build/bench/voices.json"))
    given = parser.parse_args()
    start()
    with tempfile.TemporaryDirectory() as folder:
        tracks = measure(Path(folder), given.runs)
    told = {
        "measured": f"{SECONDS} s of audio, median of {given.runs} runs, processor seconds",
        "goal_cpu_seconds": GOAL,
        "model_version": model_version(),
        "machine": {"platform": platform.platform(), "python": platform.python_version()},
        "versions": {name: version(name) for name in ("numpy", "onnxruntime", "scipy", "soxr")},
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "tracks": tracks,
    }
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(told, indent=2) + "\n")
    print(json.dumps(tracks, indent=2))  # noqa: T201 - a command line
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
