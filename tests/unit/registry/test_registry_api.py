"""The registry as its administrators meet it."""

import hashlib
import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from services.registry.domain import Recording, Refused
from shared.events import ArtistStatus
from tests.support.registry import World

ADA = {
    "name": "Ada Voice",
    "isni": "0000 0001 2281 955X",
    "aliases": ["A. Voice"],
    "biometric_consent": "Signed by Ada on paper on 2026-01-02.",
    "rights_basis": "own recording",
}
GRANT = {
    "artist_id": "ada",
    "grantee": "acme",
    "uses": ["cloned_vocal"],
    "valid_until": "2027-01-01T00:00:00Z",
}


async def enrol(
    world: World, artist_id: str = "ada", *files: tuple[str, bytes], **changes: Any
) -> httpx.Response:
    return await world.client.put(
        f"/v1/artists/{artist_id}",
        files=[
            ("artist", (None, json.dumps({**ADA, **changes}))),
            *(("references", file) for file in files or (("a.flac", b"sound of ada"),)),
        ],
    )


async def register(world: World, name: str = "Acme") -> httpx.Response:
    return await world.client.post("/v1/distributors", json={"name": name})


def faults(answer: httpx.Response) -> dict[str, str]:
    return {fault["field"]: fault["reason"] for fault in answer.json()["errors"]}


class TestToken:
    async def test_without_the_token_nothing_is_told_or_done(self, world: World) -> None:
        for headers in (
            {"Authorization": "Bearer wrong"},
            {"Authorization": "Basic x"},
            {"Authorization": ""},
        ):
            answer = await world.client.post("/v1/distributors", json={"name": "Acme"}, headers=headers)
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"] == "Bearer"
            assert answer.headers["content-type"] == "application/problem+json"
            assert (await world.client.get("/v1/artists", headers=headers)).status_code == 401
        assert world.distributors.said == []

    async def test_the_probes_need_none(self, world: World) -> None:
        assert (await world.client.get("/healthz", headers={"Authorization": ""})).status_code == 200


class TestDistributors:
    async def test_the_key_is_told_once_and_only_its_digest_is_kept(self, world: World) -> None:
        answer = await register(world)

        assert answer.status_code == 201
        key = answer.json()["api_key"]
        assert world.distributors.current["acme"].api_key_sha256 == hashlib.sha256(key.encode()).hexdigest()
        for path in ("/v1/distributors", "/v1/distributors/acme"):
            told = (await world.client.get(path)).text
            assert "Acme" in told
            assert key not in told
            assert "sha256" not in told

    async def test_a_name_is_registered_once(self, world: World) -> None:
        await register(world)
        answer = await register(world)
        assert answer.status_code == 409
        assert "new key" in faults(answer)["distributor_id"]
        assert len(world.distributors.said) == 1

    async def test_a_name_without_letters_to_make_an_id_of_wants_one(self, world: World) -> None:
        answer = await register(world, "音楽")
        assert answer.status_code == 422
        given = await world.client.post("/v1/distributors", json={"name": "音楽", "distributor_id": "ongaku"})
        assert given.json()["distributor_id"] == "ongaku"

    async def test_a_new_key_replaces_the_old_one(self, world: World) -> None:
        old = (await register(world)).json()["api_key"]
        new = (await world.client.post("/v1/distributors/acme/key")).json()["api_key"]
        assert new != old
        assert world.distributors.current["acme"].api_key_sha256 == hashlib.sha256(new.encode()).hexdigest()

    async def test_one_can_be_switched_off_and_on(self, world: World) -> None:
        await register(world)
        assert (await world.client.post("/v1/distributors/acme/deactivate")).json()["active"] is False
        assert (await world.client.post("/v1/distributors/acme/deactivate")).json()["active"] is False
        assert len(world.distributors.said) == 2
        assert (await world.client.post("/v1/distributors/acme/activate")).json()["active"] is True

    @pytest.mark.parametrize("path", ["key", "deactivate", "activate"])
    async def test_an_unknown_one_is_not_found(self, world: World, path: str) -> None:
        assert (await world.client.post(f"/v1/distributors/nobody/{path}")).status_code == 404


