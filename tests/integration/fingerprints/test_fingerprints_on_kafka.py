"""The fingerprints as a process on a real Kafka and a real Redis: what is removed stays down."""

import asyncio
import os
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager

import pytest
from confluent_kafka import Consumer
from redis.asyncio import Redis

from services.fingerprints.adapters.redis_mark import RedisMark
from services.fingerprints.adapters.redis_shelf import BUILT, MOST_SAME, RedisShelf
from services.fingerprints.domain import Recording
from services.fingerprints.search import CopySearch
from services.fingerprints.terms import words_of
from shared.errors import SystemicError
from shared.events import FindingRecorded, Outcome, Sameness, TrackUploaded, Verdict
from shared.fingerprint import Subfingerprints
from shared.stream.admin import create_topics
from shared.stream.confluent_publisher import ConfluentPublisher
from shared.stream.envelope import envelope
from shared.topics import DECISIONS, FINDINGS, UPLOADS
from tests.support.processes import python, worker_settings
from tests.support.recordings import decision, sound, upload, worn
from tests.support.stack import Endpoints

WORKER, SCRATCH = 11, 12
PATIENCE = 90.0


def database(endpoints: Endpoints, number: int) -> str:
    return f"{endpoints.redis_url.rsplit('/', 1)[0]}/{number}"


@pytest.fixture
async def scratch(endpoints: Endpoints) -> AsyncIterator[Redis]:
    """A database that no worker looks at, with a shelf that is whole."""
    async with Redis.from_url(database(endpoints, SCRATCH)) as client:
        await client.flushdb()
        await client.set(BUILT, b"1")
        yield client


async def shelved(client: Redis, *tracks: TrackUploaded) -> RedisShelf:
    shelf = RedisShelf(client)
    for track in tracks:
        await shelf.add(Recording.of(track))
    return shelf


async def copies_of(shelf: RedisShelf, heard: Subfingerprints, name: str = "asked") -> dict[str, Sameness]:
    found = await CopySearch(shelf).copies(Recording.of(upload(name, heard, distributor="ask", minutes=999)))
    return {copy.track_id: copy.sameness for copy in found}


async def test_a_recording_is_found_by_its_sound_among_others(scratch: Redis) -> None:
    tracks = [upload(f"song {number}", sound(number, 600)) for number in range(30)]
    shelf = await shelved(scratch, *tracks)
    for number in (0, 13, 29):
        heard = worn(sound(number, 600)[40:500], 0.04)
        assert await copies_of(shelf, heard) == {tracks[number].track_id: Sameness.SOUND}
    assert await copies_of(shelf, sound(99, 600)) == {}


async def test_adding_a_recording_twice_is_adding_it_once(scratch: Redis) -> None:
    track = upload("song", sound(1))
    shelf = await shelved(scratch, track)
    before = {key: await scratch.dump(key) for key in await scratch.keys("*")}
    await shelf.add(Recording.of(track))
    assert {key: await scratch.dump(key) for key in await scratch.keys("*")} == before


async def test_what_is_loaded_is_what_was_added(scratch: Redis) -> None:
    track = upload("song", sound(1), isrc="SEABC2600001")
    shelf = await shelved(scratch, track)
    loaded = (await shelf.load([track.track_id]))[track.track_id]
    assert loaded.recording == Recording.of(track)
    assert loaded.recording.sound is not None
    assert (loaded.recording.sound == sound(1)).all()
    assert not loaded.removed


async def test_the_highest_sequence_stands_whenever_it_comes(scratch: Redis) -> None:
    shelf = await shelved(scratch, upload("song", sound(1)))
    track = upload("song", None).track_id
    assert (await shelf.judged(track, 3, removed=True)).removed
    late = await shelf.judged(track, 2, removed=False)
    assert (late.removed, late.ever) == (True, True)
    restored = await shelf.judged(track, 4, removed=False)
    assert (restored.removed, restored.ever) == (False, True)


async def test_nobody_hides_a_removed_recording_behind_copies_of_it(scratch: Redis) -> None:
    same = {"audio": "same", "pcm": "same"}
    many = [upload(f"copy {number}", sound(1), minutes=number, **same) for number in range(MOST_SAME + 5)]
    removed = upload("removed", sound(1), minutes=500, **same)
    shelf = await shelved(scratch, *many, removed)
    assert removed.track_id not in await shelf.same_bytes(Recording.of(removed))
    await shelf.judged(removed.track_id, 2, removed=True)
    await shelf.keep_findable(Recording.of(removed))
    assert removed.track_id in await shelf.same_bytes(Recording.of(removed))
    assert removed.track_id in await copies_of(shelf, worn(sound(1), 0.03))


