"""From recordings to rows of features: several cuts and deliveries of each, cached on disk."""

import hashlib
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from services.ai_detector import features
from services.ai_detector.spectrum import Floats, long_term_spectra, rms
from services.ai_detector.training import corpus, decoder_bank, delivery, griffin_lim, taught
from services.ai_detector.training.shelf import Treated, fetch, keep

_PLAN = 3  # raise with any change to the plan, the deliveries or the decoders of our own
DISGUISES = 9
SEEDS = (7, 8, DISGUISES)
"""Each draws cuts and deliveries of its own for every recording; the last disguises half of the people's."""
TAUGHT = 10
"""The round of cuts through decoders of our own that were taught; none where there are no such decoders."""
CUTS = (6.0, 10.0, 20.0, 30.0, 50.0)
MADE = ("bank", "griffin-lim", "taught")
"""Kinds of rows that are human music sent through a decoder of our own: trained on, never judged."""
_GRIFFIN_LIM_SECONDS = 6.0
_LEFT_OUT_OF_DISGUISES = 0.6
_SENT_THROUGH_TAUGHT = 0.6
_NARROW = {True: 0.2, False: 0.5}


@dataclass(frozen=True)
class View:
    """One row: `kind` is `real`, or one of `MADE` (then `generated`).

    `disguised`: of the round that shifts pitch and adds hum more often than deliveries do; it is learned from
    and judged, but says nothing of how high usual human music scores.
    """

    recording: corpus.Recording
    kind: str
    treatment: str
    seconds: float
    values: tuple[float, ...]
    nuisance: tuple[float, ...]
    disguised: bool = False

    @property
    def generated(self) -> bool:
        return self.recording.generated or self.kind in MADE

    @property
    def made(self) -> bool:
        """Whether a decoder of our own made it."""
        return self.kind in MADE

    @property
    def family(self) -> str:
        return self.kind if self.kind in MADE else self.recording.family


def _disguised(recording: corpus.Recording, rng: np.random.Generator) -> Iterator[tuple[str, bool, float]]:
    """As `_plan`, for the round of pitch shifts and hum: treated cuts alone, not of every package's file."""
    debian = recording.source.startswith("debian/")
    if debian and rng.random() < _LEFT_OUT_OF_DISGUISES:
        return
    for _ in range(4 if recording.generated else 2 if debian else 3):
        yield "real", True, float(rng.choice(CUTS[1:-1]))


def _plan(recording: corpus.Recording, rng: np.random.Generator) -> Iterator[tuple[str, bool, float]]:
    """(kind, whether treated, cut): the clean whole, treated cuts, and of human music some decoded."""
    yield "real", False, corpus.WHOLE_SECONDS
    debian = recording.source.startswith("debian/")
    cuts = CUTS[:-1] if debian else CUTS
    for _ in range(5 if recording.generated else 2 if debian else 3):
        yield "real", True, float(rng.choice(cuts))
    if not recording.generated:
        draw = rng.random()
        if draw < 0.25:
            yield "bank", bool(rng.random() < 0.7), float(rng.choice(cuts[:-1]))
        elif draw < 0.32:
            yield "griffin-lim", bool(rng.random() < 0.7), _GRIFFIN_LIM_SECONDS


def _through_taught(
    recording: corpus.Recording, rng: np.random.Generator
) -> Iterator[tuple[str, bool, float]]:
    """As `_plan`, for the round of taught decoders: a cut of three in five of the people's recordings."""
    if _is_peoples_music(recording) and rng.random() < _SENT_THROUGH_TAUGHT:
        yield "taught", bool(rng.random() < 0.7), float(rng.choice(CUTS[:3]))


def _is_peoples_music(recording: corpus.Recording) -> bool:
    origin, _, name = recording.source.partition("/")
    return not recording.generated and (
        name in corpus.DEBIAN_MUSIC if origin == "debian" else origin != "made here"
    )


def views(recordings: Sequence[corpus.Recording], cache: Path, workers: int) -> list[View]:
    """All rows: measured cuts come from the cache where they lie there, scalars are read anew.

    Every recording is drawn for once per seed. Prints progress with an estimate of what is left.
    """
    jobs = [(recording, seed) for seed in SEEDS for recording in recordings]
    jobs += [
        (recording, TAUGHT)
        for recording in recordings
        if not recording.generated and (taught.ready(cache) or _stored(recording, cache, TAUGHT).exists())
    ]
    todo = sum(1 for recording, seed in jobs if not _stored(recording, cache, seed).exists())
    began, fresh, rows = time.monotonic(), 0, list[View]()
    with ProcessPoolExecutor(workers) as pool:
        for made, found in pool.map(partial(_of_one, cache=cache), jobs):
            rows += found
            fresh += made
            if made and fresh % 20 == 0:
                left = (time.monotonic() - began) / fresh * (todo - fresh) / 60
                print(f"{fresh} of {todo} recordings measured, about {left:.0f} min left", flush=True)
    return rows