class TestEnrolment:
    async def test_an_artist_is_announced_with_the_recordings_as_they_were_measured(
        self, world: World
    ) -> None:
        world.recordings.findings["b.wav"] = Recording(seconds=4.5, sample_rate=16_000, silent=False)
        answer = await enrol(world, "ada", ("a.flac", b"one"), ("b.wav", b"two"))

        assert answer.status_code == 200, answer.text
        assert answer.json()["isni"] == "000000012281955X"
        announced = world.artists.current["ada"]
        assert [reference.seconds for reference in announced.references] == [10.0, 4.5]
        assert {reference.uri for reference in announced.references} == set(world.recordings.kept)
        assert {reference.rights_basis for reference in announced.references} == {"own recording"}

    async def test_what_is_told_does_not_say_where_recordings_lie(self, world: World) -> None:
        await enrol(world)
        assert "memory://" not in (await world.client.get("/v1/artists/ada")).text

    async def test_the_same_enrolment_again_changes_nothing(self, world: World) -> None:
        first = await enrol(world)
        world.clock.at += timedelta(days=1)
        assert (await enrol(world)).json() == first.json()
        assert len(world.artists.said) == 1
        assert len(world.recordings.kept) == 1

    async def test_a_change_keeps_the_recordings_and_adds_those_sent_along(self, world: World) -> None:
        await enrol(world)
        await enrol(world, "ada", ("more.flac", b"more of ada"), name="Ada Loud Voice")
        current = world.artists.current["ada"]
        assert current.name == "Ada Loud Voice"
        assert len(current.references) == 2

    async def test_going_back_to_an_earlier_state_is_news_with_an_id_of_its_own(self, world: World) -> None:
        for name in ("Ada", "Eve", "Ada"):
            await enrol(world, name=name)
        assert len({event.event_id for event in world.artists.said}) == 3

    async def test_post_enrols_only_who_is_not_enrolled(self, world: World) -> None:
        parts: list[tuple[str, Any]] = [
            ("artist", (None, json.dumps({**ADA, "artist_id": "ada"}))),
            ("references", ("a.flac", b"sound of ada")),
        ]
        assert (await world.client.post("/v1/artists", files=parts)).status_code == 201
        assert (await world.client.post("/v1/artists", files=parts)).status_code == 409

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"isni": "0000 0001 2281 9550"}, "isni"),
            ({"biometric_consent": ""}, "biometric_consent"),
            ({"biometric_consent": "yes"}, "biometric_consent"),
            ({"name": " "}, "name"),
            ({"alias": []}, "alias"),
            ({"rights_basis": None}, "rights_basis"),
            ({"own_distributors": ["nobody"]}, "own_distributors"),
        ],
    )
    async def test_a_wrong_field_is_named_and_nothing_is_kept(
        self, world: World, changes: dict[str, Any], field: str
    ) -> None:
        answer = await enrol(world, **changes)
        assert answer.status_code == 422
        assert list(faults(answer)) == [field]
        assert world.artists.said == []
        assert world.recordings.kept == {}

    @pytest.mark.parametrize(
        "finding",
        [
            Recording(seconds=2.9, sample_rate=44_100, silent=False),
            Recording(seconds=1801.0, sample_rate=44_100, silent=False),
            Recording(seconds=10.0, sample_rate=8_000, silent=False),
            Recording(seconds=10.0, sample_rate=44_100, silent=True),
            Refused("recording-not-audio", "text.flac: this is no audio", "references"),
        ],
    )
    async def test_one_unfit_recording_refuses_all_and_nothing_is_kept(
        self, world: World, finding: Recording | Refused
    ) -> None:
        world.recordings.findings["bad.flac"] = finding
        answer = await enrol(world, "ada", ("good.flac", b"good"), ("bad.flac", b"bad"))
        assert answer.status_code == 422
        assert "references" in faults(answer)
        assert world.artists.said == []
        assert world.recordings.kept == {}

    async def test_a_recording_over_the_limit_is_refused(self, world: World) -> None:
        answer = await enrol(world, "ada", ("big.flac", b"x" * 1001))
        assert answer.json()["detail"] == "big.flac is larger than 1000 bytes"

    async def test_a_request_over_the_limit_is_refused_unread(self, world: World) -> None:
        answer = await enrol(world, "ada", ("big.flac", b"x" * 10_001))
        assert answer.status_code == 413
        assert world.recordings.kept == {}

    async def test_without_any_recording_there_is_nothing_to_look_for(self, world: World) -> None:
        answer = await world.client.put("/v1/artists/ada", files=[("artist", (None, json.dumps(ADA)))])
        assert answer.status_code == 422
        assert "recording" in faults(answer)["references"]

    async def test_json_instead_of_multipart_is_told_apart(self, world: World) -> None:
        assert (await world.client.put("/v1/artists/ada", json=ADA)).status_code == 415

    async def test_a_lost_broker_is_no_success_and_keeps_what_the_broker_may_name(self, world: World) -> None:
        world.artists.broken = True
        assert (await enrol(world)).status_code == 503
        world.artists.broken = False
        assert (await enrol(world)).status_code == 200
        assert {reference.uri for reference in world.artists.current["ada"].references} == set(
            world.recordings.kept
        )


