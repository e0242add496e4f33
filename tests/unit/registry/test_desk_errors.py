"""What goes wrong on the registry's pages is told as a page, and in the API as a problem document."""

import httpx

from tests.support.registry import TOKEN, World
from tests.unit.registry.test_desk import a_visit

BROWSER = {"Accept": "text/html"}


async def test_a_wrong_address_is_a_page_that_leads_to_the_artists(world: World) -> None:
    async with a_visit(world, TOKEN) as visit:
        answer = await visit.client.get("/artist", headers=BROWSER)
    assert answer.status_code == 404
    assert "There is nothing here" in answer.text
    assert 'href="/artists"' in answer.text


async def test_the_api_answers_a_browser_with_problem_documents_as_well(world: World) -> None:
    answer: httpx.Response = await world.client.get("/v1/nothing", headers=BROWSER)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


async def test_signing_in_leads_on_to_exactly_the_page_that_was_asked_for(world: World) -> None:
    async with a_visit(world, None) as visit:
        answer = await visit.client.get("/artists/a%26b", headers=BROWSER)
        door = await visit.client.get(answer.headers["location"])
    assert 'name="to" value="/artists/a&amp;b"' in door.text
