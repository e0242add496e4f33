"""Who may ask anything of the API: whoever holds a person's token, or the administrators'."""

from collections.abc import Callable
from typing import cast

from fastapi import Request
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from services.registry.people import Person
from shared.errors import SystemicError
from shared.http import Problem, ProblemResponse

_REFUSAL = Problem.of(
    "wrong-token",
    title="The bearer token is missing or unknown",
    status=401,
    detail="Authorization: wants `Bearer` and your token, or the administrators'",
)
_OUTAGE = Problem.of("unavailable", title="The file of people cannot be read", status=503)


class BearerGuard:
    """ASGI middleware before everything under ``prefix``: a request without a token is answered unread."""

    def __init__(self, app: ASGIApp, *, holding: Callable[[str], Person | None], prefix: str) -> None:
        self._app = app
        self._holding = holding
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(self._prefix):
            await self._app(scope, receive, send)
            return
        try:
            person = self._person(Headers(scope=scope))
        except SystemicError:
            await ProblemResponse(_OUTAGE, {"Retry-After": "5"})(scope, receive, send)
            return
        if person is None:
            refusal = _REFUSAL.model_copy(update={"instance": scope["path"]})
            await ProblemResponse(refusal, {"WWW-Authenticate": "Bearer"})(scope, receive, send)
            return
        scope.setdefault("state", {})["person"] = person
        await self._app(scope, receive, send)

    def _person(self, headers: Headers) -> Person | None:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        return self._holding(token.strip()) if scheme.lower() == "bearer" else None


def person_of(request: Request) -> Person:
    """Who asks; the guard has let them in."""
    return cast("Person", request.state.person)
