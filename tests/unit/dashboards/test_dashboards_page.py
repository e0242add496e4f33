"""The page and its API: who sees what, and what is said when there are no numbers."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from services.moderation.adapters.reviewers import Reviewers
from services.moderation.dashboards.expressions import Expression, groups_of
from services.moderation.dashboards.numbers import Known, Table
from services.moderation.dashboards.prices import Price
from services.moderation.dashboards.sections import sections
from services.moderation.dashboards.showing import Board
from services.moderation.dashboards.timeline import Timeline
from services.moderation.web.dashboards import DashboardParts
from shared.errors import SystemicError
from tests.unit.moderation.desk_fakes import DeskWorld

PRICE = Price(0.05, "EUR")
PAGE = {"Accept": "text/html"}


class EverythingIs:
    """Each series has ``value`` in each step; groups are called ``<x>``, edges of histograms 1.0."""

    def __init__(self, value: float | None) -> None:
        self.value = value

    async def known(self, timeline: Timeline) -> Known:
        if self.value is None:
            raise SystemicError("the services have not been looked at yet")
        return Known("a test", timeline.ends[0])

    async def work_out(self, wanted: Sequence[tuple[Expression, Timeline]]) -> list[Table]:
        def group(expression: Expression) -> tuple[str, ...]:
            return tuple("1.0" if label == "le" else "<x>" for label in groups_of(expression))

        return [{group(what): [self.value] * len(timeline.ends)} for what, timeline in wanted]


@pytest.fixture
def world(tmp_path: Path) -> DeskWorld:
    return DeskWorld(tmp_path / "none.flac")


def the_app(world: DeskWorld, value: float | None = 3.0) -> FastAPI:
    board = Board(sections(PRICE), [EverythingIs(value)], world.clock, fresh=timedelta(seconds=9))
    return world.app(dashboards=DashboardParts(board, PRICE, 15.0))


def asking(app: FastAPI, reviewer: str | None = "vic") -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer token-of-{reviewer}"} if reviewer else {}
    transport = httpx.ASGITransport(app)
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=headers)


@pytest.mark.parametrize("reviewer", ["vic", "ada", "sam"])
async def test_everybody_who_may_sign_in_sees_every_section(world: DeskWorld, reviewer: str):
    async with asking(the_app(world), reviewer) as client:
        answer = (await client.get("/v1/figures?span=hour")).json()
        page = (await client.get("/dashboards", headers=PAGE)).text
    assert list(answer["sections"]) == ["overview", "detectors", "pipeline", "moderation", "distributors"]
    assert 'id="distributors"' in page


async def test_people_who_work_on_some_queues_only_see_nothing_by_distributor(world: DeskWorld):
    sam = world.reviewers.named("sam")
    assert sam is not None
    world.reviewers = Reviewers((sam.model_copy(update={"queues": frozenset({"ai"})}),))
    async with asking(the_app(world), "sam") as client:
        assert "distributors" not in (await client.get("/v1/figures")).json()["sections"]
        assert 'id="distributors"' not in (await client.get("/dashboards", headers=PAGE)).text


async def test_nobody_sees_it_without_signing_in(world: DeskWorld):
    async with asking(the_app(world), None) as client:
        assert (await client.get("/v1/figures")).status_code == 401
        page = await client.get("/dashboards?span=hour", headers=PAGE)
    assert (page.status_code, page.headers["location"]) == (303, "/sign-in?to=/dashboards%3Fspan%3Dhour")


async def test_a_tile_a_plot_and_a_ranking_show_their_numbers_and_escape_what_they_are_called(
    world: DeskWorld,
):
    async with asking(the_app(world)) as client:
        answer = (await client.get("/v1/figures?span=month")).json()
        page = (await client.get("/dashboards?span=month", headers=PAGE)).text
    figures = {one["name"]: one for section in answer["sections"].values() for one in section}
    assert figures["uploads"]["values"] == {"": [3.0]}
    assert figures["outcomes"]["values"] == {"<x>": [3.0] * 30}
    assert len(figures["outcomes"]["heads"]) == 30
    assert figures["reasons"]["heads"] == ["<x>"]
    assert "&lt;x&gt;" in page
    assert "<x>" not in page


async def test_without_numbers_the_page_says_so_and_the_api_is_unavailable(world: DeskWorld):
    async with asking(the_app(world, value=None)) as client:
        page = await client.get("/dashboards", headers=PAGE)
        assert "No numbers: the services have not been looked at yet" in page.text
        assert (await client.get("/v1/figures")).status_code == 503


async def test_an_unknown_span_is_refused(world: DeskWorld):
    async with asking(the_app(world)) as client:
        assert (await client.get("/v1/figures?span=century")).status_code == 422


@pytest.mark.parametrize(
    ("host", "path", "status"),
    [
        ("moderation:8080", "/metrics", 200),
        ("moderation:8080", "/healthz", 200),
        ("moderation:8080", "/sign-in", 400),
        ("rebound.example", "/metrics", 400),
        ("127.0.0.1:18803", "/metrics", 200),
    ],
)
async def test_probes_answer_under_a_containers_name_and_nothing_answers_under_a_foreign_one(
    world: DeskWorld, host: str, path: str, status: int
):
    async with asking(the_app(world), None) as client:
        assert (await client.get(path, headers={"Host": host})).status_code == status
