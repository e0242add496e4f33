"""A spacing names the published decoders whose stages print it, and none where none does."""

import pytest

from services.ai_detector import lattice
from services.ai_detector.decoders import PUBLISHED, likely_decoders


def named(spacing: float) -> list[str]:
    return [likeness.name for likeness in likely_decoders(spacing, lattice.origins(spacing))]


@pytest.mark.parametrize(
    ("spacing", "name"),
    [
        (50.0, "EnCodec 32 kHz (MusicGen)"),
        (75.0, "EnCodec 24 kHz (Bark)"),
        (86.1328, "DAC 44.1 kHz"),
        (150.0, "EnCodec 48 kHz"),
        (344.53, "Stable Audio 1"),
        (172.2656, "Stable Audio 2 and Open"),
        (399.902, "like Suno's (not published; from measured spacings)"),
        (250.0, "ACE-Step 1.5"),
        (3 * 86.1328125, "DAC 44.1 kHz"),
    ],
)
def test_the_decoder_that_prints_a_spacing_is_named(spacing: float, name: str) -> None:
    assert name in named(spacing)


def test_strides_at_another_rate_are_named_after_those_as_published() -> None:
    found = likely_decoders(44_100 / 320, lattice.origins(44_100 / 320))
    assert any(likeness.name.startswith("EnCodec") and likeness.resampled for likeness in found)
    assert all(likeness.rate in {44_100, 22_050} for likeness in found if likeness.resampled)


def test_a_spacing_of_no_decoder_names_none() -> None:
    assert named(98.21) == []


def test_every_decoder_s_frame_rate_follows_from_its_strides() -> None:
    for decoder in PUBLISHED:
        assert decoder.stage_rates == tuple(sorted(decoder.stage_rates))
        assert decoder.rate / decoder.stage_rates[0] == pytest.approx(decoder.products[0])
