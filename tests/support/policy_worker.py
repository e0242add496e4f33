"""The policy worker on a real Kafka and a real Redis: its settings, and what it makes of a track."""

import asyncio
from collections.abc import Callable

from redis.asyncio import Redis

from services.policy.adapters.redis_tracks import REBUILT
from shared.events import Event
from shared.stream.confluent_publisher import ConfluentPublisher
from shared.stream.envelope import envelope
from shared.topics import ARTISTS, FINDINGS, GRANTS, REVIEWS, UPLOADS, Topic
from shared.views.redis_tracks import RedisTrackViews
from shared.views.tracks import TrackView
from tests.support.processes import PATIENCE, worker_settings
from tests.support.stack import Endpoints

_TOPICS: dict[type[Event], Topic] = {
    topic.event: topic for topic in (UPLOADS, FINDINGS, REVIEWS, ARTISTS, GRANTS)
}


def policy_settings(endpoints: Endpoints, database: int) -> dict[str, str]:
    """Of a worker on a Redis ``database`` of its own, which waits for AI and voice and for nothing else."""
    return worker_settings(endpoints) | {
        "TRACKGATE_REDIS": redis_database(endpoints.redis_url, database),
        "TRACKGATE_POLICY_REQUIRED_DETECTORS": '["ai_detector", "voice_matcher"]',
    }


def redis_database(url: str, number: int) -> str:
    return f"{url.rsplit('/', 1)[0]}/{number}"


async def send(publisher: ConfluentPublisher, *events: Event) -> None:
    """Each to the topic that policy reads it from, one after the other."""
    for event in events:
        await publisher.publish(envelope(_TOPICS[type(event)], event, source="test"))


async def until(client: Redis, track_id: str, wanted: Callable[[TrackView], bool]) -> TrackView:
    """The track's view as soon as it is as wanted."""

    async def watching() -> TrackView:
        async for view in RedisTrackViews(client).watch(track_id):
            if wanted(view):
                return view
        raise AssertionError("watching ended")

    return await asyncio.wait_for(watching(), PATIENCE)


async def rebuilt(client: Redis) -> None:
    """Until a worker has noticed that the views are gone and built them anew; watchers are told nothing."""
    async with asyncio.timeout(PATIENCE):
        while not await client.exists(REBUILT):  # noqa: ASYNC110 - Redis has no notice for a key
            await asyncio.sleep(0.05)
