"""How well a recording is recognised after what happens to recordings, and what it costs.

``python -m services.fingerprints.bench [FILE …]`` writes ``build/bench/fingerprints.json``. Without files it
takes the sample tracks. Every recording is looked for, changed, among all of them as they were: by words
alone, as for what was delivered, and by words and their neighbours, as for what was removed.
"""

import argparse
import io
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from services.fingerprints.alignment import Alignment, align
from services.fingerprints.terms import Found, Words, leads, words_of
from shared.fingerprint import Subfingerprints, decompress
from shared.fingerprint.fingerprinter import Fingerprinter

OUT: Final = Path("build/bench/fingerprints.json")
MOST_SECONDS: Final = 90
KEPT_ONE_IN: Final = 4
"""As the shelf keeps the words of what was delivered."""
THREE_MINUTES: Final = 180.0
_BLOCK: Final = 65_536

Samples = NDArray[np.float32]
Change = Callable[[Samples, int], Samples]


def _faster(by: float) -> Change:
    return lambda samples, rate: np.asarray(soxr.resample(samples, rate * (1 + by), rate), np.float32)


def _mp3(samples: Samples, rate: int) -> Samples:
    coded = io.BytesIO()
    soundfile.write(coded, samples, rate, format="MP3", subtype="MPEG_LAYER_III")
    coded.seek(0)
    return np.asarray(soundfile.read(coded, dtype="float32", always_2d=True)[0], np.float32)


def _noisy(samples: Samples, rate: int) -> Samples:
    noise = np.random.default_rng(rate).standard_normal(samples.shape, dtype=np.float32)
    return np.asarray(samples + noise * np.sqrt((samples**2).mean()) / 10, np.float32)


CHANGES: Final[dict[str, Change]] = {
    "as it was": lambda samples, _: samples,
    "half as loud": lambda samples, _: samples * np.float32(0.5),
    "mono": lambda samples, _: samples.mean(axis=1, keepdims=True, dtype=np.float32),
    "MP3": _mp3,
    "noise at 20 dB": _noisy,
    "cut by 1.37 s": lambda samples, rate: samples[int(1.37 * rate) :],
    "12 s out of it": lambda samples, rate: samples[2 * rate : 14 * rate],
    "0.3 % faster": _faster(0.003),
    "1 % faster": _faster(0.01),
    "2 % slower": _faster(-0.02),
}


def fingerprint(samples: Samples, rate: int) -> Subfingerprints:
    fingerprinter = Fingerprinter(rate, samples.shape[1])
    for start in range(0, len(samples), _BLOCK):
        fingerprinter.add(samples[start : start + _BLOCK], 1.0)
    return decompress(fingerprinter.finish().compressed)


def found_in(asked: Words, shelf: Sequence[Words]) -> Found:
    here, number, there = [], [], []
    for index, words in enumerate(shelf):
        order = np.argsort(words.values)
        place = np.searchsorted(words.values, asked.values, sorter=order)
        place = order[np.minimum(place, len(order) - 1)]
        hits = np.flatnonzero(words.values[place] == asked.values)
        here.append(asked.positions[hits].astype(np.int64))
        there.append(words.positions[place[hits]].astype(np.int64))
        number.append(np.full(len(hits), index, np.int64))
    return Found(np.concatenate(here), np.concatenate(number), np.concatenate(there))


def copies(asked: Subfingerprints, words: Words, shelf: Sequence[Subfingerprints]) -> dict[int, Alignment]:
    found = leads(found_in(words, [words_of(sound) for sound in shelf]))
    aligned = {lead.number: align(asked, shelf[lead.number], lead.anchor, lead.offset) for lead in found}
    return {number: alignment for number, alignment in aligned.items() if alignment is not None}


def measured(recordings: Sequence[tuple[Samples, int]]) -> dict[str, object]:
    shelf = [fingerprint(samples, rate) for samples, rate in recordings]
    report: dict[str, object] = {}
    for name, change in CHANGES.items():
        delivered, removed, mistaken, rates = 0, 0, 0, []
        for number, (samples, rate) in enumerate(recordings):
            asked = fingerprint(change(samples, rate), rate)
            words = words_of(asked)
            plain = copies(asked, words.sampled(KEPT_ONE_IN), shelf)
            harder = copies(asked, words.with_neighbours(), shelf)
            delivered += number in plain
            removed += number in harder
            mistaken += len(harder.keys() - {number})
            rates += [harder[number].bit_error_rate] if number in harder else []
        report[name] = {
            "found_of_delivered": delivered,
            "found_of_removed": removed,
            "other_recordings_named": mistaken,
            "bit_error_rate": round(float(np.mean(rates)), 4) if rates else None,
        }
    return report


def _cost(samples: Samples, rate: int) -> float:
    """CPU seconds for a fingerprint of three minutes."""
    times = -(-int(THREE_MINUTES * rate) // len(samples))
    long = np.tile(samples, (times, 1))[: int(THREE_MINUTES * rate)]
    began = time.process_time()
    fingerprint(long, rate)
    return time.process_time() - began


def _read(files: Sequence[Path]) -> Iterator[tuple[Samples, int]]:
    for file in files:
        try:
            rate = soundfile.info(file).samplerate
            samples = soundfile.read(file, frames=MOST_SECONDS * rate, dtype="float32", always_2d=True)[0]
        except soundfile.LibsndfileError as error:
            print(f"left out {file.name}: {error}", file=sys.stderr)  # noqa: T201 - a command line
            continue
        yield np.asarray(samples, np.float32), rate


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m services.fingerprints.bench", description=__doc__)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--out", type=Path, default=OUT)
    given = parser.parse_args(arguments)
    recordings = list(_read(given.files or sorted(Path("deploy/samples/tracks").iterdir())))
    if not recordings:
        parser.error("no recordings: give files, or start it where deploy/samples is")
    report = {
        "recordings": len(recordings),
        "seconds": round(sum(len(samples) / rate for samples, rate in recordings)),
        "changes": measured(recordings),
        "fingerprint_cpu_seconds_for_three_minutes": round(
            _cost(*max(recordings, key=lambda r: r[0].size)), 3
        ),
    }
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(report, indent=2))  # noqa: T201 - likewise
    return 0


if __name__ == "__main__":
    sys.exit(main())
