"""Templates, what they may say, and the headers of every page."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

FOLDER = Path(__file__).parent
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    # Not the stricter no-referrer: with it a browser sends `Origin: null` from our own forms too.
    "Referrer-Policy": "same-origin",
}


class Pages:
    """Renders templates. Everything is escaped, and a name that a template misspells is an error."""

    def __init__(self) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(FOLDER / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters |= {"moment": moment, "words": words}

    def answer(self, template: str, values: Mapping[str, Any], *, status: int = 200) -> HTMLResponse:
        text = self._environment.get_template(template).render(**values)
        return HTMLResponse(text, status_code=status, headers=_HEADERS)


def moment(then: datetime) -> str:
    return f"{then.astimezone(UTC):%d %b %Y, %H:%M} UTC"


def words(code: str) -> str:
    return code.replace("_", " ").replace("-", " ")
