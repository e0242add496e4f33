"""Pages for people: their templates, the frame and style all services share, what a browser may do there."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

_FRAME = Path(__file__).parent / "page" / "templates"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_PLAYS = "; media-src 'self'"


class Pages:
    """Renders templates. Everything is escaped, and a name that a template misspells is an error.

    ``folder`` holds the service's ``templates``; they extend the shared ``frame.html``. ``static`` is the
    path under which ``page_files`` is mounted: templates know it as ``static``. ``plays`` admits the
    service's own audio.
    """

    def __init__(
        self,
        folder: Path,
        *,
        static: str,
        filters: Mapping[str, Callable[..., Any]],
        names: Mapping[str, Any] | None = None,
        plays: bool = False,
    ) -> None:
        self._headers = {
            "Content-Security-Policy": _POLICY + _PLAYS if plays else _POLICY,
            "Cache-Control": "no-store",
            # Not the stricter no-referrer: with it a browser sends `Origin: null` from our own forms too.
            "Referrer-Policy": "same-origin",
        }
        self._environment = Environment(
            loader=FileSystemLoader([folder / "templates", _FRAME]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.globals |= {"static": static, **(names or {})}
        self._environment.filters |= {"moment": moment, **filters}

    def answer(self, template: str, values: Mapping[str, Any], *, status: int = 200) -> HTMLResponse:
        text = self._environment.get_template(template).render(**values)
        return HTMLResponse(text, status_code=status, headers=self._headers)


class _Revalidated(StaticFiles):
    """Style sheets and scripts that a browser keeps and asks about each time."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        return response


def page_files(folder: Path) -> StaticFiles:
    """The service's ``static`` files and the shared ones under one path; on a name in both, the service's."""
    return _Revalidated(directory=folder / "static", packages=[("shared.http", "page/static")])


def moment(then: datetime) -> str:
    return f"{then.astimezone(UTC):%d %b %Y, %H:%M} UTC"
