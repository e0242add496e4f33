"""One measurement of one track: decoded PCM at its native rate in, a verdict with its evidence out. Pure.

The method looks for what machines leave in the sound: the teeth of up-sampling decoders, cells of the
spectrum that move otherwise than a recording's, and no exact repeats. It says nothing about composition, and
a generator may leave nothing that is found: hence `not_detected`, never "human". An outside company states
patent applications on detecting generated music from peaks of averaged spectra; this is a design of our own,
and whoever deploys it should take legal advice (see the model card).
"""

from dataclasses import replace

import numpy as np

from services.ai_detector import features
from services.ai_detector.measurement import Measurement, Obstacle
from services.ai_detector.parts import parts_of
from services.ai_detector.passages import Listener
from services.ai_detector.readout import Readout
from services.ai_detector.spectrum import SILENCE_RMS, Floats, Spectra, long_term_spectra, rms
from shared.events.finding import Verdict

MIN_SECONDS = 5.0


def measure(pcm: Floats, rate: int, readout: Readout) -> Measurement:
    """Measure PCM of shape (samples, channels), full scale at 1, at its native rate in Hz (8-192 kHz)."""
    whole = _heard(pcm, rate, readout)
    return replace(whole, parts=parts_of(whole, pcm, lambda side: _heard(side, rate, readout)))


def _heard(pcm: Floats, rate: int, readout: Readout) -> Measurement:
    if pcm.shape[0] < MIN_SECONDS * rate:
        return _not_measured(Obstacle.TOO_SHORT, readout)
    level = rms(pcm)
    if not np.isfinite(level):
        return _not_measured(Obstacle.NOT_FINITE, readout)
    if level < SILENCE_RMS:
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
    score = readout.score(reading)
    seconds = len(spectra.starts) * spectra.block_seconds
    condition = readout.condition(seconds, top)
    listener = Listener(
        lambda stretches: [readout.score(r) for r in features.read_all(stretches, top)],
        readout.probability,
        lambda seconds: readout.condition(seconds, top),
    )
    passages = listener.passages(spectra)
    ranges = listener.ranges(spectra, passages)
    verdict = condition.verdict(score)
    if verdict is Verdict.NOT_DETECTED and ranges:
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
        opinions=readout.contributions(reading),
        passages=passages,
        ranges=ranges,
    )


def _not_measured(obstacle: Obstacle, readout: Readout) -> Measurement:
    return Measurement(Verdict.NOT_MEASURED, readout.version, 0.0, obstacle=obstacle)
