"""Errors as RFC 9457 problem details: one shape for every refusal, naming the field and the reason."""

from collections.abc import Mapping, Sequence

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from shared.errors import SystemicError
from shared.fault_words import fault_words

MEDIA_TYPE = "application/problem+json"
_TYPES = "urn:trackgate:problem:"
"""Prefix of problem types: names, not addresses, because nothing is served there."""
_READS = frozenset({"GET", "HEAD"})
_TRY_AGAIN = "Send the same request again later."

log = structlog.get_logger()


class FieldError(BaseModel):
    """One thing that is wrong with the request. ``field`` is the path as the client wrote it."""

    model_config = ConfigDict(frozen=True)

    field: str
    reason: str


class Problem(BaseModel):
    """The body of every error answer (RFC 9457, with ``errors`` as the extension member)."""

    model_config = ConfigDict(frozen=True)

    type: str = "about:blank"
    title: str
    status: int = Field(ge=400, le=599)
    detail: str | None = None
    instance: str | None = None
    errors: tuple[FieldError, ...] = ()

    @classmethod
    def of(
        cls,
        name: str,
        *,
        title: str,
        status: int,
        detail: str | None = None,
        errors: Sequence[FieldError] = (),
    ) -> "Problem":
        """A problem of our own kind; ``name`` is a slug that clients may switch on."""
        return cls(type=_TYPES + name, title=title, status=status, detail=detail, errors=tuple(errors))


class ProblemError(Exception):
    """Raised in a route: answered as its problem."""

    def __init__(self, problem: Problem, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(problem.title)
        self.problem = problem
        self.headers = dict(headers or {})


class ProblemResponse(JSONResponse):
    media_type = MEDIA_TYPE

    def __init__(self, problem: Problem, headers: Mapping[str, str] | None = None) -> None:
        self.problem = problem
        super().__init__(
            problem.model_dump(exclude_none=True), status_code=problem.status, headers=dict(headers or {})
        )


def install_problem_handlers(app: FastAPI) -> None:
    """Answer every error of ``app`` as a problem.

    ``ProblemError``, FastAPI's validation errors and HTTP errors keep their status; a ``SystemicError``
    (broker, store or Redis not answering) is a 503 that may be tried again; anything else is a 500 that
    tells the client nothing and the log everything.
    """

    async def on_problem(request: Request, error: Exception) -> ProblemResponse:
        assert isinstance(error, ProblemError)  # noqa: S101 - registered for this type only
        return _answer(request, error.problem, error.headers)

    async def on_invalid(request: Request, error: Exception) -> ProblemResponse:
        assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this type only
        problem = Problem.of(
            "invalid-request",
            title="The request is not valid",
            status=422,
            errors=[
                FieldError(field=_path(fault["loc"]), reason=fault_words(fault)) for fault in error.errors()
            ],
        )
        return _answer(request, problem, {})

    async def on_http(request: Request, error: Exception) -> ProblemResponse:
        assert isinstance(error, HTTPException)  # noqa: S101 - registered for this type only
        return _answer(request, Problem(title=error.detail, status=error.status_code), error.headers or {})

    async def on_outage(request: Request, error: Exception) -> ProblemResponse:
        log.error("outage", path=request.url.path, error=str(error))
        problem = Problem.of(
            "unavailable",
            title="Something this service needs does not answer",
            status=503,
            detail=_TRY_AGAIN if request.method in _READS else f"Nothing was accepted. {_TRY_AGAIN}",
        )
        return _answer(request, problem, {"Retry-After": "5"})

    async def on_bug(request: Request, error: Exception) -> ProblemResponse:
        log.error("unexpected error", path=request.url.path, exc_info=error)
        return _answer(request, Problem(title="Internal error", status=500), {})

    app.add_exception_handler(ProblemError, on_problem)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(SystemicError, on_outage)
    app.add_exception_handler(Exception, on_bug)


def _answer(request: Request, problem: Problem, headers: Mapping[str, str]) -> ProblemResponse:
    if problem.instance is None:
        problem = problem.model_copy(update={"instance": request.url.path})
    return ProblemResponse(problem, headers)


def _path(location: Sequence[str | int]) -> str:
    """``("body", "contributors", 0, "role")`` → ``contributors[0].role``; query and header names alone."""
    parts = location[1:] if location and location[0] in {"body", "query", "path", "header"} else location
    text = ""
    for part in parts:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text or "body"
