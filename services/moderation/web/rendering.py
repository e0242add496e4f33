"""The desk's pages: their folder, and the words in them."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from shared.clock import Clock
from shared.http.pages import Pages

FOLDER = Path(__file__).parent
STATIC = "/static"
_NOTHING = "\N{EN DASH}"
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def desk_pages(clock: Clock) -> Pages:
    times = _Times(clock)
    filters: dict[str, Callable[..., Any]] = {
        "ago": times.ago,
        "release": times.release,
        "ahead": times.ahead,
        "past": times.past,
        "duration": duration,
        "moment": moment,
        "words": words,
        "number": number,
    }
    return Pages(FOLDER, static=STATIC, filters=filters, plays=True)


class _Times:
    """Times as seen from now."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def ago(self, then: datetime) -> str:
        return length((self._clock.now() - then).total_seconds())

    def ahead(self, then: datetime) -> str:
        return f"in {length((then - self._clock.now()).total_seconds())}"

    def past(self, then: datetime) -> bool:
        return then <= self._clock.now()

    def release(self, day: date | None) -> str:
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
