"""An artist key is told once, kept as a digest, and revoked at once."""

import hashlib
from datetime import timedelta
from typing import Any

import pytest

from tests.support.registry import World

KEY = {"key_id": "ada-acme", "valid_until": "2027-01-01T00:00:00Z"}


async def given(world: World, **changes: Any) -> Any:
    return await world.client.post("/v1/artists/ada/keys", json={**KEY, **changes})


async def test_it_is_told_once_and_only_its_digest_is_kept(world: World) -> None:
    await world.protect()
    answer = await given(world)
    assert answer.status_code == 201, answer.text
    key = answer.json()["artist_key"]
    assert world.artist_keys.current["ada-acme"].key_sha256 == hashlib.sha256(key.encode()).hexdigest()
    told = (await world.client.get("/v1/artists/ada/keys")).text
    assert "ada-acme" in told
    assert key not in told
    assert "sha256" not in told


async def test_it_lives_until_it_ends_or_is_revoked(world: World) -> None:
    await world.protect()
    assert (await given(world)).json()["live"] is True
    world.clock.at += timedelta(hours=1)
    first = await world.client.post("/v1/artists/ada/keys/ada-acme/revoke")
    assert (first.json()["live"], first.json()["revoked_at"]) == (False, "2026-06-01T13:00:00Z")
    world.clock.at += timedelta(hours=1)
    assert (await world.client.post("/v1/artists/ada/keys/ada-acme/revoke")).json() == first.json()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"distributor_id": "nobody"}, "distributor_id"),
        ({"valid_until": "2026-06-01T12:00:00Z"}, "valid_until"),
        ({"valid_until": "2036-06-01T12:00:01Z"}, "valid_until"),
        ({"distributor": "acme"}, "distributor"),
    ],
)
async def test_what_is_not_clearly_allowed_is_refused(
    world: World, changes: dict[str, Any], field: str
) -> None:
    await world.protect()
    answer = await given(world, **changes)
    assert answer.status_code == 422
    assert [fault["field"] for fault in answer.json()["errors"]] == [field]
    assert world.artist_keys.said == []


async def test_a_key_is_given_once_for_a_protected_artist_alone(world: World) -> None:
    assert (await given(world)).status_code == 422
    await world.protect()
    assert (await given(world)).status_code == 201
    assert (await given(world)).status_code == 409


async def test_of_another_artist_it_is_not_there_to_be_revoked(world: World) -> None:
    await world.protect()
    await world.protect("eve")
    await given(world)
    assert (await world.client.post("/v1/artists/eve/keys/ada-acme/revoke")).status_code == 404
    assert (await world.client.post("/v1/artists/ada/keys/nothing/revoke")).status_code == 404
