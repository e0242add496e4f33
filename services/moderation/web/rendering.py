"""Templates, the words in them, and the headers of every page."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from shared.clock import Clock

_FOLDER = Path(__file__).parent / "templates"
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    # Not the stricter no-referrer: with it a browser sends `Origin: null` from our own forms too.
    "Referrer-Policy": "same-origin",
}
_NOTHING = "\N{EN DASH}"
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


class Pages:
    """Renders templates. Everything is escaped, and a name that a template misspells is an error."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._environment = Environment(
            loader=FileSystemLoader(_FOLDER),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.filters |= {
            "ago": self._ago,
            "release": self._release,
            "ahead": self._ahead,
            "past": self._past,
            "duration": duration,
            "moment": moment,
            "words": words,
            "number": number,
        }

    def answer(self, template: str, values: Mapping[str, Any], *, status: int = 200) -> HTMLResponse:
        text = self._environment.get_template(template).render(**values)
        return HTMLResponse(text, status_code=status, headers=_HEADERS)

    def _ago(self, then: datetime) -> str:
        return length((self._clock.now() - then).total_seconds())

    def _ahead(self, then: datetime) -> str:
        return f"in {length((then - self._clock.now()).total_seconds())}"

    def _past(self, then: datetime) -> bool:
        return then <= self._clock.now()

    def _release(self, day: date | None) -> str:
        if day is None:
            return "no date"
        days = (day - self._clock.now().date()).days
        if days == 0:
            return "today"
        if abs(days) == 1:
            return "tomorrow" if days > 0 else "yesterday"
        return f"in {days} days" if days > 0 else f"{-days} days ago"


def length(seconds: float) -> str:
    """``now``, ``5 min``, ``3 h``, ``4 d``: what fits in a table."""
    if seconds < _MINUTE:
        return "now"
    if seconds < _HOUR:
        return f"{int(seconds // _MINUTE)} min"
    if seconds < 2 * _DAY:
        return f"{int(seconds // _HOUR)} h"
    return f"{int(seconds // _DAY)} d"


def duration(seconds: float | None) -> str:
    if seconds is None:
        return _NOTHING
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02d}"


def moment(then: datetime) -> str:
    return f"{then.astimezone(UTC).isoformat(' ', 'seconds')[:19]} UTC"


@lru_cache(maxsize=1000)
def words(code: str) -> str:
    """``voice_without_consent`` → ``Voice without consent``."""
    text = code.replace("_", " ").replace("-", " ").replace(".", " ")
    text = text[:1].upper() + text[1:]
    return text.replace("Ai ", "AI ")


def number(value: float | str | None) -> str:
    if value is None:
        return _NOTHING
    if isinstance(value, str):
        return value
    return f"{value:.0f}" if float(value).is_integer() and abs(value) >= 1 else f"{value:.3g}"
