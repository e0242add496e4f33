"""Who is protected today is looked for in what was uploaded yesterday."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from services.voice_matcher.domain import NotHeard, Unheard
from services.voice_matcher.enrolment import Enrolment
from services.voice_matcher.handlers import TrackListener
from services.voice_matcher.index import VoiceIndex
from services.voice_matcher.relisten import BATCH, Relistening
from shared.clock import SetClock
from shared.events import ArtistStatus, FindingRecorded, RelistenRequested, TrackUploaded, Verdict
from shared.stream.message import Record
from shared.stream.outcome import Done, Retry
from shared.topics import RELISTENS
from tests.unit.voice_matcher.events import NOW, NamedStore, artist, sha, track, uri
from tests.unit.voice_matcher.voices import CALIBRATION, Singer, ToldEars, yardstick

ANNA, BO = Singer(1), Singer(2)
PROTECTED = artist("anna", "anna-1")
REQUEST = RelistenRequested.of(track(), PROTECTED)


def an_upload(number: int, received_at: datetime = NOW, name: str = "song") -> TrackUploaded:
    track_id = f"00000000-0000-5000-8000-{number:012d}"
    return track(name).model_copy(update={"track_id": track_id, "received_at": received_at})


class Acknowledging:
    def __init__(self) -> None:
        self.records: list[Record] = []

    async def publish(self, record: Record) -> None:
        self.records.append(record)

    @property
    def requests(self) -> list[RelistenRequested]:
        assert {record.topic for record in self.records} <= {RELISTENS.name}
        return [RelistenRequested.from_bytes(record.value) for record in self.records]


class World:
    def __init__(self, *, days: int = 30) -> None:
        self.ears = ToldEars({sha("anna-1"): ANNA.heard(), sha("bo-1"): BO.heard()})
        self.store = NamedStore()
        self.enrolment = Enrolment(self.ears, self.store, VoiceIndex(yardstick()))
        self.publisher = Acknowledging()
        self.uploads: list[bytes | None] = []
        clock = SetClock(NOW)
        self.listener = TrackListener(
            self.ears, self.store, self.enrolment, clock, calibration=CALIBRATION, model_version="test-1"
        )
        self.again = Relistening(self.listener, self.enrolment, self._all, self.publisher, clock, days=days)

    def _all(self) -> Iterator[bytes | None]:
        yield from self.uploads

    def delivered(self, *tracks: TrackUploaded) -> None:
        self.uploads += [one.to_bytes() for one in tracks]

    async def enrols(self, *artists: str) -> None:
        for artist_id in artists:
            self.enrolment.on_change(artist_id, artist(artist_id, f"{artist_id}-1"))
        await self.enrolment.settle()


@pytest.fixture
def world() -> World:
    return World()


async def test_every_recent_track_is_asked_for_once_by_its_latest_upload(world: World) -> None:
    world.delivered(an_upload(1), an_upload(2), an_upload(1, name="remaster"))
    world.uploads.append(b"no event")
    await world.enrols("anna")
    assert await world.again.on_artist(PROTECTED) == Done()
    asked = {request.track_id: request for request in world.publisher.requests}
    assert len(asked) == len(world.publisher.requests) == 2
    assert asked[an_upload(1).track_id].audio.sha256 == sha("remaster")
    assert {request.artist_id for request in asked.values()} == {"anna"}


async def test_tracks_outside_the_days_are_left_alone(world: World) -> None:
    kept = an_upload(1, NOW - timedelta(days=30))
    world.delivered(kept, an_upload(2, NOW - timedelta(days=30, seconds=1)))
    await world.enrols("anna")
    await world.again.on_artist(PROTECTED)
    assert [request.track_id for request in world.publisher.requests] == [kept.track_id]


async def test_tracks_that_were_compared_with_the_artist_when_they_came_are_left_alone(world: World) -> None:
    world.delivered(an_upload(1, NOW - timedelta(days=2)))
    await world.enrols("anna")
    earlier = PROTECTED.model_copy(update={"occurred_at": NOW - timedelta(days=4)})
    await world.again.on_artist(earlier)
    assert world.publisher.requests == []


async def test_more_tracks_than_a_batch_are_all_asked_for(world: World) -> None:
    world.delivered(*(an_upload(number) for number in range(BATCH + 1)))
    await world.enrols("anna")
    await world.again.on_artist(PROTECTED)
    assert len({request.track_id for request in world.publisher.requests}) == BATCH + 1


async def test_a_repeat_asks_with_the_same_ids_and_new_references_with_others(world: World) -> None:
    world.delivered(an_upload(1))
    await world.enrols("anna")
    for stated in (PROTECTED, PROTECTED, PROTECTED.model_copy(update={"event_id": "e-anna-again"})):
        await world.again.on_artist(stated)
    first, repeat, another = (request.event_id for request in world.publisher.requests)
    assert first == repeat != another


async def test_a_name_or_an_alias_that_changes_asks_for_nothing(world: World) -> None:
    world.delivered(an_upload(1))
    await world.enrols("anna")
    renamed = PROTECTED.model_copy(
        update={
            "event_id": "e-anna-renamed",
            "aliases": ("Anna B",),
            "voice_stated_at": PROTECTED.occurred_at - timedelta(seconds=1),
        }
    )
    assert await world.again.on_artist(renamed) == Done()
    assert world.publisher.requests == []


async def test_a_word_that_changes_the_voice_asks_for_every_recent_track(world: World) -> None:
    world.delivered(an_upload(1))
    await world.enrols("anna")
    retold = PROTECTED.model_copy(update={"voice_stated_at": PROTECTED.occurred_at})
    assert await world.again.on_artist(retold) == Done()
    assert len(world.publisher.requests) == 1


@pytest.mark.parametrize(
    "stated", [artist("anna", "anna-1", status=ArtistStatus.WITHDRAWN), artist("anna", "anna-1", consent=" ")]
)
async def test_nothing_is_asked_for_who_withdrew_or_never_consented(world: World, stated: object) -> None:
    world.delivered(an_upload(1))
    world.enrolment.on_change("anna", stated)  # type: ignore[arg-type]
    await world.enrolment.settle()
    assert await world.again.on_artist(stated) == Done()  # type: ignore[arg-type]
    assert world.publisher.requests == []


async def test_it_can_be_switched_off() -> None:
    world = World(days=0)
    world.delivered(an_upload(1))
    await world.enrols("anna")
    assert await world.again.on_artist(PROTECTED) == Done()
    assert world.publisher.requests == []


async def test_a_worker_that_has_not_heard_of_the_artist_waits(world: World) -> None:
    assert isinstance(await world.again.on_artist(PROTECTED), Retry)
    assert isinstance(await world.again.on_relisten(REQUEST), Retry)


async def test_a_worker_that_has_not_listened_to_the_artist_waits(world: World) -> None:
    world.enrolment.on_change("anna", PROTECTED)
    assert isinstance(await world.again.on_artist(PROTECTED), Retry)
    assert isinstance(await world.again.on_relisten(REQUEST), Retry)


async def test_a_worker_that_knows_only_the_older_references_waits(world: World) -> None:
    await world.enrols("anna")
    newer = REQUEST.model_copy(update={"occurred_at": NOW + timedelta(seconds=1)})
    assert isinstance(await world.again.on_relisten(newer), Retry)


async def test_a_voice_protected_since_is_found_and_told_apart_from_the_first_finding(world: World) -> None:
    world.ears.holds[sha("song")] = ANNA.heard(seed=5)
    await world.enrols("bo")
    first = await world.listener.listen(track())
    assert first.verdict is Verdict.NO_MATCH
    await world.enrols("anna")
    outcome = await world.again.on_relisten(REQUEST)
    assert isinstance(outcome, Done)
    (output,) = outcome.outputs
    assert isinstance(output.event, FindingRecorded)
    assert output.event.verdict is Verdict.MATCH
    assert [match.artist_id for match in output.event.matches] == ["anna"]
    assert output.event.measurements["artists_searched"] == 2.0
    assert output.event.event_id != first.event_id
    assert await world.again.on_relisten(REQUEST) == outcome


@pytest.mark.parametrize("voice", [BO.heard(seed=5), Singer(3).heard(), NotHeard(Unheard.NO_VOICE, "none")])
async def test_where_the_artist_is_not_heard_the_first_finding_stands(world: World, voice: object) -> None:
    world.ears.holds[sha("song")] = voice  # type: ignore[assignment]
    await world.enrols("anna", "bo")
    assert await world.again.on_relisten(REQUEST) == Done()
    assert world.ears.asked[-1] == sha("song")


async def test_who_withdrew_meanwhile_is_not_listened_for(world: World) -> None:
    await world.enrols("anna")
    world.enrolment.on_change("anna", artist("anna", "anna-1", status=ArtistStatus.WITHDRAWN))
    assert await world.again.on_relisten(REQUEST) == Done()
    world.enrolment.on_change("anna", None)
    assert await world.again.on_relisten(REQUEST) == Done()
    assert sha("song") not in world.ears.asked


async def test_audio_that_is_gone_ends_the_matter(world: World) -> None:
    await world.enrols("anna")
    world.store.missing.add(uri("song"))
    assert await world.again.on_relisten(REQUEST) == Done()


async def test_a_withdrawal_that_comes_before_the_registrys_own_reading_of_it_asks_for_nothing(
    world: World,
) -> None:
    world.delivered(an_upload(1))
    await world.enrols("anna")
    gone = PROTECTED.model_copy(update={"status": ArtistStatus.WITHDRAWN})
    assert await world.again.on_artist(gone) == Done()
    assert world.publisher.requests == []
