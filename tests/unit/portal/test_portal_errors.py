"""What goes wrong in the portal is told to a person as a page, and to a program as a problem document."""

from pathlib import Path

import pytest

from tests.unit.portal.test_portal_pages import World

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/portal/nothing", 404, "There is nothing here"),
        ("/portal/tracks/no-id", 422, "The request is not valid"),
    ],
)
async def test_a_wrong_address_is_a_page_that_leads_back(
    tmp_path: Path, path: str, status: int, said: str
) -> None:
    world = World(tmp_path)
    await world.sign_in()
    answer = await world.http.get(path, headers=BROWSER)
    assert answer.status_code == status
    assert said in answer.text
    assert 'href="/portal"' in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_without_redis_the_page_says_so_and_the_api_keeps_to_problem_documents(tmp_path: Path) -> None:
    world = World(tmp_path)
    await world.sign_in()
    world.ingest.ledger.down = True
    page = await world.http.get("/portal", headers=BROWSER)
    told = await world.http.get("/v1/tracks", headers=BROWSER)
    assert page.status_code == told.status_code == 503
    assert "try again in a minute" in page.text
    assert told.headers["content-type"] == "application/problem+json"


async def test_whoever_opens_the_bare_address_comes_to_the_portal(tmp_path: Path) -> None:
    answer = await World(tmp_path).http.get("/", headers=BROWSER)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/portal"
