"""Listening in another process: files in, voices or reasons out, and a death is survived."""

import asyncio
import hashlib
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
import soundfile

from services.voice_matcher.adapters.process_pool import PooledEars
from services.voice_matcher.domain import HeardVoice, NotHeard, Unheard
from services.voice_matcher.ears import Failing, Failure, Listening
from services.voice_matcher.listening import UPLOAD, Effort

SAMPLES = Path(__file__).parents[3] / "deploy" / "samples"
VOICE = SAMPLES / "tracks" / "switchboard-songs.flac"


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ears() -> AsyncIterator[PooledEars]:
    async with PooledEars(processes=1) as ears:
        yield ears


async def test_a_voice_comes_back_with_what_it_cost(ears: PooledEars) -> None:
    listening = await ears.listen(VOICE, UPLOAD, sha256=sha256(VOICE))
    assert isinstance(listening.heard, HeardVoice)
    assert listening.heard.seconds > 6.0
    assert 0.0 < listening.cpu_seconds < 30.0
    assert listening.seconds_searched >= listening.heard.seconds


async def test_bytes_that_were_not_announced_are_not_measured(ears: PooledEars) -> None:
    listening = await ears.listen(VOICE, UPLOAD, sha256="0" * 64)
    assert isinstance(listening.heard, Failure)
    assert listening.heard.kind is Failing.OTHER_BYTES


async def test_a_file_that_is_not_audio_says_so(ears: PooledEars) -> None:
    posing = SAMPLES / "tracks" / "not-audio.flac"
    listening = await ears.listen(posing, UPLOAD, sha256=sha256(posing))
    assert isinstance(listening.heard, Failure)
    assert listening.heard.kind is Failing.UNDECODABLE
    assert listening.heard.detail.startswith("not_audio")


async def test_the_event_loop_goes_on_meanwhile(ears: PooledEars) -> None:
    listening = asyncio.create_task(ears.listen(VOICE, UPLOAD, sha256=sha256(VOICE)))
    turns = 0
    while not listening.done():
        await asyncio.sleep(0.01)
        turns += 1
    assert turns > 10


def dies_with_its_process(path: Path, effort: Effort, sha256: str) -> Listening:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def dies_once(path: Path, effort: Effort, sha256: str) -> Listening:
    try:
        path.touch(exist_ok=False)
    except FileExistsError:
        return Listening(NotHeard(Unheard.SILENT, "nothing"), 0.1)
    return dies_with_its_process(path, effort, sha256)


async def test_a_file_that_kills_its_process_twice_is_a_failure() -> None:
    async with PooledEars(1, dies_with_its_process) as ears:
        listening = await ears.listen(VOICE, UPLOAD, sha256="-")
    assert isinstance(listening.heard, Failure)
    assert listening.heard.kind is Failing.CRASHED


async def test_a_file_beside_which_a_process_died_is_listened_to_again(tmp_path: Path) -> None:
    async with PooledEars(1, dies_once) as ears:
        listening = await ears.listen(tmp_path / "song", UPLOAD, sha256="-")
    assert isinstance(listening.heard, NotHeard)


@pytest.fixture(scope="module")
def long_song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    samples, rate = soundfile.read(VOICE, dtype="int16", always_2d=True)
    path = tmp_path_factory.mktemp("long") / "song.flac"
    soundfile.write(path, np.resize(samples, (180 * rate, samples.shape[1])), rate, subtype="PCM_16")
    return path


async def test_of_a_long_upload_stretches_from_all_of_it_are_searched_and_that_is_said(
    ears: PooledEars, long_song: Path
) -> None:
    listening = await ears.listen(long_song, UPLOAD, sha256=sha256(long_song))
    assert isinstance(listening.heard, HeardVoice)
    assert listening.seconds_searched == 96.0
    assert listening.heard.windows[0].start < 60.0
    assert listening.heard.windows[-1].end > 120.0


async def test_a_reference_is_searched_from_end_to_end(ears: PooledEars, long_song: Path) -> None:
    listening = await ears.listen(long_song, Effort(most_windows=2), sha256=sha256(long_song))
    assert listening.seconds_searched == pytest.approx(180.0)
