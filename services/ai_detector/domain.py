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
from shared.audio import Spread
from shared.events.finding import Verdict

MIN_SECONDS = 5.0
STRETCHES = Spread(whole=150.0, each=10.0, of_every=18.0, most=18)
"""What is needed of a long recording: what is read (90 s) lies in it, block by block, and a little more."""


def measure(pcm: Floats, rate: int, readout: Readout, starts: tuple[float, ...] = ()) -> Measurement:
    """Measure PCM of shape (samples, channels), full scale at 1, at its native rate in Hz (8-192 kHz).

    With `starts` it consists of stretches of one length (a multiple of five seconds) that begin there in the
    recording, in seconds.
    """
    whole = _heard(pcm, rate, readout, starts)
    passages = bool(whole.ranges)  # what stands out in a passage of the whole is sought in those of a part
    parts = parts_of(whole, pcm, lambda side: _heard(side, rate, readout, starts, passages=passages))
    return replace(whole, parts=parts)


def _heard(
    pcm: Floats, rate: int, readout: Readout, starts: tuple[float, ...], *, passages: bool = True
) -> Measurement:
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
    if starts:
        each = pcm.shape[0] / rate / len(starts)
        spectra = replace(spectra, starts=tuple(_placed(at, starts, each) for at in spectra.starts))
    top = features.analysed_band(spectra)
    if top < features.NARROWEST_HZ:
        return _not_measured(Obstacle.BAND_LIMITED, readout)
    return _measured(spectra, top, readout, in_passages=passages)


def _placed(at: float, starts: tuple[float, ...], each: float) -> float:
    """Where in the recording a moment of its stretches lies, in seconds."""
    stretch = min(int(at / each + 1e-6), len(starts) - 1)
    return starts[stretch] + max(0.0, at - stretch * each)


def _measured(spectra: Spectra, top: float, readout: Readout, *, in_passages: bool) -> Measurement:
    reading = features.read(spectra, top)
    score = readout.score(reading)
    seconds = len(spectra.starts) * spectra.block_seconds
    condition = readout.condition(seconds, top)
    listener = Listener(
        lambda stretches: [readout.score(r) for r in features.read_all(stretches, top, sides=False)],
        readout.probability,
        lambda seconds: readout.condition(seconds, top),
    )
    passages = listener.passages(spectra) if in_passages else ()
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
