"""The spacings that decoders can have: a rate divided by a product of small strides, and its low multiples.

Stage input rates are fs / (k1 * k2 * ...), with strides of 2, 3, 4, 5 or 8 in every published decoder that we
know (EnCodec, DAC, Stable Audio, HiFi-GAN, AudioLDM), so the product has the form 2^a * 3^b * 5^c. Musical
pitches lie on a geometric scale and meet these some 140 spacings only by chance: the windows of +-0.02 %
cover about 1.5 % of the range. No position is taken from any generator's output.
"""

from dataclasses import dataclass
from functools import lru_cache

from services.ai_detector.comb import MAX_SPACING_HZ, MIN_SPACING_HZ

RATES = (16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
TOLERANCE = 2e-4
_MULTIPLES = (1, 2, 3, 4, 5)
_SLOWEST_FRAMES_HZ = 20.0


@dataclass(frozen=True, slots=True)
class Origin:
    """One way to get a spacing: `multiple` * `rate` / `strides`."""

    rate: int
    strides: int
    multiple: int


@lru_cache(maxsize=1)
def lattice() -> dict[float, tuple[Origin, ...]]:
    """All candidate spacings in Hz, ascending, each with its possible origins."""
    products = [2**a * 3**b * 5**c for a in range(13) for b in range(2) for c in range(3)]
    found: dict[float, list[Origin]] = {}
    for rate in RATES:
        for product in products:
            for multiple in _MULTIPLES:
                spacing = round(multiple * rate / product, 4)
                if MIN_SPACING_HZ <= spacing <= MAX_SPACING_HZ and rate / product >= _SLOWEST_FRAMES_HZ:
                    found.setdefault(spacing, []).append(Origin(rate, product, multiple))
    return {spacing: tuple(found[spacing]) for spacing in sorted(found)}


def origins(spacing: float) -> tuple[Origin, ...]:
    """The possible origins of a measured spacing, simplest (lowest multiple) first; empty off the lattice."""
    near = [o for d, group in lattice().items() if abs(spacing / d - 1) <= TOLERANCE for o in group]
    return tuple(sorted(near, key=lambda o: (o.multiple, o.rate, o.strides)))
