"""What may happen to a track before its delivery changes what it names and nothing else."""

import numpy as np
import pytest

from services.ai_detector.spectrum import Floats
from services.ai_detector.training import delivery

RATE = 32_000
SECONDS = 2.0
PITCH = 1000.0


@pytest.fixture(scope="module")
def tone() -> Floats:
    """A tone of 1 kHz at -20 dB, the same in both channels, shape (samples, 2)."""
    time = np.arange(int(SECONDS * RATE)) / RATE
    mono = 0.1 * np.sqrt(2) * np.sin(2 * np.pi * PITCH * time)
    return np.repeat(mono[:, None], 2, axis=1).astype(np.float32)


def strongest(pcm: Floats, rate: int) -> float:
    """Frequency in Hz of the strongest bin of the middle."""
    middle = pcm[len(pcm) // 4 : 3 * len(pcm) // 4, 0]
    power = np.abs(np.fft.rfft(middle * np.hanning(middle.size)))
    return float(np.argmax(power) * rate / middle.size)


def level(pcm: Floats) -> float:
    return float(20 * np.log10(np.sqrt(np.mean(np.square(pcm)))))


@pytest.mark.parametrize("codec", ["mp3-320", "mp3-64", "opus-96"])
def test_a_lossy_codec_keeps_length_level_and_pitch(tone: Floats, codec: str) -> None:
    coded, rate = delivery.CONDITIONS[codec](tone, RATE)
    assert len(coded) / rate == pytest.approx(SECONDS, abs=0.15)
    assert level(coded) == pytest.approx(-20, abs=1)
    assert strongest(coded, rate) == pytest.approx(PITCH, abs=3)
    assert not np.array_equal(coded, tone)


def test_aac_keeps_length_level_and_pitch(tone: Floats) -> None:
    pytest.importorskip("av")
    coded, rate = delivery.CONDITIONS["aac-128"](tone, RATE)
    assert len(coded) / rate == pytest.approx(SECONDS, abs=0.15)
    assert level(coded) == pytest.approx(-20, abs=1)
    assert strongest(coded, rate) == pytest.approx(PITCH, abs=3)


def test_a_poorer_mp3_differs_more(tone: Floats) -> None:
    rng = np.random.default_rng(1)
    rich = (tone + 0.03 * rng.standard_normal(tone.shape)).astype(np.float32)

    def error(kbps: int) -> float:
        coded = delivery.mp3(rich, RATE, kbps)[0]
        spectra = [
            np.abs(np.fft.rfft(pcm[: len(rich), 0])) for pcm in (coded[: len(rich)], rich[: len(coded)])
        ]
        return float(np.abs(spectra[0] - spectra[1]).mean())

    assert error(64) > 1.5 * error(320)


@pytest.mark.parametrize("factor", [0.95, 1.05])
def test_speed_moves_pitch_and_length_alike(tone: Floats, factor: float) -> None:
    faster, rate = delivery.speed(tone, RATE, factor)
    assert rate == RATE
    assert len(faster) / rate == pytest.approx(SECONDS / factor, abs=0.01)
    assert strongest(faster, rate) == pytest.approx(PITCH * factor, abs=3)


@pytest.mark.parametrize("semitones", [-2.0, 1.0])
def test_pitch_moves_pitch_alone(tone: Floats, semitones: float) -> None:
    higher, rate = delivery.pitch(tone, RATE, semitones)
    assert len(higher) / rate == pytest.approx(SECONDS, abs=0.1)
    assert strongest(higher, rate) == pytest.approx(PITCH * 2 ** (semitones / 12), rel=0.005)


def test_hum_adds_the_mains_so_far_under_the_music(tone: Floats) -> None:
    humming, _ = delivery.hum(tone, RATE, 30.0, 50.0)
    assert strongest(humming - tone, RATE) == pytest.approx(50.0, abs=1)
    assert level(humming - tone) == pytest.approx(
        -20 - 30 - 4.8, abs=0.5
    )  # a saw-tooth of peak 1 has 1/sqrt 3


def test_noise_comes_so_far_under_the_music(tone: Floats) -> None:
    noisy, _ = delivery.noise(tone, RATE, 40.0, np.random.default_rng(1))
    assert level(noisy - tone) == pytest.approx(-60, abs=0.5)


def test_an_echo_repeats_the_sound_after_its_delay() -> None:
    click = np.zeros((RATE, 1), dtype=np.float32)
    click[100] = 1.0
    echoed, _ = delivery.echo(click, RATE, 0.04, 0.5)
    assert echoed[100, 0] == 1.0
    assert echoed[100 + int(0.04 * RATE), 0] == 0.5
    assert np.count_nonzero(echoed) == 2


def test_a_tilt_favours_one_end_of_the_spectrum() -> None:
    white = np.random.default_rng(3).standard_normal((RATE, 1)).astype(np.float32)

    def balance(pcm: Floats) -> float:
        power = np.abs(np.fft.rfft(pcm[:, 0])) ** 2
        return float(10 * np.log10(power[8000:].mean() / power[10:300].mean()))

    assert balance(delivery.tilt(white, RATE, 5.0)[0]) > balance(white) + 4
    assert balance(delivery.tilt(white, RATE, -5.0)[0]) < balance(white) - 4


def test_loudness_flattens_peaks_and_stays_within_full_scale(tone: Floats) -> None:
    driven, _ = delivery.loud(tone, RATE, 4.0)
    assert np.abs(driven).max() <= 1.0
    assert np.abs(driven).max() / np.std(driven) < np.abs(tone).max() / np.std(tone) - 0.1


def test_mono_keeps_the_middle_and_drops_the_sides(tone: Floats) -> None:
    sides = np.stack([tone[:, 0], -tone[:, 0]], axis=1)
    assert delivery.mono(tone, RATE)[0] == pytest.approx(tone[:, :1])
    assert not delivery.mono(sides, RATE)[0].any()


def test_there_and_back_takes_what_the_other_rate_cannot_hold() -> None:
    white = np.random.default_rng(3).standard_normal((RATE, 1)).astype(np.float32)
    back, rate = delivery.there_and_back(white, RATE, 16_000)
    power = np.abs(np.fft.rfft(back[:, 0])) ** 2
    assert (rate, len(back)) == (RATE, len(white))
    assert power[9000:].mean() < 1e-5 * power[100:7000].mean()


def test_a_random_delivery_names_its_steps_and_is_the_same_for_the_same_seed(tone: Floats) -> None:
    def drawn(seed: int) -> tuple[Floats, int, str]:
        return delivery.random_delivery(
            tone, RATE, np.random.default_rng(seed), narrow=0.0, often=delivery.Often(0.0, 1.0, 1.0)
        )

    chains = [drawn(seed) for seed in range(12)]
    chains = [chain for chain in chains if "aac" not in chain[2]]
    assert all({"pitch", "hum"} <= set(name.split("+")) and "speed" not in name for _, _, name in chains)
    assert len({name for *_, name in chains}) > 2
    first = next(seed for seed in range(12) if "aac" not in drawn(seed)[2])
    assert np.array_equal(drawn(first)[0], drawn(first)[0])


def test_nothing_drawn_leaves_the_track_as_it_is(tone: Floats) -> None:
    never = delivery.Often(0.0, 0.0, 0.0)
    for seed in range(200):
        pcm, rate, name = delivery.random_delivery(
            tone[:RATE], RATE, np.random.default_rng(seed), narrow=0.0, often=never
        )
        if name == "clean":
            assert rate == RATE
            assert np.array_equal(pcm, tone[:RATE])
            return
    pytest.fail("no delivery of two hundred left the track alone")
