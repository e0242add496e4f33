"""One measurement of one track: decoded PCM at its native rate in, a verdict with its evidence out. Pure.

The method looks for what up-sampling decoders leave in everything they make. It says nothing about
composition, and a decoder without strided up-sampling leaves nothing to find: hence `not_detected`, never
"human". An outside company states patent applications on detecting generated music from peaks of averaged
spectra; this is a design of our own, and whoever deploys it should take legal advice (see the model card).
"""

from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise

import numpy as np

from services.ai_detector import features, lattice
from services.ai_detector.features import Reading
from services.ai_detector.readout import Readout
from services.ai_detector.spectrum import SILENCE_RMS, Floats, Spectra, long_term_spectra, rms
from shared.events.finding import Verdict

MIN_SECONDS = 5.0
PASSAGE_SECONDS = 30.0
_EVIDENT_Z = 6.0  # below this the best spacing is what chance gives, and naming a decoder would mislead


class Obstacle(StrEnum):
    """Why nothing could be measured."""

    TOO_SHORT = "too_short"
    SILENT = "silent"
    BAND_LIMITED = "band_limited"
    NOT_FINITE = "not_finite"


@dataclass(frozen=True, slots=True)
class PassageScore:
    """A stretch of the track scored by itself; less reliable than the whole."""

    start: float
    end: float
    score: float
    probability: float


@dataclass(frozen=True, slots=True)
class Measurement:
    """`score`, `probability`, `threshold` and `reading` are None exactly when the verdict is `not_measured`.

    `human_share` is the share of human tracks that score at least as high, `bandwidth_hz` the top of the
    analysed band.
    """

    verdict: Verdict
    model_version: str
    seconds_measured: float
    obstacle: Obstacle | None = None
    score: float | None = None
    probability: float | None = None
    threshold: float | None = None
    human_share: float | None = None
    bandwidth_hz: float | None = None
    reading: Reading | None = None
    passages: tuple[PassageScore, ...] = field(default=())

    @property
    def spacing_hz(self) -> float | None:
        """Spacing of the comb found, None where none stands out."""
        if self.reading is None or self.reading.features.lattice_low_z < _EVIDENT_Z:
            return None
        return self.reading.spacing_hz

    @property
    def origins(self) -> tuple[lattice.Origin, ...]:
        """Which rates and stride products give that spacing; several decoders share one."""
        return () if self.spacing_hz is None else lattice.origins(self.spacing_hz)


def measure(pcm: Floats, rate: int, readout: Readout) -> Measurement:
    """Measure PCM of shape (samples, channels), full scale at 1, at its native rate in Hz (8-192 kHz)."""
    if pcm.shape[0] < MIN_SECONDS * rate:
        return _not_measured(Obstacle.TOO_SHORT, readout)
    if not np.isfinite(pcm).all():
        return _not_measured(Obstacle.NOT_FINITE, readout)
    if rms(pcm) < SILENCE_RMS:
        return _not_measured(Obstacle.SILENT, readout)
    spectra = long_term_spectra(pcm, rate)
    if spectra is None:
        return _not_measured(Obstacle.SILENT, readout)
    top = features.analysed_band(spectra)
    if top < features.NARROWEST_HZ:
        return _not_measured(Obstacle.BAND_LIMITED, readout)
    return _measured(spectra, top, readout)


def _measured(spectra: Spectra, top: float, readout: Readout) -> Measurement:
    reading = features.read(spectra, top)
    score = readout.score(reading.features)
    seconds = len(spectra.starts) * spectra.block_seconds
    condition = readout.condition(seconds)
    passages = tuple(_passages(spectra, top, readout))
    verdict = condition.verdict(score)
    if verdict is Verdict.NOT_DETECTED and any(_by_itself(passage, readout) for passage in passages):
        verdict = Verdict.INCONCLUSIVE
    return Measurement(
        verdict=verdict,
        model_version=readout.version,
        seconds_measured=seconds,
        score=score,
        probability=readout.probability(score),
        threshold=condition.likely,
        human_share=condition.human_share_at_least(score),
        bandwidth_hz=top,
        reading=reading,
        passages=passages,
    )


def _by_itself(passage: PassageScore, readout: Readout) -> bool:
    verdict = readout.condition(passage.end - passage.start).verdict(passage.score)
    return verdict is Verdict.LIKELY_GENERATED


def _passages(spectra: Spectra, top: float, readout: Readout) -> list[PassageScore]:
    """Consecutive stretches of about thirty seconds; none for a track too short to hold two."""
    blocks = len(spectra.starts)
    count = int(blocks * spectra.block_seconds / PASSAGE_SECONDS)
    if count < 2:  # noqa: PLR2004 - a single passage is the track itself
        return []
    edges = np.linspace(0, blocks, count + 1).round().astype(int)
    scored = []
    for first, last in pairwise(edges):
        part = spectra.only(range(first, last))
        score = readout.score(features.read(part, top).features)
        end = part.starts[-1] + spectra.block_seconds
        scored.append(PassageScore(part.starts[0], end, score, readout.probability(score)))
    return scored


def _not_measured(obstacle: Obstacle, readout: Readout) -> Measurement:
    return Measurement(Verdict.NOT_MEASURED, readout.version, 0.0, obstacle=obstacle)
