"""From recordings to rows of features: several cuts and treatments of each, cached on disk."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from services.ai_detector import features
from services.ai_detector.spectrum import Floats, long_term_spectra, rms
from services.ai_detector.training import corpus, decoder_bank, delivery
from services.ai_detector.training.shelf import Treated, fetch, keep

_PLAN = 1  # raise with any change to the plan, the treatments or the decoder bank
CUTS = (6.0, 10.0, 20.0, 30.0, 50.0)


@dataclass(frozen=True)
class View:
    """One row: `kind` is `real`, or `bank` for a random decoder beside human music (then `generated`)."""

    recording: corpus.Recording
    kind: str
    treatment: str
    seconds: float
    values: tuple[float, ...]
    nuisance: tuple[float, ...]

    @property
    def generated(self) -> bool:
        return self.recording.generated or self.kind == "bank"

    @property
    def family(self) -> str:
        return "decoder bank" if self.kind == "bank" else self.recording.family


def _plan(recording: corpus.Recording, rng: np.random.Generator) -> Iterator[tuple[str, str, float]]:
    """(kind, treatment, cut): the clean whole, a clean cut, treated cuts; of human music one decoded."""
    yield "real", "clean", corpus.WHOLE_SECONDS
    yield "real", "clean", float(rng.choice(CUTS))
    others = [name for name in delivery.TREATMENTS if name != "clean"]
    for name in rng.choice(others, size=5 if recording.generated else 3, replace=False):
        yield "real", str(name), float(rng.choice(CUTS))
    if not recording.generated:
        yield "bank", str(rng.choice(list(delivery.TREATMENTS))), float(rng.choice(CUTS))


def views(recordings: Iterable[corpus.Recording], cache: Path, seed: int = 7) -> list[View]:
    """Compute all rows: spectra come from the cache where they lie there, scalars are computed anew."""
    return [row for recording in recordings for row in _views_of(recording, cache, seed)]


def prepare(recording: corpus.Recording, cache: Path, seed: int = 7) -> list[Treated]:
    """The spectra of one recording under its plan, from the cache where they lie there."""
    identity = f"{recording.source}/{recording.generator}/{recording.path.parent.name}/{recording.path.name}"
    stored = cache / f"{hashlib.sha256(f'{_PLAN}/{seed}/{identity}'.encode()).hexdigest()[:24]}.npz"
    if not stored.exists():
        cache.mkdir(parents=True, exist_ok=True)
        draws = np.random.default_rng([seed, int(hashlib.sha256(identity.encode()).hexdigest()[:8], 16)])
        keep(stored, list(_treated(recording, draws)))
    return fetch(stored)


def _views_of(recording: corpus.Recording, cache: Path, seed: int) -> Iterator[View]:
    for part in prepare(recording, cache, seed):
        top = features.analysed_band(part.spectra)
        if top < features.NARROWEST_HZ:
            continue
        values = features.read(part.spectra, top).features.vector()
        nuisance = (top, float(part.spectra.rate), *part.nuisance, part.spectra.seconds)
        yield View(
            recording, part.kind, part.treatment, part.spectra.seconds, tuple(values.tolist()), nuisance
        )


def _treated(recording: corpus.Recording, rng: np.random.Generator) -> Iterator[Treated]:
    length = corpus.duration(recording.path)
    for kind, treatment, cut in list(_plan(recording, rng)):
        start = float(rng.uniform(0, max(length - cut, 0.0))) if cut < corpus.WHOLE_SECONDS else 0.0
        loaded = corpus.load(recording.path, start, cut)
        if loaded is None or loaded[0].shape[0] < 3 * loaded[1]:
            return
        pcm, rate = loaded
        if kind == "bank":
            pcm, rate = decoder_bank.decoded(pcm, rate, decoder_bank.draw(rng), rng)
        pcm, rate = delivery.TREATMENTS[treatment](pcm, rate, rng)
        spectra = long_term_spectra(pcm, rate)
        if spectra is not None:
            yield Treated(kind, treatment, _loudness(pcm), spectra)


def _loudness(pcm: Floats) -> tuple[float, float, float]:
    """Level in dBFS, crest factor and channel count: what must not give the answer away."""
    level = rms(pcm) + 1e-9
    return 20 * float(np.log10(level)), float(np.abs(pcm).max()) / level, float(pcm.shape[1])
