import asyncio
from collections.abc import Mapping

import httpx
from fastapi import FastAPI
from prometheus_client import CollectorRegistry, Counter

from shared.errors import SystemicError
from shared.http import Check, NotReady, Ready, probes


async def get(
    path: str, checks: Mapping[str, Check], registry: CollectorRegistry | None = None
) -> httpx.Response:
    app = FastAPI()
    app.include_router(probes(checks, registry=registry or CollectorRegistry(), timeout_seconds=0.05))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://t") as http:
        return await http.get(path)


async def fine() -> Ready:
    return Ready("3 brokers")


async def down() -> NotReady:
    return NotReady("connection refused")


async def silent() -> Ready:
    await asyncio.Event().wait()
    return Ready()


async def broken() -> Ready:
    raise SystemicError("gone away")


async def test_ready_when_every_check_is() -> None:
    answer = await get("/healthz", {"kafka": fine})
    assert answer.status_code == 200
    assert answer.json() == {"ready": True, "checks": {"kafka": {"ready": True, "detail": "3 brokers"}}}


async def test_one_that_is_down_silent_or_raises_makes_the_service_unready_and_is_named() -> None:
    answer = await get("/healthz", {"kafka": fine, "redis": down, "store": silent, "model": broken})
    assert answer.status_code == 503
    details = {name: check["detail"] for name, check in answer.json()["checks"].items()}
    assert details == {
        "kafka": "3 brokers",
        "redis": "connection refused",
        "store": "no answer within 0.05 s",
        "model": "gone away",
    }


async def test_metrics_are_prometheus_text() -> None:
    registry = CollectorRegistry()
    Counter("uploads", "Uploads by outcome.", ["outcome"], registry=registry).labels("accepted").inc()
    answer = await get("/metrics", {}, registry)
    assert 'uploads_total{outcome="accepted"} 1.0' in answer.text
    assert answer.headers["content-type"].startswith("text/plain")
