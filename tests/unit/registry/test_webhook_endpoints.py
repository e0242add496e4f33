"""Registering where a distributor is told of decisions."""

from datetime import timedelta

from shared.webhooks.registering import OVERLAP
from shared.webhooks.sealing import Seal
from tests.support.registry import World

ENDPOINT = "/v1/distributors/northwind/webhook"
URL = "https://hooks.northwind.example/trackgate"


async def registered(world: World) -> None:
    answer = await world.client.post("/v1/distributors", json={"name": "Northwind"})
    assert answer.status_code == 201


async def test_the_secret_is_told_once_and_kept_sealed(world: World) -> None:
    await registered(world)
    first = (await world.client.put(ENDPOINT, json={"url": URL})).json()
    assert first["secret"].endswith("0001")
    assert (await world.client.get(ENDPOINT)).json()["secret"] is None
    kept = world.registry.webhooks.current["northwind"]
    assert "whsec" not in kept.model_dump_json()
    assert Seal(bytes(32)).open(kept.sealed_secret, "northwind") == "whsec_0001"


async def test_a_changed_url_keeps_the_secret_and_starts_a_new_generation(world: World) -> None:
    await registered(world)
    await world.client.put(ENDPOINT, json={"url": URL})
    since = world.clock.at
    world.clock.at += timedelta(days=1)
    moved = (await world.client.put(ENDPOINT, json={"url": URL + "/2"})).json()
    assert (moved["secret"], moved["generation"]) == (None, 2)
    kept = world.registry.webhooks.current["northwind"]
    assert kept.since == since
    assert Seal(bytes(32)).open(kept.sealed_secret, "northwind") == "whsec_0001"


async def test_after_a_new_secret_the_one_before_signs_for_a_day(world: World) -> None:
    await registered(world)
    await world.client.put(ENDPOINT, json={"url": URL})
    told = (await world.client.put(ENDPOINT, json={"url": URL, "new_secret": True})).json()
    assert told["secret"].endswith("0002")
    kept = world.registry.webhooks.current["northwind"]
    assert kept.previous_until == world.clock.at + OVERLAP
    assert Seal(bytes(32)).open(kept.previous_sealed or "", "northwind") == "whsec_0001"


async def test_an_endpoint_inside_is_refused_unless_its_host_is_allowed(world: World) -> None:
    await registered(world)
    for url in (
        "http://hooks.example/",
        "https://127.0.0.1/",
        "https://[::ffff:10.0.0.1]/",
        "ftp://x.example/",
    ):
        answer = await world.client.put(ENDPOINT, json={"url": url})
        assert answer.status_code == 422, url
        assert answer.json()["errors"][0]["field"] == "url"
    assert (await world.client.put(ENDPOINT, json={"url": "http://hooks.internal:9/"})).status_code == 200


async def test_switched_off_and_on_again(world: World) -> None:
    await registered(world)
    assert (await world.client.get(ENDPOINT)).status_code == 404
    assert (await world.client.delete(ENDPOINT)).status_code == 404
    await world.client.put(ENDPOINT, json={"url": URL})
    assert (await world.client.delete(ENDPOINT)).json()["active"] is False
    again = (await world.client.put(ENDPOINT, json={"url": URL})).json()
    assert (again["active"], again["secret"], again["generation"]) == (True, None, 3)


async def test_an_unknown_distributor_has_none(world: World) -> None:
    assert (await world.client.put("/v1/distributors/nobody/webhook", json={"url": URL})).status_code == 404
