"""A problem as a page, where it was a person's browser that asked for one."""

from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from shared.errors import SystemicError
from shared.http.pages import Pages
from shared.http.problem import Problem, ProblemError, ProblemResponse

_API = "/v1/"
_WORDS = {
    401: ("Sign in first", None),
    403: ("This is not for your role", None),
    404: ("There is nothing here", "Check the address, or start from the first page."),
    405: ("There is nothing here", "Check the address, or start from the first page."),
    422: ("The request is not valid", "Check the address, or go back and fill in the form again."),
    500: ("Something went wrong here", "Whoever runs this finds it in the service's log."),
    503: (
        "Something this service needs does not answer",
        "Go back and try again in a minute; whoever runs this asks `trackgate doctor`.",
    ),
}
"""What people are told by status, unless the problem is one that a route worded itself."""


def install_page_errors(app: FastAPI, pages: Pages, *, home: str, home_name: str) -> None:
    """Answer what ``install_problem_handlers`` answers as a page to whoever accepts ``text/html``.

    Call it after that. Paths below ``/v1/`` stay problem documents. The page is ``problem.html`` in the
    service's ``base.html``; ``home`` is where its button leads, named ``home_name``.
    """
    for kind in (ProblemError, RequestValidationError, HTTPException, SystemicError, Exception):
        plain = app.exception_handlers[kind]
        app.add_exception_handler(kind, _page_or(plain, pages, {"home": home, "home_name": home_name}))


def _page_or(
    plain: Callable[..., object], pages: Pages, way_out: dict[str, str]
) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def answer(request: Request, error: Exception) -> Response:
        response: ProblemResponse = await plain(request, error)  # type: ignore[misc]  # Starlette types handlers loosely
        if "text/html" not in request.headers.get("Accept", "") or request.url.path.startswith(_API):
            return response
        problem = response.problem
        title, detail = (
            (problem.title, problem.detail) if isinstance(error, ProblemError) else _words(problem)
        )
        values = {"status": problem.status, "title": title, "detail": detail, **way_out}
        page = pages.answer("problem.html", values, status=problem.status)
        page.headers.update({name: value for name, value in response.headers.items() if name in _KEPT})
        return page

    return answer


_KEPT = frozenset({"retry-after", "allow", "www-authenticate"})


def _words(problem: Problem) -> tuple[str, str | None]:
    return _WORDS.get(problem.status, (problem.title, problem.detail))
