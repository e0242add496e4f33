"""From the registry's topic to the index of every worker: seconds, in a large registry as in a small one."""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path

from services.voice_matcher.domain import MatchVerdict
from services.voice_matcher.enrolment import Enrolment
from services.voice_matcher.index import SCORED_WHOLE, VoiceIndex
from shared.events import ArtistStatus, ProtectedArtist, VoiceReference
from shared.objects.folder import FolderStore
from shared.stream.admin import create_topics
from shared.stream.compacted import CompactedTopic
from shared.stream.confluent_publisher import ConfluentPublisher
from shared.stream.envelope import envelope
from shared.topics import ARTISTS
from tests.support.stack import Endpoints
from tests.unit.voice_matcher.voices import Singer, ToldEars, yardstick

WORKERS = 3
OTHERS = SCORED_WHOLE + 1000
ALLOWED_SECONDS = 10.0
ANNA = Singer(1)


@contextlib.asynccontextmanager
async def a_follower(endpoints: Endpoints, store: FolderStore, ears: ToldEars) -> AsyncIterator[Enrolment]:
    """What a worker runs to follow the registry, with a large registry already in its index."""
    index = VoiceIndex(yardstick())
    index.put_many(Singer(1000 + number).template(f"other-{number}") for number in range(OTHERS))
    enrolment = Enrolment(ears, store, index)
    async with CompactedTopic(
        ARTISTS, ProtectedArtist, endpoints.bootstrap_servers, on_change=enrolment.on_change
    ):
        following = asyncio.create_task(enrolment.run())
        try:
            yield enrolment
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)


async def in_time(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(ALLOWED_SECONDS):
        while not condition():  # noqa: ASYNC110 - what is waited for happens in several indexes
            await asyncio.sleep(0.02)


async def test_an_artist_is_found_and_forgotten_by_every_worker_within_ten_seconds(
    endpoints: Endpoints, tmp_path: Path
) -> None:
    create_topics(endpoints.bootstrap_servers, 3)
    store = FolderStore(tmp_path)
    artist_id = f"anna-{uuid.uuid4()}"

    async def body() -> AsyncIterator[bytes]:
        yield artist_id.encode()

    kept = await store.put(body(), limit_bytes=1000)
    ears = ToldEars({kept.sha256: ANNA.heard()})
    artist = ProtectedArtist(
        event_id=str(uuid.uuid4()),
        occurred_at=datetime.now(UTC),
        artist_id=artist_id,
        name="Anna",
        references=(VoiceReference(uri=kept.uri, sha256=kept.sha256, seconds=10.0, rights_basis="test"),),
        biometric_consent="given for this test",
    )
    async with contextlib.AsyncExitStack() as stack:
        followers = [
            await stack.enter_async_context(a_follower(endpoints, store, ears)) for _ in range(WORKERS)
        ]
        publisher = await stack.enter_async_context(ConfluentPublisher(endpoints.bootstrap_servers))

        await publisher.publish(envelope(ARTISTS, artist, source="test"))
        await in_time(lambda: all(artist_id in one.index for one in followers))
        for one in followers:
            best = one.index.search(ANNA.heard(), at_most=1)[0]
            assert (best.artist_id, best.verdict) == (artist_id, MatchVerdict.MATCH)

        gone = artist.model_copy(update={"status": ArtistStatus.WITHDRAWN, "event_id": str(uuid.uuid4())})
        await publisher.publish(envelope(ARTISTS, gone, source="test"))
        await in_time(lambda: all(artist_id not in one.index for one in followers))
        for one in followers:
            found = one.index.search(ANNA.heard())
            assert artist_id not in {score.artist_id for score in found}
            assert len(one.index) >= OTHERS
