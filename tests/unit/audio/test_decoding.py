"""Good recordings, through the real sandboxed child."""

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile

from shared.audio import DecodedAudio, DecodeLimits, Inspected, decode_audio, inspect_audio
from shared.audio.isolation import MEASURES
from shared.fingerprint.fingerprinter import Fingerprinter
from tests.unit.audio.sound import encoded, tone

GOOD = [
    ("FLAC", "PCM_16", "flac", "flac", 1e-4),
    ("FLAC", "PCM_24", "flac", "flac", 1e-6),
    ("WAV", "PCM_U8", "wav", "pcm_u8", 1e-2),
    ("WAV", "PCM_16", "wav", "pcm_s16le", 1e-4),
    ("WAV", "PCM_24", "wav", "pcm_s24le", 1e-6),
    ("WAV", "PCM_32", "wav", "pcm_s32le", 1e-7),
    ("WAV", "FLOAT", "wav", "pcm_f32le", 0.0),
    ("WAV", "DOUBLE", "wav", "pcm_f64le", 1e-7),
    ("WAVEX", "PCM_16", "wav", "pcm_s16le", 1e-4),
    ("WAVEX", "FLOAT", "wav", "pcm_f32le", 0.0),
]


def write(folder: Path, content: bytes) -> Path:
    path = folder / "upload"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(("container", "subtype", "name", "codec", "tolerance"), GOOD)
def test_lossless_audio_comes_back_sample_for_sample(
    tmp_path: Path, container: str, subtype: str, name: str, codec: str, tolerance: float
) -> None:
    samples = tone(1.7, channels=2)
    decoded = decode_audio(write(tmp_path, encoded(samples, container, subtype)))
    assert isinstance(decoded, DecodedAudio)
    assert decoded.samples.dtype == np.float32
    assert decoded.samples.shape == samples.shape
    assert np.abs(decoded.samples - samples).max() <= tolerance
    facts = decoded.inspected
    assert (facts.container, facts.codec, facts.sample_rate, facts.channels, facts.frames) == (
        name,
        codec,
        44_100,
        2,
        len(samples),
    )
    assert facts.peak == pytest.approx(np.abs(samples).max(), abs=max(tolerance, 1e-6))


@pytest.mark.parametrize(
    ("container", "subtype", "rate", "codec"),
    [
        ("MP3", None, 44_100, "mp3"),
        ("MP3", None, 22_050, "mp3"),
        ("OGG", "VORBIS", 44_100, "vorbis"),
        ("OGG", "OPUS", 48_000, "opus"),
    ],
)
@pytest.mark.parametrize("channels", [1, 2])
def test_lossy_audio_comes_back_close(
    tmp_path: Path, container: str, subtype: str | None, rate: int, codec: str, channels: int
) -> None:
    samples = tone(3.0, channels=channels, rate=rate)
    decoded = decode_audio(write(tmp_path, encoded(samples, container, subtype, rate)))
    assert isinstance(decoded, DecodedAudio)
    assert decoded.inspected.codec == codec
    assert decoded.sample_rate == rate
    assert abs(len(decoded.samples) - len(samples)) <= 0.1 * rate
    count = min(len(samples), len(decoded.samples))
    agreement = np.corrcoef(decoded.samples[:count, 0], samples[:count, 0])[0, 1]
    assert agreement > 0.95


def test_flac_behind_an_id3_tag_and_in_front_of_an_id3v1_tag_is_taken(tmp_path: Path) -> None:
    tag = b"ID3\x04\x00\x00" + bytes([0, 0, 2, 0]) + b"\0" * 256
    content = tag + encoded(tone(0.5), "FLAC") + b"TAG" + b"x" * 125
    assert isinstance(inspect_audio(write(tmp_path, content)), Inspected)


def test_every_isolation_measure_holds_on_this_kernel_or_says_that_it_does_not(tmp_path: Path) -> None:
    inspected = inspect_audio(write(tmp_path, encoded(tone(0.2), "FLAC")))
    assert isinstance(inspected, Inspected)
    assert set(inspected.isolation.held) <= set(MEASURES)
    assert {"limits", "no-new-privileges", "dies-with-parent"} <= set(inspected.isolation.held)


def test_an_excerpt_stops_early_and_mono_is_the_mean(tmp_path: Path) -> None:
    samples = tone(3.0)
    path = write(tmp_path, encoded(samples, "WAV", "FLOAT"))
    decoded = decode_audio(path, seconds=1.5, mono=True)
    assert isinstance(decoded, DecodedAudio)
    assert decoded.samples.shape == (int(1.5 * 44_100), 1)
    assert np.allclose(decoded.samples[:, 0], samples[: len(decoded.samples)].mean(axis=1), atol=1e-7)


def test_a_fingerprint_comes_with_the_inspection_when_asked_for(tmp_path: Path) -> None:
    samples = tone(20.0)
    path = write(tmp_path, encoded(samples, "FLAC"))
    plain, found = inspect_audio(path), inspect_audio(path, fingerprint=True)
    assert isinstance(plain, Inspected)
    assert isinstance(found, Inspected)
    assert (plain.fingerprint, plain.pcm_sha256) == (None, None)
    fingerprinter = Fingerprinter(44_100, 2)
    fingerprinter.add(np.asarray(np.rint(samples * 32_768), np.int16), 2.0**-15)
    expected = fingerprinter.finish()
    assert (found.fingerprint, found.pcm_sha256) == (expected.compressed, expected.pcm_sha256)


def test_the_same_samples_in_another_container_have_the_same_digest(tmp_path: Path) -> None:
    samples = np.asarray(np.rint(tone(2.0) * 32_768), np.int16)
    digests = set()
    for container in ("FLAC", "WAV"):
        content = io.BytesIO()
        soundfile.write(content, samples, 44_100, format=container, subtype="PCM_16")
        found = inspect_audio(write(tmp_path, content.getvalue()), fingerprint=True)
        assert isinstance(found, Inspected)
        digests.add(found.pcm_sha256)
    assert len(digests) == 1
    assert None not in digests


def test_silence_is_told(tmp_path: Path) -> None:
    silent = inspect_audio(write(tmp_path, encoded(np.zeros((44_100, 1), np.float32), "FLAC")))
    loud = inspect_audio(write(tmp_path, encoded(tone(0.5), "FLAC")))
    assert isinstance(silent, Inspected)
    assert isinstance(loud, Inspected)
    assert (silent.silent, loud.silent) == (True, False)


def test_a_three_minute_flac_costs_little(tmp_path: Path) -> None:
    """The bound is loose for loaded machines; on an idle one it is 0.4 s."""
    inspected = inspect_audio(write(tmp_path, encoded(tone(180.0), "FLAC")), DecodeLimits())
    assert isinstance(inspected, Inspected)
    assert inspected.frames == 180 * 44_100
    assert inspected.cpu_seconds < 2.0
