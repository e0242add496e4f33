"""Problems as pages: for browsers outside the API, and for nobody else."""

from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI, HTTPException

from shared.errors import PublishError
from shared.http import Problem, ProblemError, install_problem_handlers
from shared.http.page_errors import install_page_errors
from shared.http.pages import Pages

BROWSER = {"Accept": "text/html"}


@pytest.fixture
def http(tmp_path: Path) -> httpx.AsyncClient:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "base.html").write_text('{% extends "frame.html" %}')
    app = FastAPI()
    install_problem_handlers(app)
    install_page_errors(app, Pages(tmp_path, static="/files", filters={}), home="/desk", home_name="The desk")

    @app.get("/worded")
    async def worded() -> None:
        problem = Problem.of("locked", title="Locked", status=423, detail="Ben <b>holds</b> it.")
        raise ProblemError(problem, {"Retry-After": "60"})

    @app.get("/outage")
    @app.get("/v1/outage")
    async def outage() -> None:
        raise PublishError("timed out at broker-7.internal")

    @app.get("/bug")
    async def bug() -> None:
        raise KeyError("secret")

    @app.get("/gone")
    async def gone() -> None:
        raise HTTPException(404)

    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://trackgate")


async def test_a_route_s_own_words_stand_on_the_page_escaped_and_its_headers_stay(
    http: httpx.AsyncClient,
) -> None:
    answer = await http.get("/worded", headers=BROWSER)
    assert answer.status_code == 423
    assert '<h1 id="problem-title">Locked</h1>' in answer.text
    assert "Ben &lt;b&gt;holds&lt;/b&gt; it." in answer.text
    assert '<a class="button main" href="/desk">The desk</a>' in answer.text
    assert answer.headers["retry-after"] == "60"


@pytest.mark.parametrize(
    ("path", "status", "advice"),
    [
        ("/outage", 503, "try again in a minute"),
        ("/bug", 500, "finds it in the service&#39;s log"),
        ("/gone", 404, "Check the address"),
        ("/never-was", 404, "Check the address"),
    ],
)
async def test_a_page_says_what_to_do_and_nothing_of_the_inside(
    http: httpx.AsyncClient, path: str, status: int, advice: str
) -> None:
    answer = await http.get(path, headers=BROWSER)
    assert answer.status_code == status
    assert advice in answer.text
    assert "broker-7" not in answer.text
    assert "secret" not in answer.text


@pytest.mark.parametrize(
    ("path", "headers"), [("/outage", {"Accept": "application/json"}), ("/v1/outage", BROWSER)]
)
async def test_programs_and_the_api_get_the_problem_document(
    http: httpx.AsyncClient, path: str, headers: dict[str, str]
) -> None:
    answer = await http.get(path, headers=headers)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == 503
