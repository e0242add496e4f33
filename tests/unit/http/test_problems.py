from typing import Annotated

import httpx
import pytest
from fastapi import FastAPI, HTTPException, Query
from pydantic import BaseModel

from shared.errors import PublishError
from shared.http import FieldError, Problem, ProblemError, SecurityHeaders, install_problem_handlers


class Credit(BaseModel):
    role: str


class Body(BaseModel):
    credits: list[Credit]


def client() -> httpx.AsyncClient:
    app = FastAPI()
    install_problem_handlers(app)
    app.add_middleware(SecurityHeaders)

    @app.get("/refused")
    async def refused() -> None:
        problem = Problem.of(
            "quota", title="Too many", status=429, errors=[FieldError(field="audio", reason="no more today")]
        )
        raise ProblemError(problem, {"Retry-After": "60"})

    @app.api_route("/outage", methods=["GET", "POST"])
    async def outage() -> None:
        raise PublishError("tracks.uploaded: timed out at broker-7.internal")

    @app.get("/bug")
    async def bug() -> None:
        raise KeyError("secret")

    @app.get("/gone")
    async def gone() -> None:
        raise HTTPException(404)

    @app.get("/limited")
    async def limited(limit: Annotated[int, Query(le=10)]) -> int:
        return limit

    @app.post("/body")
    async def body(body: Body) -> Body:
        return body

    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://trackgate")


async def test_a_problem_keeps_its_headers_and_names_the_field_and_the_request() -> None:
    async with client() as http:
        answer = await http.get("/refused")
    assert answer.status_code == 429
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["retry-after"] == "60"
    assert answer.json() == {
        "type": "urn:trackgate:problem:quota",
        "title": "Too many",
        "status": 429,
        "instance": "/refused",
        "errors": [{"field": "audio", "reason": "no more today"}],
    }


async def test_an_outage_is_a_503_that_may_be_tried_again_and_tells_nothing_of_the_inside() -> None:
    async with client() as http:
        answer = await http.get("/outage")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert "broker-7" not in answer.text


async def test_a_bug_tells_the_client_nothing() -> None:
    async with client() as http:
        answer = await http.get("/bug")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "secret" not in answer.text


@pytest.mark.parametrize("path", ["/gone", "/no-such-route"])
async def test_http_errors_are_problems_too(path: str) -> None:
    async with client() as http:
        answer = await http.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["instance"] == path


async def test_validation_names_the_field_as_the_client_wrote_it() -> None:
    async with client() as http:
        query = await http.get("/limited", params={"limit": "11"})
        body = await http.post("/body", json={"credits": [{"role": "Vocalist"}, {}]})
    assert query.json()["errors"] == [
        {"field": "limit", "reason": "Input should be less than or equal to 10"}
    ]
    assert body.json()["errors"] == [{"field": "credits[1].role", "reason": "is missing"}]


async def test_every_answer_carries_the_security_headers() -> None:
    async with client() as http:
        answer = await http.get("/gone")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(("method", "says"), [("GET", False), ("POST", True)])
async def test_only_who_sent_something_is_told_that_nothing_was_accepted(method: str, *, says: bool) -> None:
    async with client() as http:
        answer = await http.request(method, "/outage")
    assert ("Nothing was accepted" in answer.json()["detail"]) is says
    assert "again later" in answer.json()["detail"]
