"""Positives of our own: human music through small decoders that were taught for a minute each.

Untrained decoders place their teeth truly; what else a decoder leaves (phases, valleys, attacks) it owes to
having been taught. Teaching and running them needs torch, which only training ever has: without it the round
of these rows is left out.
"""

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import soxr

from services.ai_detector.spectrum import Floats, rms
from services.ai_detector.training import corpus
from services.ai_detector.training.corpus import Recording

FOLDER = "decoders"
LEVEL = 0.1
"""Root mean square of what the networks are taught on and given."""
_CLIPS = 80
_SECONDS = 8.0
_SEED = 5


def teach(music: list[Recording], cache: Path) -> None:
    """Teach every decoder that is not in the cache yet, on such music; none without any.

    Blocks for eleven CPU minutes the first time.
    """
    if not music:
        return
    if find_spec("torch") is None:
        print("decoders of our own that are taught: left out, they need torch (the `train` extra)")
        return
    from services.ai_detector.training import teaching  # noqa: PLC0415 - only where torch is

    clips: list[tuple[Floats, int]] = []
    for name, (rate, _) in teaching.KINDS.items():
        if (stored := _stored(cache, name)).exists():
            continue
        clips = clips or _clips(music)
        stored.parent.mkdir(parents=True, exist_ok=True)
        teaching.save(teaching.taught(name, [_at(pcm, own, rate) for pcm, own in clips]), stored)


def ready(cache: Path) -> bool:
    """Whether there are taught decoders, and torch to run them."""
    return any((cache / FOLDER).glob("*.pt")) and find_spec("torch") is not None


def decoded(pcm: Floats, rate: int, cache: Path, rng: np.random.Generator) -> tuple[Floats, int]:
    """Mono PCM at the decoder's rate, of the given music through a decoder drawn at random."""
    from services.ai_detector.training import teaching  # noqa: PLC0415 - only where torch is

    name = str(rng.choice(sorted(teaching.KINDS)))
    own = teaching.KINDS[name][0]
    level = rms(pcm.mean(axis=1)[:, None])
    sound = teaching.through(_loaded(name, cache), _at(pcm, rate, own), seed=int(rng.integers(1 << 31)))
    return np.ascontiguousarray(sound[:, None] * np.float32(level / LEVEL)), own


@lru_cache
def _loaded(name: str, cache: Path) -> object:
    from services.ai_detector.training import teaching  # noqa: PLC0415 - only where torch is

    return teaching.load(name, _stored(cache, name))


def _stored(cache: Path, name: str) -> Path:
    return cache / FOLDER / f"{name}.pt"


def _clips(music: list[Recording]) -> list[tuple[Floats, int]]:
    order = np.random.default_rng(_SEED).permutation(len(music))[:_CLIPS]
    loaded = [
        corpus.load(music[i].path, max(0.0, 0.4 * corpus.duration(music[i].path) - 4.0), _SECONDS)
        for i in order
    ]
    return [found for found in loaded if found is not None and rms(found[0]) > 1e-4]


def _at(pcm: Floats, rate: int, wanted: int) -> Floats:
    """Mono at the rate wanted and at `LEVEL`."""
    mono = soxr.resample(pcm.mean(axis=1), rate, wanted).astype(np.float32)
    return np.asarray(mono * np.float32(LEVEL / max(rms(mono[:, None]), 1e-4)), dtype=np.float32)
