"""The same fingerprints as Chromaprint's own program, and what small changes of a recording do to them.

``fpcalc.json`` is what fpcalc 1.5.1 (Debian, libchromaprint-tools) printed for the sample tracks.
"""

import base64
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from deploy.samples import manifest
from shared.fingerprint import SECONDS_EACH, Subfingerprints, decompress
from shared.fingerprint.fingerprinter import MOST_SECONDS, Fingerprint, Fingerprinter

TRACKS = Path(manifest.__file__).parent / "tracks"
PRINTED: dict[str, str] = json.loads((Path(__file__).parent / "fpcalc.json").read_text())


def printed(name: str) -> bytes:
    return base64.urlsafe_b64decode(PRINTED[name] + "=" * (-len(PRINTED[name]) % 4))


def fingerprint(
    samples: NDArray[np.generic], rate: int, scale: float = 2.0**-15, block: int = 65_536
) -> Fingerprint:
    fingerprinter = Fingerprinter(rate, samples.shape[1])
    for start in range(0, len(samples), block):
        fingerprinter.add(samples[start : start + block], scale)
    return fingerprinter.finish()


def track(name: str) -> tuple[NDArray[np.int16], int]:
    samples, rate = soundfile.read(TRACKS / name, dtype="int16", always_2d=True)
    return samples, rate


def differing(one: Subfingerprints, other: Subfingerprints) -> float:
    return float(np.bitwise_count(one ^ other).mean()) / 32


def melody(seconds: float, rate: int = 11_025, seed: int = 1) -> NDArray[np.int16]:
    """Three voices that change their notes every 0.3 s."""
    rng = np.random.default_rng(seed)
    time = np.arange(int(seconds * rate)) / rate
    note = (time / 0.3).astype(int)
    pitches = 220.0 * 2 ** (rng.integers(0, 24, (3, note.max() + 1)) / 12)
    voices = [np.sin(2 * np.pi * np.cumsum(line[note]) / rate) for line in pitches]
    return np.asarray(np.mean(voices, axis=0)[:, None] * 20_000, np.int16)


@pytest.mark.parametrize("name", PRINTED)
def test_a_real_recording_gets_the_fingerprint_that_fpcalc_prints(name: str) -> None:
    ours, theirs = decompress(fingerprint(*track(name)).compressed), decompress(printed(name))
    assert len(ours) == len(theirs) > 100
    assert differing(ours, theirs) < 0.003


def test_recordings_that_differ_have_fingerprints_that_differ_in_half_of_their_bits() -> None:
    one, other = (
        decompress(fingerprint(*track(name)).compressed)
        for name in ("borrowed-voice.flac", "slow-engines.flac")
    )
    assert 0.35 < differing(one, other) < 0.65


@pytest.mark.parametrize("gain", [0.05, 0.5])
def test_a_quieter_copy_keeps_its_fingerprint(gain: float) -> None:
    samples, rate = track("a-new-journey.flac")
    loud, quiet = (decompress(fingerprint(samples * np.float32(g), rate).compressed) for g in (1.0, gain))
    assert differing(loud, quiet) < 0.001


def test_a_cut_at_the_start_moves_the_fingerprint_and_changes_little_of_it() -> None:
    samples = melody(30)
    cut = int(16 * SECONDS_EACH * 11_025) + 300
    whole, shorter = (decompress(fingerprint(s, 11_025).compressed) for s in (samples, samples[cut:]))
    assert differing(whole[16 : 16 + len(shorter)], shorter[: len(whole) - 16]) < 0.1


@pytest.mark.parametrize("block", [1000, 65_536, 10_000_000])
def test_the_size_of_the_blocks_changes_nothing(block: int) -> None:
    samples, rate = track("mutilated-mime.mp3")
    assert fingerprint(samples, rate, block=block).compressed == fingerprint(samples, rate).compressed


def test_the_digest_is_of_the_samples_and_of_nothing_around_them() -> None:
    samples = melody(3)
    changed = samples.copy()
    changed[-1] += 1
    assert fingerprint(samples, 11_025).pcm_sha256 == fingerprint(samples.copy(), 11_025).pcm_sha256
    assert fingerprint(samples, 11_025, block=500).pcm_sha256 == fingerprint(samples, 11_025).pcm_sha256
    assert fingerprint(samples, 11_025).pcm_sha256 != fingerprint(changed, 11_025).pcm_sha256
    assert fingerprint(samples, 11_025).pcm_sha256 != fingerprint(samples, 22_050).pcm_sha256


@pytest.mark.parametrize("seconds", [0.0, 0.2, 1.0, 2.5])
def test_too_little_for_a_moment_has_an_empty_fingerprint(seconds: float) -> None:
    assert decompress(fingerprint(melody(seconds) if seconds else melody(1)[:0], 11_025).compressed).size == 0


def test_silence_has_a_fingerprint_of_equal_moments() -> None:
    silent = decompress(fingerprint(np.zeros((11_025 * 10, 1), np.int16), 11_025).compressed)
    assert len(set(silent.tolist())) == 1


def test_ten_minutes_of_a_longer_recording_are_fingerprinted() -> None:
    samples = np.tile(melody(60), (11, 1))
    found = fingerprint(samples, 11_025)
    assert found.seconds == MOST_SECONDS
    assert decompress(found.compressed).size * SECONDS_EACH == pytest.approx(MOST_SECONDS, abs=3.0)
