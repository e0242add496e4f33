"""The evaluation's own rows: chosen recordings under every single condition, measured once and cached."""

import hashlib
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from services.ai_detector import features
from services.ai_detector.spectrum import Floats
from services.ai_detector.training import corpus, delivery, references, views
from services.ai_detector.training.corpus import Recording

_PLAN = 1
CUTS = {"cut-10s": 10.0, "cut-20s": 20.0, "cut-30s": 30.0}
CONDITIONS = (*delivery.CONDITIONS, *CUTS)


@dataclass(frozen=True)
class Trial:
    """One recording under one condition: our columns, and what the two references look at."""

    recording: Recording
    condition: str
    view: views.View
    bins: tuple[float, ...]
    autocorrelation: float


def chosen(recordings: Sequence[Recording], per_family: int, per_source: int) -> list[Recording]:
    """So many of each generator and of each human source, evenly spread over their lists."""
    groups: dict[tuple[bool, str], list[Recording]] = {}
    for recording in recordings:
        groups.setdefault((recording.generated, recording.family), []).append(recording)
    out = []
    for (generated, _), group in sorted(groups.items()):
        wanted = min(per_family if generated else per_source, len(group))
        out += [group[int(i)] for i in np.linspace(0, len(group) - 1, wanted).round()]
    return out


def trials(recordings: Sequence[Recording], cache: Path, seconds: float, workers: int) -> list[Trial]:
    """All trials; prints progress with an estimate of what is left."""
    cache.mkdir(parents=True, exist_ok=True)
    began, out = time.monotonic(), []
    with ProcessPoolExecutor(workers) as pool:
        work = pool.map(partial(_of_one, cache=cache, seconds=seconds), recordings)
        for done, found in enumerate(work, 1):
            out += found
            if done % 10 == 0 or done == len(recordings):
                left = (time.monotonic() - began) / done * (len(recordings) - done) / 60
                print(f"{done} of {len(recordings)} tried, about {left:.0f} min left", flush=True)
    return out


def _of_one(recording: Recording, *, cache: Path, seconds: float) -> list[Trial]:
    identity = f"{_PLAN}/{features.MEASUREMENT}/{seconds}/{recording.source}/{recording.path.name}"
    stored = cache / f"trial-{hashlib.sha256(identity.encode()).hexdigest()[:24]}.npz"
    if not stored.exists():
        parts = list(_measured(recording, seconds))
        unfinished = stored.with_suffix(".part.npz")
        np.savez(
            unfinished,
            condition=np.array([name for name, *_ in parts]),
            nuisance=np.array([view.nuisance for _, view, *_ in parts]),
            values=np.array([view.values for _, view, *_ in parts]),
            bins=np.array([bins for *_, bins, _ in parts], dtype=np.float32),
            autocorrelation=np.array([value for *_, value in parts]),
        )
        unfinished.replace(stored)
    with np.load(stored) as kept:
        rows = zip(
            *(kept[key] for key in ("condition", "nuisance", "values", "bins", "autocorrelation")),
            strict=True,
        )
        return [
            Trial(
                recording,
                str(condition),
                views.View(
                    recording, "real", str(condition), float(nuisance[-1]), tuple(values), tuple(nuisance)
                ),
                tuple(bins),
                float(value),
            )
            for condition, nuisance, values, bins, value in rows
        ]


def _measured(
    recording: Recording, seconds: float
) -> Iterator[tuple[str, views.View, references.Array, float]]:
    loaded = corpus.load(recording.path, 0.0, max(seconds, *CUTS.values()))
    if loaded is None:
        return
    pcm, rate = loaded
    for condition in CONDITIONS:
        cut = CUTS.get(condition, seconds)
        if condition in CUTS and pcm.shape[0] < 0.9 * cut * rate:
            continue
        part: Floats = pcm[: int(cut * rate)]
        treated = (part, rate) if condition in CUTS else delivery.CONDITIONS[condition](part, rate)
        measured = views.measured_cut("real", condition, *treated)
        if measured is None:
            continue
        for view in views.rows_of(recording, [measured]):
            yield (
                condition,
                view,
                references.bins(measured.spectra),
                references.comb_autocorrelation(measured.spectra),
            )