async def test_a_removed_recording_is_found_where_hardly_a_word_is_unchanged(scratch: Redis) -> None:
    track = upload("song", sound(1, 800))
    shelf = await shelved(scratch, track, *(upload(f"{n}", sound(n, 600)) for n in range(5, 25)))
    heard = worn(sound(1, 800), 0.16)
    assert track.track_id not in await copies_of(shelf, heard)
    await shelf.judged(track.track_id, 2, removed=True)
    await shelf.keep_findable(Recording.of(track))
    assert set(await copies_of(shelf, heard)) == {track.track_id}


async def test_an_emptied_shelf_answers_nothing_rather_than_no_match(scratch: Redis) -> None:
    shelf = await shelved(scratch, upload("song", sound(1)))
    await scratch.flushdb()
    with pytest.raises(SystemicError, match="gone from Redis"):
        await shelf.find(words_of(sound(1)))


async def test_a_rebuild_that_redis_was_emptied_under_is_not_finished(scratch: Redis) -> None:
    mark = RedisMark(scratch)
    await scratch.delete(BUILT)
    await mark.begin()
    await scratch.flushdb()
    with pytest.raises(SystemicError, match="emptied"):
        await mark.finish()
    assert not await mark.built()


def a_worker(endpoints: Endpoints) -> AbstractAsyncContextManager[asyncio.subprocess.Process]:
    settings = worker_settings(endpoints) | {"TRACKGATE_REDIS": database(endpoints, WORKER)}
    return python("-m", "services.fingerprints", environment=os.environ | settings)


class Findings:
    """What this detector said last of each track."""

    def __init__(self, bootstrap_servers: str) -> None:
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap_servers,
                "group.id": f"test-{uuid.uuid4()}",
                "auto.offset.reset": "earliest",
            }
        )
        self._consumer.subscribe([FINDINGS.name])
        self._by_track: dict[str, FindingRecorded] = {}

    def until(self, track: TrackUploaded, wanted: Callable[[FindingRecorded], bool]) -> FindingRecorded:
        """Blocks until the last finding on the track is as wanted."""
        ends = time.monotonic() + PATIENCE
        while (latest := self._by_track.get(track.track_id)) is None or not wanted(latest):
            assert time.monotonic() < ends, f"not in time; the last finding is {latest}"
            received = self._consumer.poll(0.2)
            if received is not None and received.error() is None:
                finding = FindingRecorded.from_bytes(received.value())
                if finding.detector == "fingerprint":
                    self._by_track[finding.track_id] = finding
        return latest

    def close(self) -> None:
        self._consumer.close()


@pytest.mark.timeout(300)
async def test_what_is_removed_stays_down_and_is_still_known_when_redis_lost_everything(
    endpoints: Endpoints,
) -> None:
    create_topics(endpoints.bootstrap_servers, 3)
    findings = Findings(endpoints.bootstrap_servers)
    run = str(uuid.uuid4())
    song = sound(abs(hash(run)) % 2**31, 600)
    original = upload(f"original {run}", song)
    copy = upload(f"copy {run}", worn(song, 0.03), distributor="south", artist="Else", minutes=1)
    again = upload(f"again {run}", worn(song, 0.03, seed=5), distributor="east", artist="Third", minutes=2)
    afterwards = upload(f"after {run}", worn(song, 0.03, seed=6), distributor="west", minutes=3)

    def verdict(track: TrackUploaded, wanted: Verdict) -> "asyncio.Future[FindingRecorded]":
        return asyncio.ensure_future(
            asyncio.to_thread(findings.until, track, lambda found: found.verdict is wanted)
        )

    async with (
        ConfluentPublisher(endpoints.bootstrap_servers) as publisher,
        Redis.from_url(database(endpoints, WORKER)) as redis,
        a_worker(endpoints) as worker,
    ):
        await publisher.publish(envelope(UPLOADS, original, source="test"))
        await verdict(original, Verdict.NO_MATCH)
        await publisher.publish(envelope(UPLOADS, copy, source="test"))
        await verdict(copy, Verdict.DUPLICATE_OF)
        await publisher.publish(envelope(DECISIONS, decision(original, Outcome.REJECT), source="test"))
        removed = await verdict(copy, Verdict.MATCH_REMOVED)
        assert removed.copies[0].track_id == original.track_id
        await publisher.publish(envelope(UPLOADS, again, source="test"))
        await verdict(again, Verdict.MATCH_REMOVED)

        await redis.flushdb()
        await publisher.publish(envelope(UPLOADS, afterwards, source="test"))
        found = await verdict(afterwards, Verdict.MATCH_REMOVED)
        assert {one.track_id for one in found.copies} >= {original.track_id, copy.track_id, again.track_id}
        worker.terminate()
        assert await asyncio.wait_for(worker.wait(), PATIENCE) == 0
    findings.close()
