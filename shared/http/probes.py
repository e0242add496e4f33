"""``/healthz`` and ``/metrics``: what an orchestrator and Prometheus ask of every HTTP service."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest

from shared.errors import TrackgateError


@dataclass(frozen=True)
class Ready:
    """The dependency answered."""

    detail: str = "ok"


@dataclass(frozen=True)
class NotReady:
    """The dependency did not; ``reason`` is for a person on call."""

    reason: str


Check = Callable[[], Awaitable[Ready | NotReady]]


def probes(
    checks: Mapping[str, Check], *, registry: CollectorRegistry = REGISTRY, timeout_seconds: float = 2.0
) -> APIRouter:
    """Routes for readiness (200, or 503 when any check fails, is late or raises) and for metrics.

    Checks run side by side, each for ``timeout_seconds`` at most.
    """
    router = APIRouter(include_in_schema=False)

    async def run(check: Check) -> Ready | NotReady:
        try:
            return await asyncio.wait_for(check(), timeout_seconds)
        except TimeoutError:
            return NotReady(f"no answer within {timeout_seconds:g} s")
        except (OSError, TrackgateError) as error:
            return NotReady(str(error))

    @router.get("/healthz")
    async def healthz() -> JSONResponse:
        results = dict(zip(checks, await asyncio.gather(*map(run, checks.values())), strict=True))
        ready = all(isinstance(result, Ready) for result in results.values())
        body = {
            "ready": ready,
            "checks": {
                name: {"ready": True, "detail": result.detail}
                if isinstance(result, Ready)
                else {"ready": False, "detail": result.reason}
                for name, result in results.items()
            },
        }
        return JSONResponse(body, status_code=200 if ready else 503)

    @router.get("/metrics")
    def metrics() -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return router