class TestWithdrawal:
    async def test_the_search_stops_before_the_recordings_go(self, world: World) -> None:
        await enrol(world)
        answer = await world.client.post("/v1/artists/ada/withdraw")

        assert answer.json()["status"] == "withdrawn"
        assert answer.json()["references"] == []
        assert world.recordings.kept == {}
        assert [(event.status, len(event.references)) for event in world.artists.said] == [
            (ArtistStatus.ACTIVE, 1),
            (ArtistStatus.WITHDRAWN, 1),
            (ArtistStatus.WITHDRAWN, 0),
        ]

    async def test_cut_off_in_the_middle_it_is_finished_by_repeating(self, world: World) -> None:
        await enrol(world)
        world.recordings.broken = True
        assert (await world.client.post("/v1/artists/ada/withdraw")).status_code == 503
        assert world.artists.current["ada"].status is ArtistStatus.WITHDRAWN

        world.recordings.broken = False
        assert (await world.client.post("/v1/artists/ada/withdraw")).status_code == 200
        assert world.recordings.kept == {}
        assert world.artists.current["ada"].references == ()

    async def test_or_by_the_next_start(self, world: World) -> None:
        await enrol(world)
        world.recordings.broken = True
        await world.client.post("/v1/artists/ada/withdraw")
        world.recordings.broken = False

        assert await world.registry.artists.finish_withdrawals() == 1
        assert world.recordings.kept == {}
        assert await world.registry.artists.finish_withdrawals() == 0

    async def test_a_recording_that_another_artist_has_too_stays(self, world: World) -> None:
        await enrol(world, "ada", ("duet.flac", b"both of them"))
        await enrol(world, "eve", ("duet.flac", b"both of them"))
        await world.client.post("/v1/artists/ada/withdraw")
        assert list(world.recordings.kept.values()) == [b"both of them"]

    async def test_repeating_changes_nothing(self, world: World) -> None:
        await enrol(world)
        for _ in range(2):
            assert (await world.client.post("/v1/artists/ada/withdraw")).status_code == 200
        assert len(world.artists.said) == 3

    async def test_enrolled_again_the_artist_starts_afresh(self, world: World) -> None:
        await enrol(world)
        await world.client.post("/v1/artists/ada/withdraw")
        answer = await enrol(world, "ada", ("new.flac", b"new voice"))
        assert answer.json()["status"] == "active"
        assert list(world.recordings.kept.values()) == [b"new voice"]

    async def test_of_nobody_is_not_found(self, world: World) -> None:
        assert (await world.client.post("/v1/artists/nobody/withdraw")).status_code == 404


