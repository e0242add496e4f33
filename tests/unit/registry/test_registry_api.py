"""The registry as its administrators meet it."""

import hashlib
from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.support.registry import World

GRANT = {
    "artist_id": "ada",
    "grantee": "acme",
    "uses": ["cloned_vocal"],
    "valid_until": "2027-01-01T00:00:00Z",
    "granted_by": "Ada Voice",
}


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


class TestGrants:
    async def test_consent_is_given_told_and_revoked(self, world: World) -> None:
        await register(world)
        await world.protect()
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
        await world.protect()
        await world.client.put("/v1/grants/g1", json=GRANT)
        world.clock.at += timedelta(hours=1)
        await world.client.put("/v1/grants/g1", json=GRANT)
        assert len(world.grants.said) == 1

    async def test_revoking_again_keeps_the_first_moment(self, world: World) -> None:
        await register(world)
        await world.protect()
        await world.client.put("/v1/grants/g1", json=GRANT)
        first = await world.client.post("/v1/grants/g1/revoke")
        world.clock.at += timedelta(hours=1)
        assert (await world.client.post("/v1/grants/g1/revoke")).json() == first.json()

    async def test_what_was_revoked_is_not_revived_under_its_id(self, world: World) -> None:
        await register(world)
        await world.protect()
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
        await world.protect()
        answer = await world.client.put("/v1/grants/g1", json={**GRANT, **changes})
        assert answer.status_code == 422
        assert field in {name.split("[constrained")[0] for name in faults(answer)}
        assert world.grants.said == []

    async def test_ten_years_to_the_second_are_allowed(self, world: World) -> None:
        await register(world)
        await world.protect()
        until = {"valid_until": "2036-06-01T12:00:00Z"}
        assert (await world.client.put("/v1/grants/g1", json={**GRANT, **until})).status_code == 200

    async def test_a_withdrawn_artist_or_a_switched_off_distributor_gets_none(self, world: World) -> None:
        await register(world)
        await world.protect()
        await world.client.post("/v1/distributors/acme/deactivate")
        assert "grantee" in faults(await world.client.put("/v1/grants/g1", json=GRANT))
        await world.client.post("/v1/artists/ada/withdraw")
        assert "artist_id" in faults(await world.client.put("/v1/grants/g1", json=GRANT))

    async def test_anyone_is_written_as_a_star(self, world: World) -> None:
        await world.protect()
        assert (await world.client.put("/v1/grants/g1", json={**GRANT, "grantee": "*"})).status_code == 200

    async def test_a_grant_does_not_change_its_artist(self, world: World) -> None:
        await world.protect()
        await world.protect("eve", ("e.flac", b"eve"))
        await world.client.put("/v1/grants/g1", json={**GRANT, "grantee": "*"})
        answer = await world.client.put("/v1/grants/g1", json={**GRANT, "grantee": "*", "artist_id": "eve"})
        assert answer.status_code == 409

    async def test_grants_are_listed_by_artist(self, world: World) -> None:
        await world.protect()
        await world.protect("eve", ("e.flac", b"eve"))
        for grant_id, artist_id in (("g1", "ada"), ("g2", "eve")):
            grant = {**GRANT, "grantee": "*", "artist_id": artist_id}
            await world.client.put(f"/v1/grants/{grant_id}", json=grant)
        told = (await world.client.get("/v1/grants", params={"artist_id": "eve"})).json()
        assert [grant["grant_id"] for grant in told] == ["g2"]
        assert (await world.client.get("/v1/grants/g3")).status_code == 404
