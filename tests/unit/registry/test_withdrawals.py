"""A withdrawn artist is looked for no more, and nothing of the voice is kept."""

import httpx

from shared.events import ArtistStatus, ProposalState
from tests.support.registry import World


def code(answer: httpx.Response) -> str:
    return str(answer.json()["type"]).rpartition(":")[2]


class TestWithdrawal:
    async def test_the_search_stops_then_the_key_goes_then_the_recordings(self, world: World) -> None:
        await world.protect()
        answer = await world.client.post("/v1/artists/ada/withdraw")

        assert answer.json()["status"] == "withdrawn"
        assert answer.json()["references"] == []
        assert world.recordings.kept == {}
        assert world.voiceprints.keys == {}
        assert world.voiceprints.deeds[-1] == ("forget", "ada", "administrator")
        assert [(event.status, len(event.references)) for event in world.artists.said] == [
            (ArtistStatus.ACTIVE, 1),
            (ArtistStatus.WITHDRAWN, 1),
            (ArtistStatus.WITHDRAWN, 0),
        ]

    async def test_it_takes_a_waiting_proposal_along(self, world: World) -> None:
        await world.protect()
        await world.propose("ada", ("new.flac", b"new"), by="rita")
        await world.client.post("/v1/artists/ada/withdraw")
        assert world.recordings.kept == {}
        assert world.proposals.current["ada"].state is ProposalState.CANCELLED
        assert code(await world.approve()) == "not-pending"

    async def test_cut_off_in_the_middle_it_is_finished_by_repeating(self, world: World) -> None:
        await world.protect()
        world.recordings.broken = True
        assert (await world.client.post("/v1/artists/ada/withdraw")).status_code == 503
        assert world.artists.current["ada"].status is ArtistStatus.WITHDRAWN

        world.recordings.broken = False
        assert (await world.client.post("/v1/artists/ada/withdraw")).status_code == 200
        assert world.recordings.kept == {}
        assert world.artists.current["ada"].references == ()

    async def test_or_by_the_next_start(self, world: World) -> None:
        await world.protect()
        world.recordings.broken = True
        await world.client.post("/v1/artists/ada/withdraw")
        world.recordings.broken = False

        assert (await world.registry.artists.finish_what_was_cut_off()).finished == ("ada",)
        assert world.recordings.kept == {}
        assert (await world.registry.artists.finish_what_was_cut_off()).finished == ()

    async def test_recordings_in_another_store_are_named_and_do_not_keep_the_registry_from_starting(
        self, world: World
    ) -> None:
        await world.protect()
        world.recordings.broken = True
        await world.client.post("/v1/artists/ada/withdraw")
        world.recordings.broken = False
        world.recordings.elsewhere = True

        cut_off = await world.registry.artists.finish_what_was_cut_off()
        assert (cut_off.finished, cut_off.elsewhere) == ((), ("ada",))
        assert world.voiceprints.keys == {}
        assert world.artists.current["ada"].references != ()

    async def test_a_start_gives_a_key_to_artists_from_before_there_were_keys(self, world: World) -> None:
        await world.protect()
        world.voiceprints.keys.clear()
        await world.registry.artists.finish_what_was_cut_off()
        assert list(world.voiceprints.keys) == ["ada"]

    async def test_a_recording_that_another_artist_has_too_stays(self, world: World) -> None:
        await world.protect("ada", ("duet.flac", b"both of them"))
        await world.protect("eve", ("duet.flac", b"both of them"))
        await world.client.post("/v1/artists/ada/withdraw")
        assert list(world.recordings.kept.values()) == [b"both of them"]

    async def test_repeating_changes_nothing(self, world: World) -> None:
        await world.protect()
        for _ in range(2):
            assert (await world.client.post("/v1/artists/ada/withdraw")).status_code == 200
        assert len(world.artists.said) == 3

    async def test_protected_again_the_artist_starts_afresh(self, world: World) -> None:
        await world.protect()
        await world.client.post("/v1/artists/ada/withdraw")
        answer = await world.protect("ada", ("new.flac", b"new voice"))
        assert answer.json()["status"] == "active"
        assert list(world.recordings.kept.values()) == [b"new voice"]

    async def test_of_nobody_is_not_found(self, world: World) -> None:
        assert (await world.client.post("/v1/artists/nobody/withdraw")).status_code == 404
