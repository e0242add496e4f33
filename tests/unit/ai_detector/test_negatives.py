"""Speech, noise and a vocoder's copies: made once, the same each time, and what they say they are."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from services.ai_detector.training import beds, speech, vocoded
from services.ai_detector.training.corpus import Recording

RATE = 22_050
PACKAGE = "klettres-data"


@pytest.fixture
def unpacked(tmp_path: Path) -> Path:
    """A package of forty "words" of a second, each a tone of its own."""
    folder = tmp_path / "packages" / PACKAGE / "usr"
    folder.mkdir(parents=True)
    time = np.arange(RATE) / RATE
    for word in range(40):
        soundfile.write(folder / f"{word}.wav", 0.2 * np.sin(2 * np.pi * (200 + 50 * word) * time), RATE)
    return tmp_path / "packages"


@pytest.fixture
def music(tmp_path: Path) -> list[Recording]:
    made = []
    for song in range(3):
        path = tmp_path / f"song-{song}.flac"
        noise = np.random.default_rng(song).uniform(-0.1, 0.1, (40 * RATE, 2))
        soundfile.write(path, noise, RATE)
        made.append(Recording(path, False, "human", "debian/songs", "CC0"))
    return made


def test_prompts_are_joined_to_clips_of_a_package_half_of_them_over_music(
    unpacked: Path, music: list[Recording], tmp_path: Path
) -> None:
    found = speech.from_debian(unpacked, tmp_path / "made", music)
    assert [clip.source for clip in found] == [f"debian/{PACKAGE}"] * 6
    assert not any(clip.generated for clip in found)
    channels = [soundfile.info(clip.path).channels for clip in found]
    assert channels == [1, 2] * 3  # the music has two
    for clip in found:
        pcm, rate = soundfile.read(clip.path)
        assert len(pcm) / rate == pytest.approx(24, abs=0.1)
        assert np.abs(pcm).max() == pytest.approx(0.7, abs=0.01)


def test_clips_that_are_there_are_not_made_again(
    unpacked: Path, music: list[Recording], tmp_path: Path
) -> None:
    first = speech.from_debian(unpacked, tmp_path / "made", music)[0].path
    before = first.read_bytes()
    first.write_bytes(before + b"touched")
    speech.from_debian(unpacked, tmp_path / "made", music)
    assert first.read_bytes() == before + b"touched"


def test_the_same_prompts_give_the_same_clips(unpacked: Path, tmp_path: Path) -> None:
    once, again = (speech.from_debian(unpacked, tmp_path / name, [])[2].path for name in ("a", "b"))
    assert once.read_bytes() == again.read_bytes()


def test_a_package_that_is_absent_gives_no_speech(tmp_path: Path) -> None:
    assert speech.from_debian(tmp_path, tmp_path / "made", []) == []


def test_beds_are_noise_of_different_slopes_rates_and_channels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beds, "_SECONDS", 2)
    found = beds.made(tmp_path)
    infos = [soundfile.info(clip.path) for clip in found]
    assert len(found) == 30
    assert {clip.generated for clip in found} == {False}
    assert {info.channels for info in infos} == {1, 2}
    assert len({info.samplerate for info in infos}) > 2
    slopes = []
    for clip in found:
        pcm, _ = soundfile.read(clip.path, always_2d=True)
        power = np.abs(np.fft.rfft(pcm[:, 0])) ** 2
        half = power.size // 2
        slopes.append(power[half:].mean() / power[1:half].mean())
    assert min(slopes) < 0.1
    assert max(slopes) > 0.8


def test_without_weights_there_are_no_copies_by_the_vocoder(music: list[Recording], tmp_path: Path) -> None:
    assert vocoded.made(music, tmp_path / "copies", fetch=False) == []


def test_copies_that_are_there_are_taken_as_generated(music: list[Recording], tmp_path: Path) -> None:
    copies = tmp_path / "copies"
    copies.mkdir()
    soundfile.write(copies / "songs-song-1.flac", np.zeros(RATE), RATE)
    (copy,) = vocoded.made(music, copies, fetch=False)
    assert (copy.generated, copy.generator, copy.path.name) == (True, "hifigan", "songs-song-1.flac")
