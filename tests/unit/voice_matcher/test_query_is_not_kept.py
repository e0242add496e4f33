"""The voice of whoever sings on an upload is compared and dropped: no copy of it leaves the comparison."""

import base64
import gc
import json
import weakref
from pathlib import Path

import pytest

from services.voice_matcher.domain import HeardVoice
from services.voice_matcher.enrolment import Enrolment
from services.voice_matcher.handlers import TrackListener
from shared.clock import SetClock
from shared.stream.outcome import Done
from tests.unit.voice_matcher.events import NOW, NamedStore, artist, track
from tests.unit.voice_matcher.test_voiceprints import World
from tests.unit.voice_matcher.voices import CALIBRATION, Singer, ToldEars

ANNA, STRANGER = Singer(1), Singer(7)


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    world.keys.make("anna")
    return world


async def screened(world: World, voice: HeardVoice) -> tuple[bytes, Enrolment, ToldEars]:
    """The finding on a track with this voice, by a worker that has Anna enrolled."""
    enrolment, ears = world.worker(anna_1=ANNA.heard(), song=voice)
    enrolment.on_change("anna", artist("anna", "anna-1"))
    await enrolment.settle()
    listener = TrackListener(
        ears, NamedStore(), enrolment, SetClock(NOW), calibration=CALIBRATION, model_version="model-1"
    )
    outcome = await listener.on_uploaded(track())
    assert isinstance(outcome, Done)
    (output,) = outcome.outputs
    return output.event.to_bytes(), enrolment, ears


@pytest.mark.parametrize("singer", [ANNA, STRANGER])
async def test_a_finding_tells_scores_and_times_and_nothing_of_the_voice(
    world: World, singer: Singer
) -> None:
    voice = singer.heard(seed=5)
    written, _, _ = await screened(world, voice)
    for network, rows in voice.embeddings.items():
        for row in (*rows, voice.mean(network)):
            assert base64.b64encode(row.tobytes()) not in written
            assert repr(float(row[0])).encode() not in written
    longest = max((len(found) for found in lists_of_numbers(json.loads(written))), default=0)
    assert longest < 8


async def test_screening_writes_no_template_no_key_and_no_line_of_the_access_log(world: World) -> None:
    await world.enrolled(artist("anna", "anna-1"), anna_1=ANNA.heard())
    before = sorted(path.name for path in world.folder.rglob("*")), len(world.topic.written)
    await screened(world, STRANGER.heard(seed=5))
    assert (sorted(path.name for path in world.folder.rglob("*")), len(world.topic.written)) == before
    assert world.deeds.count("template_sealed") == 1


async def test_nothing_holds_the_embedding_once_the_finding_is_made(world: World) -> None:
    voice = STRANGER.heard(seed=5)
    _, _enrolment, ears = await screened(world, voice)
    watched = weakref.ref(voice)
    ears.holds.clear()
    del voice
    gc.collect()
    assert watched() is None


def lists_of_numbers(told: object) -> list[list[float]]:
    if isinstance(told, dict):
        return [found for value in told.values() for found in lists_of_numbers(value)]
    if isinstance(told, list):
        own = [told] if told and all(isinstance(one, int | float) for one in told) else []
        return own + [found for value in told for found in lists_of_numbers(value)]
    return []
