"""Who hears what, through which link, for how long, and what the audit log knows of it."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from services.moderation.domain.cases import case_id_of
from services.moderation.listening import AudioLinks, Listening, NotThisLink, Sound
from services.moderation.references import references
from shared.clock import SetClock
from shared.events import ArtistMatch, ArtistStatus, ProtectedArtist, Verdict, VoiceReference
from tests.support.events import A_TIME, a_finding, an_upload
from tests.unit.moderation.desk_fakes import NOW, TOKENS, DeskWorld, a_decision

pytestmark = pytest.mark.asyncio
Client = Callable[[str], httpx.AsyncClient]
BYTES = b"RIFF" + bytes(range(96))
LIVA = ProtectedArtist(
    event_id="liva-1",
    occurred_at=A_TIME,
    artist_id="liva",
    name="Liva Norrfjell",
    references=tuple(
        VoiceReference(
            uri=f"trackgate://registry/sha256/{n * 64}", sha256=n * 64, seconds=12.0, rights_basis="own"
        )
        for n in "ab"
    ),
    biometric_consent="a test's",
)


class Registry:
    def __init__(self, *artists: ProtectedArtist) -> None:
        self.artists = {artist.artist_id: artist for artist in artists}

    def named(self, artist_id: str) -> ProtectedArtist | None:
        return self.artists.get(artist_id)


@pytest.fixture
def registry() -> Registry:
    return Registry(LIVA)


@pytest.fixture
def world(tmp_path: Path, registry: Registry) -> DeskWorld:
    audio = tmp_path / "audio"
    audio.write_bytes(BYTES)
    return DeskWorld(audio, artists=registry)


@pytest.fixture
def client(world: DeskWorld) -> Client:
    transport = httpx.ASGITransport(world.app())

    def signed_in(who: str) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {TOKENS[who]}"}
        return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=headers)

    return signed_in


def matched(world: DeskWorld) -> None:
    match = ArtistMatch(artist_id="liva", verdict=Verdict.MATCH, score=0.7, probability=0.9, threshold=0.5)
    finding = a_finding(an_upload(), detector="voice_matcher")
    world.tracks.record(finding.model_copy(update={"verdict": Verdict.MATCH, "matches": (match,)}))


async def links(client: httpx.AsyncClient, case_id: str) -> list[str]:
    return [sound["url"] for sound in (await client.get(f"/v1/cases/{case_id}/audio")).json()["sounds"]]


async def test_only_the_holder_is_given_a_link_and_each_listening_is_logged(
    world: DeskWorld, client: Client
) -> None:
    case_id = await world.hold()
    ada = client("ada")
    assert (await ada.get(f"/v1/cases/{case_id}/audio")).status_code == 403
    assert (await ada.post(f"/v1/cases/{case_id}/claim")).status_code == 200
    (url,) = await links(ada, case_id)
    part = await ada.get(url, headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.headers["content-range"]) == (206, "bytes 10-19/100")
    assert part.content == BYTES[10:20]
    assert part.headers["content-type"] == "audio/wav"
    assert (await ada.get(url, headers={"Range": "bytes=500-"})).status_code == 416
    heard = [entry for entry in world.audit.entries if entry["deed"] == "heard"]
    assert [(entry["reviewer_id"], entry["case_id"], entry["sound"]) for entry in heard] == [
        ("ada", case_id, "recording")
    ]
    (again,) = await links(ada, case_id)
    await ada.get(again)
    assert world.audit.deeds.count("heard") == 2
    world.audio.unlink()
    assert (await ada.get(again)).status_code == 404


async def test_a_link_opens_nothing_for_somebody_else_or_after_its_time(
    world: DeskWorld, client: Client
) -> None:
    case_id = await world.hold()
    sam = client("sam")
    (url,) = await links(sam, case_id)
    assert (await sam.get(url)).status_code == 200
    assert (await client("ada").get(url)).status_code == 403
    assert (await sam.get(url[:-2])).status_code == 403
    assert (await sam.get(url.replace(case_id, case_id_of("another")))).status_code == 403
    world.clock.at += timedelta(minutes=5)
    assert (await sam.get(url)).status_code == 403


async def test_a_link_ends_with_the_claim(world: DeskWorld, client: Client) -> None:
    case_id = await world.hold()
    ada = client("ada")
    token = (await ada.post(f"/v1/cases/{case_id}/claim")).json()["token"]
    (url,) = await links(ada, case_id)
    assert (await ada.post(f"/v1/cases/{case_id}/release", json={"token": token})).status_code == 204
    assert (await ada.get(url)).status_code == 403


async def test_references_of_a_matched_artist_are_offered_until_protection_is_withdrawn(
    world: DeskWorld, client: Client, registry: Registry
) -> None:
    case_id = await world.hold()
    matched(world)
    sam = client("sam")
    recording, first, second = await links(sam, case_id)
    assert (await sam.get(first)).status_code == 200
    heard = [entry["sound"] for entry in world.audit.entries if entry["deed"] == "heard"]
    assert heard == ["reference liva 0"]
    registry.artists["liva"] = LIVA.model_copy(update={"status": ArtistStatus.WITHDRAWN})
    assert (await sam.get(second)).status_code == 404
    assert (await sam.get(recording)).status_code == 200
    assert len(await links(sam, case_id)) == 1


async def test_the_case_page_carries_links_only_for_who_may_hear(world: DeskWorld, client: Client) -> None:
    case_id = await world.hold()
    matched(world)
    heard = (await client("sam").get(f"/cases/{case_id}")).text
    assert heard.count(f"/v1/cases/{case_id}/audio/") == 3
    assert f"/v1/cases/{case_id}/audio/" not in (await client("vic").get(f"/cases/{case_id}")).text


async def test_no_match_offers_no_reference(world: DeskWorld) -> None:
    await world.hold()
    view = await world.tracks.view(a_decision().track_id)
    assert references(view, world.artists) == ()


async def test_links_are_signed_with_the_key_that_all_processes_share() -> None:
    async def shared() -> bytes:
        return b"k" * 32

    async def other() -> bytes:
        return b"o" * 32

    clock = SetClock(NOW)
    link, until = await AudioLinks(clock, shared).to(Sound("case", "liva", 1), "session")
    assert until == NOW + timedelta(minutes=5)
    followed = await AudioLinks(clock, shared).follow(link, "session")
    assert isinstance(followed, Listening)
    assert followed.sound == Sound("case", "liva", 1)
    for links_, session in ((AudioLinks(clock, other), "session"), (AudioLinks(clock, shared), "another")):
        assert isinstance(await links_.follow(link, session), NotThisLink)
