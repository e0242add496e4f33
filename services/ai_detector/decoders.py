"""Which published decoders print teeth at a spacing.

A decoder with strides k1, k2, ... prints lines at multiples of the input rate of each of its stages: the
output rate over the product of the strides from that stage on. Several share a spacing, so a name here is a
family to ask about and no proof of a product.
"""

from dataclasses import dataclass
from itertools import accumulate
from operator import mul

from services.ai_detector.lattice import Origin

_TOLERANCE = 3e-4
_MULTIPLES = (1, 2, 3, 4, 5)
_MOST = 4


@dataclass(frozen=True, slots=True)
class Decoder:
    """`strides` in the order of the decoder, from latent frames to samples at `rate` Hz."""

    name: str
    rate: int
    strides: tuple[int, ...]

    @property
    def products(self) -> tuple[int, ...]:
        """Samples per step of each stage's input, the first stage first."""
        return tuple(accumulate(reversed(self.strides), mul))[::-1]

    @property
    def stage_rates(self) -> tuple[float, ...]:
        """Hz."""
        return tuple(self.rate / product for product in self.products)


PUBLISHED = (
    Decoder("EnCodec 24 kHz (Bark)", 24_000, (8, 5, 4, 2)),
    Decoder("EnCodec 32 kHz (MusicGen)", 32_000, (8, 5, 4, 4)),
    Decoder("EnCodec 48 kHz", 48_000, (8, 5, 4, 2)),
    Decoder("DAC 44.1 kHz", 44_100, (8, 8, 4, 2)),
    Decoder("DAC 24 kHz", 24_000, (8, 5, 4, 2)),
    Decoder("DAC 16 kHz", 16_000, (8, 5, 4, 2)),
    Decoder("Stable Audio 1", 44_100, (8, 8, 4, 4)),
    Decoder("Stable Audio 2 and Open", 44_100, (8, 8, 4, 4, 2)),
    Decoder("ACE-Step vocoder", 44_100, (4, 4, 2, 2, 2, 2, 2)),
    Decoder("ACE-Step 1.5", 48_000, (10, 6, 4, 4, 2)),
    Decoder("HiFi-GAN or MelGAN 22.05 kHz", 22_050, (8, 8, 2, 2)),
    Decoder("HiFi-GAN of AudioLDM 2, MusicLDM, Mustango 16 kHz", 16_000, (5, 4, 2, 2, 2)),
    Decoder("like Suno's (not published; from measured spacings)", 48_000, (8, 120)),
)
"""Strides and rates from the published code and configurations of each.

ACE-Step 1.5: 26 of 28 clips that say they are of it showed 250 or 100 Hz, its second stage and four frames.
Of the last only 50 Hz frames and a first stride of 8 are known, from spacings that others measured.
"""


@dataclass(frozen=True, slots=True)
class Likeness:
    """A decoder that fits a spacing: `multiple` times the rate of one of its stages.

    `rate` is the decoder's own or, `resampled`, another at which the same strides would fit.
    """

    name: str
    stage_hz: float
    multiple: int
    rate: int
    resampled: bool


def likely_decoders(spacing: float, origins: tuple[Origin, ...]) -> tuple[Likeness, ...]:
    """At most four, simplest first: a stage of the decoder as published, then its strides at another rate."""
    found = [
        Likeness(decoder.name, round(stage, 3), multiple, decoder.rate, resampled=False)
        for decoder in PUBLISHED
        for stage in decoder.stage_rates
        for multiple in _MULTIPLES
        if abs(spacing / (multiple * stage) - 1) <= _TOLERANCE
    ]
    known = {likeness.name for likeness in found}
    found += [
        Likeness(decoder.name, round(o.rate / o.strides, 3), o.multiple, o.rate, resampled=True)
        for decoder in PUBLISHED
        for o in origins
        if o.strides == decoder.products[0] and o.rate != decoder.rate and decoder.name not in known
    ]
    ranked = sorted(found, key=lambda likeness: (likeness.resampled, likeness.multiple))
    return tuple({likeness.name: likeness for likeness in reversed(ranked)}.values())[::-1][:_MOST]
