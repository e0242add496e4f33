"""What searching a registry of a million voices costs, and what it finds.

``python -m services.voice_matcher.bench_index`` writes ``build/bench/voice_index.json``.

The voices are mixtures of the shipped cohort's strangers, so they are as alike as real people are to the
networks. A track is its artist's voice and noise; how much of it decides how well the exact score recognises
the artist. The shortlist may lose nobody whom the exact score would have found: that is what is counted.
"""

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from services.voice_matcher.domain import HeardVoice, ReferenceVoice, VoiceTemplate
from services.voice_matcher.embedding import unit
from services.voice_matcher.fbank import Floats
from services.voice_matcher.index import MOST_LISTED, VoiceIndex, Yardstick
from services.voice_matcher.models import load_yardstick, model_version
from services.voice_matcher.sketch import BITS, SHORTLIST
from services.voice_matcher.voice_activity import Window

OUT: Final = Path("build/bench/voice_index.json")
WINDOWS: Final = 10
NOISES: Final = (0.8, 1.2, 1.6, 2.0)
"""Length of the noise for a voice of length one."""
BATCH: Final = 20_000


class People:
    """Draws voices that differ as the strangers of the cohort do, and recordings of them."""

    def __init__(self, yardstick: Yardstick, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._backgrounds = {network: yardstick.backgrounds[network] for network in yardstick.weights}

    def voices(self, count: int) -> dict[str, Floats]:
        """Unit rows around zero by network; one mixture for all networks, which heard the same people."""
        cohort = len(next(iter(self._backgrounds.values())).strangers_enrolled)
        mixtures = self._rng.standard_normal((count, cohort), dtype=np.float32)
        return {
            network: unit(mixtures @ background.strangers_enrolled)
            for network, background in self._backgrounds.items()
        }

    def template(self, number: int, voice: dict[str, Floats]) -> VoiceTemplate:
        vectors = {
            network: unit(row + self._backgrounds[network].reference_mean) for network, row in voice.items()
        }
        reference = ReferenceVoice(f"trackgate://{number}", "0" * 64, 12.0, vectors)
        return VoiceTemplate(f"artist-{number}", "", (reference,))

    def heard(self, voice: dict[str, Floats], noise: float) -> HeardVoice:
        """Ten windows; half of the noise is the recording's, half each window's own."""
        embeddings = {}
        for network, row in voice.items():
            size = (1 + WINDOWS, row.size)
            drawn = unit(self._rng.standard_normal(size, dtype=np.float32)) * np.float32(noise / np.sqrt(2))
            background = self._backgrounds[network]
            embeddings[network] = unit(row + drawn[:1] + drawn[1:] + background.upload_mean)
        return HeardVoice(tuple(Window(300 * k, 3.0) for k in range(WINDOWS)), embeddings, odds=3.0)


class Bench:
    def __init__(self, templates: int, tracks: int, seed: int) -> None:
        self._yardstick = load_yardstick()
        self._people = People(self._yardstick, seed)
        self._templates = templates
        self._asked = set(np.random.default_rng(seed).choice(templates, tracks, replace=False).tolist())
        self._voices: dict[int, dict[str, Floats]] = {}
        self._index = VoiceIndex(self._yardstick)

    def built(self) -> dict[str, object]:
        before, cpu = _resident_mb(), 0.0
        for first in range(0, self._templates, BATCH):
            drawn = list(self._drawn(first, min(BATCH, self._templates - first)))
            began = time.process_time()
            self._index.put_many(drawn)
            cpu += time.process_time() - began
            print(f"\r{len(self._index)} voices", end="", file=sys.stderr)  # noqa: T201 - a command line
        print(file=sys.stderr)  # noqa: T201 - likewise
        return {"build_cpu_seconds": round(cpu, 1), "memory_mb": round(_resident_mb() - before)}

    def searched(self) -> dict[str, object]:
        calibration = self._yardstick.calibration
        cost: list[float] = []
        found: dict[str, list[bool]] = {"match": [], "possible": [], "below": []}
        for noise in NOISES:
            for number, voice in self._voices.items():
                heard = self._people.heard(voice, noise)
                began = time.process_time()
                self._index.search(heard, at_most=MOST_LISTED)
                cost.append(1000 * (time.process_time() - began))
                band = calibration.verdict(self._exact(number, voice, heard)).value
                listed = {one.artist_id for one in self._index.search(heard)}
                found["below" if band == "no_match" else band].append(f"artist-{number}" in listed)
        return {
            "search_cpu_ms": {
                "p50": round(float(np.quantile(cost, 0.5)), 2),
                "p95": round(float(np.quantile(cost, 0.95)), 2),
                "searches": len(cost),
            },
            "recall_of_the_true_artist": {
                f"exact score {name}": {"tracks": len(hits), "in_shortlist": sum(hits)}
                for name, hits in found.items()
            },
        }

    def changed(self) -> dict[str, object]:
        """Adding and removing one voice at a time."""
        voices = self._people.voices(200)
        drawn = [
            self._people.template(self._templates + row, {n: rows[row] for n, rows in voices.items()})
            for row in range(200)
        ]
        began = time.process_time()
        for template in drawn:
            self._index.put(template)
        added = time.process_time()
        for template in drawn:
            self._index.remove(template.artist_id)
        removed = time.process_time()
        return {
            "add_cpu_ms": round(1000 * (added - began) / len(drawn), 3),
            "remove_cpu_ms": round(1000 * (removed - added) / len(drawn), 3),
        }

    def _drawn(self, first: int, count: int) -> Iterator[VoiceTemplate]:
        voices = self._people.voices(count)
        for row in range(count):
            voice = {network: rows[row].copy() for network, rows in voices.items()}
            if first + row in self._asked:
                self._voices[first + row] = voice
            yield self._people.template(first + row, voice)

    def _exact(self, number: int, voice: dict[str, Floats], heard: HeardVoice) -> float:
        """An artist scores the same whoever else is enrolled."""
        alone = VoiceIndex(self._yardstick)
        alone.put(self._people.template(number, voice))
        return alone.search(heard)[0].score


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m services.voice_matcher.bench_index", description=__doc__)
    parser.add_argument("--templates", type=int, default=1_000_000)
    parser.add_argument("--tracks", type=int, default=100, help="artists who are looked for")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", type=Path, default=OUT)
    given = parser.parse_args(arguments)
    bench = Bench(given.templates, given.tracks, given.seed)
    report = {
        "templates": given.templates,
        "model_version": model_version(),
        "sketch": {"bits": BITS, "shortlist": SHORTLIST, "windows": WINDOWS},
        "seed": given.seed,
        "machine": {"cpu": platform.processor() or platform.machine(), "threads": 1},
        **bench.built(),
        **bench.searched(),
        **bench.changed(),
    }
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(report, indent=2))  # noqa: T201 - a command line
    return 0


if __name__ == "__main__":
    sys.exit(main())
