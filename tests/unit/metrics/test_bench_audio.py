"""Tracks for the load test: real audio, every one with bytes of its own, all of them valid."""

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile

from services.cli.commands.bench_audio import RATE, Recording, recordings
from shared.audio.child import decode
from shared.audio.limits import DecodeLimits
from shared.audio.window import BytesSource
from shared.errors import SettingsError

SAMPLES = Path(__file__).parents[3] / "deploy" / "samples" / "tracks"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> list[Recording]:
    return recordings(SAMPLES, tmp_path_factory.mktemp("work"), seconds=12.0, variants=2)


def samples_of(content: bytes) -> "np.ndarray[tuple[int, ...], np.dtype[np.int16]]":
    return soundfile.read(io.BytesIO(content), dtype="int16")[0]


def test_tracks_have_the_wanted_length_and_differ(made: list[Recording]):
    first, second = (samples_of(one.content) for one in made)
    assert first.shape == second.shape == (12 * RATE, 2)
    assert not np.array_equal(first, second)
    assert np.abs(first).max() > 1000


def test_each_copy_is_other_bytes_with_the_same_audio_that_the_sandbox_takes(made: list[Recording]):
    copies = [made[0].unique() for _ in range(3)]
    assert len(set(copies)) == 3
    for copy in copies:
        assert np.array_equal(samples_of(copy), samples_of(made[0].content))
        assert decode(BytesSource(copy), DecodeLimits(), None)["frames"] == 12 * RATE


def test_a_folder_without_usable_recordings_is_refused(tmp_path: Path):
    (tmp_path / "notes.txt").write_text("no audio")
    with pytest.raises(SettingsError, match="44100"):
        recordings(tmp_path, tmp_path, seconds=10, variants=1)