class TestGrants:
    async def test_consent_is_given_told_and_revoked(self, world: World) -> None:
        await register(world)
        await enrol(world)
        given = await world.client.put("/v1/grants/g1", json=GRANT)
        assert given.status_code == 200, given.text
        assert given.json()["live"] is True
        assert given.json()["label_required"] is True
        assert given.json()["valid_from"] == "2026-06-01T12:00:00Z"

        world.clock.at += timedelta(hours=1)
        revoked = await world.client.post("/v1/grants/g1/revoke")
        assert revoked.json()["live"] is False
        assert revoked.json()["revoked_at"] == "2026-06-01T13:00:00Z"

    async def test_the_same_grant_again_changes_nothing_even_later(self, world: World) -> None:
        await register(world)
        await enrol(world)
        await world.client.put("/v1/grants/g1", json=GRANT)
        world.clock.at += timedelta(hours=1)
        await world.client.put("/v1/grants/g1", json=GRANT)
        assert len(world.grants.said) == 1

    async def test_revoking_again_keeps_the_first_moment(self, world: World) -> None:
        await register(world)
        await enrol(world)
        await world.client.put("/v1/grants/g1", json=GRANT)
        first = await world.client.post("/v1/grants/g1/revoke")
        world.clock.at += timedelta(hours=1)
        assert (await world.client.post("/v1/grants/g1/revoke")).json() == first.json()

    async def test_what_was_revoked_is_not_revived_under_its_id(self, world: World) -> None:
        await register(world)
        await enrol(world)
        await world.client.put("/v1/grants/g1", json=GRANT)
        await world.client.post("/v1/grants/g1/revoke")
        answer = await world.client.put("/v1/grants/g1", json={**GRANT, "uses": ["sampling"]})
        assert answer.status_code == 409

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"artist_id": "nobody"}, "artist_id"),
            ({"grantee": "nobody"}, "grantee"),
            ({"uses": []}, "uses"),
            ({"territories": []}, "territories"),
            ({"territories": ["Germany"]}, "territories[0]"),
            ({"isrcs": ["nonsense"]}, "isrcs[0]"),
            ({"valid_until": "2026-06-01T12:00:00Z"}, "valid_until"),
            ({"valid_from": "2020-01-01T00:00:00Z", "valid_until": "2021-01-01T00:00:00Z"}, "valid_until"),
            ({"valid_until": "2036-06-01T12:00:01Z"}, "valid_until"),
            ({"valid_until": "2027-01-01T00:00:00"}, "valid_until"),
            ({"territory": ["DE"]}, "territory"),
        ],
    )
    async def test_what_is_not_clearly_allowed_is_refused(
        self, world: World, changes: dict[str, Any], field: str
    ) -> None:
        await register(world)
        await enrol(world)
        answer = await world.client.put("/v1/grants/g1", json={**GRANT, **changes})
        assert answer.status_code == 422
        assert field in {name.split("[constrained")[0] for name in faults(answer)}
        assert world.grants.said == []

    async def test_ten_years_to_the_second_are_allowed(self, world: World) -> None:
        await register(world)
        await enrol(world)
        until = {"valid_until": "2036-06-01T12:00:00Z"}
        assert (await world.client.put("/v1/grants/g1", json={**GRANT, **until})).status_code == 200

    async def test_a_withdrawn_artist_or_a_switched_off_distributor_gets_none(self, world: World) -> None:
        await register(world)
        await enrol(world)
        await world.client.post("/v1/distributors/acme/deactivate")
        assert "grantee" in faults(await world.client.put("/v1/grants/g1", json=GRANT))
        await world.client.post("/v1/artists/ada/withdraw")
        assert "artist_id" in faults(await world.client.put("/v1/grants/g1", json=GRANT))

    async def test_anyone_is_written_as_a_star(self, world: World) -> None:
        await enrol(world)
        assert (await world.client.put("/v1/grants/g1", json={**GRANT, "grantee": "*"})).status_code == 200

    async def test_a_grant_does_not_change_its_artist(self, world: World) -> None:
        await enrol(world)
        await enrol(world, "eve", ("e.flac", b"eve"))
        await world.client.put("/v1/grants/g1", json={**GRANT, "grantee": "*"})
        answer = await world.client.put("/v1/grants/g1", json={**GRANT, "grantee": "*", "artist_id": "eve"})
        assert answer.status_code == 409

    async def test_grants_are_listed_by_artist(self, world: World) -> None:
        await enrol(world)
        await enrol(world, "eve", ("e.flac", b"eve"))
        for grant_id, artist_id in (("g1", "ada"), ("g2", "eve")):
            grant = {**GRANT, "grantee": "*", "artist_id": artist_id}
            await world.client.put(f"/v1/grants/{grant_id}", json=grant)
        told = (await world.client.get("/v1/grants", params={"artist_id": "eve"})).json()
        assert [grant["grant_id"] for grant in told] == ["g2"]
        assert (await world.client.get("/v1/grants/g3")).status_code == 404
