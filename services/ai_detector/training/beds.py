"""Rain, surf and noise for sleep, made here, as negatives: a large genre on streaming services, and no music.

They are steady, without attacks or pitches, and so far from all recorded music that trees guess.
"""

from pathlib import Path

import numpy as np
import scipy.signal
import soundfile

from services.ai_detector.spectrum import Floats
from services.ai_detector.training.corpus import Recording

_CLIPS = 30
_RATES = (22_050, 32_000, 44_100, 48_000)
_SECONDS = 40
SOURCE = "made here/noise"


def made(into: Path) -> list[Recording]:
    """Thirty clips as FLAC under `into`, written once."""
    into.mkdir(parents=True, exist_ok=True)
    found = []
    for clip in range(_CLIPS):
        target = into / f"bed-{clip}.flac"
        if not target.exists():
            rng = np.random.default_rng([11, clip])
            rate = int(rng.choice(_RATES))
            unfinished = target.with_suffix(".part.flac")
            soundfile.write(unfinished, _bed(rng, rate), rate)
            unfinished.replace(target)
        found.append(Recording(target, False, "human", SOURCE, "Apache-2.0"))
    return found


def _bed(rng: np.random.Generator, rate: int) -> Floats:
    """Noise of a random slope in one or two channels, half of the time swelling like surf."""
    noise = rng.standard_normal((_SECONDS * rate, int(rng.integers(1, 3))))
    pole = float(rng.uniform(-0.99, 0.3))
    noise = scipy.signal.lfilter([1.0], [1.0, pole], noise, axis=0)
    if rng.random() < 0.5:
        time = np.arange(noise.shape[0]) / rate
        swell = 1 + 0.8 * np.sin(2 * np.pi * rng.uniform(0.05, 0.5) * time + rng.uniform(0, 6))
        noise *= swell[:, None]
    return (0.1 * noise / noise.std()).astype(np.float32)
