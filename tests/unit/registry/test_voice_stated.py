"""Which words on an artist change the voice: only those are worth listening to a month of tracks again."""

import json
from datetime import timedelta

from shared.events import ProtectedArtist
from shared.topics import ARTISTS, GRANTS, broker_topics
from tests.support.registry import ADA, World


def last(world: World) -> ProtectedArtist:
    return world.artists.current["ada"]


async def test_the_first_word_states_the_voice(world: World) -> None:
    await world.protect()
    assert last(world).voice_stated_at == last(world).occurred_at
    assert last(world).changes_the_voice


async def test_another_name_leaves_the_voice_as_it_was_stated(world: World) -> None:
    await world.protect()
    stated = last(world).voice_stated_at
    world.clock.at += timedelta(days=1)
    parts = [("artist", (None, json.dumps({**ADA, "name": "Ada Loud Voice"})))]
    answer = await world.client.put("/v1/artists/ada", files=parts)
    assert answer.status_code == 202, answer.text
    world.checked()
    await world.approve()
    assert last(world).name == "Ada Loud Voice"
    assert last(world).voice_stated_at == stated
    assert not last(world).changes_the_voice


async def test_one_more_recording_states_the_voice_anew(world: World) -> None:
    await world.protect()
    world.clock.at += timedelta(days=1)
    await world.protect("ada", ("more.flac", b"more of ada"))
    assert last(world).changes_the_voice
    assert last(world).voice_stated_at == last(world).occurred_at


async def test_coming_back_after_a_withdrawal_states_the_voice_anew(world: World) -> None:
    await world.protect()
    world.clock.at += timedelta(days=1)
    assert (await world.client.post("/v1/artists/ada/withdraw")).status_code == 200
    world.clock.at += timedelta(days=1)
    await world.protect()
    assert last(world).changes_the_voice


def test_the_brokers_topic_keeps_every_word_on_an_artist_for_a_week() -> None:
    by_name = {spec.name: spec.config for spec in broker_topics(3)}
    assert by_name[ARTISTS.name]["min.compaction.lag.ms"] == str(7 * 24 * 3600 * 1000)
    assert "min.compaction.lag.ms" not in by_name[GRANTS.name]