def _of_one(job: tuple[corpus.Recording, int], *, cache: Path) -> tuple[bool, list[View]]:
    """Whether a recording had to be measured, and its rows."""
    recording, seed = job
    made = _ensured(recording, cache=cache, seed=seed)
    rows = rows_of(recording, fetch(_stored(recording, cache, seed)))
    return made, [replace(row, disguised=seed == DISGUISES) for row in rows]


def rows_of(recording: corpus.Recording, cuts: Iterable[Treated]) -> Iterator[View]:
    """The rows of measured cuts; none of a cut whose band is too narrow to measure."""
    for cut in cuts:
        top = features.analysed_band(cut.spectra)
        if top < features.NARROWEST_HZ:
            continue
        values = features.read(cut.spectra, top).columns
        nuisance = (top, float(cut.spectra.rate), *cut.nuisance, cut.spectra.seconds)
        yield View(recording, cut.kind, cut.treatment, cut.spectra.seconds, tuple(values.tolist()), nuisance)


def _identity(recording: corpus.Recording) -> str:
    return f"{recording.source}/{recording.generator}/{recording.path.parent.name}/{recording.path.name}"


def _stored(recording: corpus.Recording, cache: Path, seed: int) -> Path:
    name = hashlib.sha256(f"{_PLAN}/{seed}/{_identity(recording)}".encode()).hexdigest()[:24]
    return cache / f"{name}.npz"


def _ensured(recording: corpus.Recording, *, cache: Path, seed: int) -> bool:
    """Measure a recording unless that was done before; whether it was done now."""
    stored = _stored(recording, cache, seed)
    if stored.exists():
        return False
    cache.mkdir(parents=True, exist_ok=True)
    draws = np.random.default_rng(
        [seed, int(hashlib.sha256(_identity(recording).encode()).hexdigest()[:8], 16)]
    )
    plan = {DISGUISES: _disguised, TAUGHT: _through_taught}.get(seed, _plan)
    often = delivery.DISGUISED if seed == DISGUISES else delivery.USUAL
    keep(stored, list(_treated(recording, list(plan(recording, draws)), often, draws, cache)))
    return True


def _treated(
    recording: corpus.Recording,
    plan: list[tuple[str, bool, float]],
    often: delivery.Often,
    rng: np.random.Generator,
    cache: Path,
) -> Iterator[Treated]:
    length = corpus.duration(recording.path)
    for kind, treat, cut in plan:
        start = float(rng.uniform(0, max(length - cut, 0.0))) if cut < corpus.WHOLE_SECONDS else 0.0
        loaded = corpus.load(recording.path, start, cut)
        if loaded is None or loaded[0].shape[0] < 5 * loaded[1]:
            continue
        pcm, rate = loaded
        if rms(pcm) < 1e-4:
            continue
        if kind == "bank":
            pcm, rate = decoder_bank.decoded(pcm, rate, decoder_bank.draw(rng), rng)
        elif kind == "griffin-lim":
            pcm, rate = griffin_lim.decoded(pcm, rate, griffin_lim.draw(rng), rng)
        elif kind == "taught":
            pcm, rate = taught.decoded(pcm, rate, cache, rng)
        treatment = "clean"
        if treat:
            narrow = _NARROW[recording.generated or kind in MADE]
            pcm, rate, treatment = delivery.random_delivery(pcm, rate, rng, narrow=narrow, often=often)
        measured = measured_cut(kind, treatment, pcm, rate)
        if measured is not None:
            yield measured


def measured_cut(kind: str, treatment: str, pcm: Floats, rate: int) -> Treated | None:
    """Measure PCM; None where there is nothing to measure."""
    spectra = long_term_spectra(pcm, rate)
    return None if spectra is None else Treated(kind, treatment, _loudness(pcm), spectra)


def _loudness(pcm: Floats) -> tuple[float, float, float]:
    """Level in dBFS, crest factor and channel count: what must not give the answer away."""
    level = rms(pcm) + 1e-9
    return 20 * float(np.log10(level)), float(np.abs(pcm).max()) / level, float(pcm.shape[1])
