"""How far a long run is and how long it will take, on a terminal or in a log."""

from collections.abc import Callable
from typing import TextIO

from services.ai_detector.scoring import Tally

_EVERY_SECONDS = 10.0


class Progress:
    """Writes a line that replaces itself on a terminal; elsewhere one line every ten seconds and a last one.

    `now` is monotonic, in seconds. The estimate is the pace so far.
    """

    def __init__(self, out: TextIO, now: Callable[[], float]) -> None:
        self._out = out
        self._now = now
        self._began = self._said = now()
        self._live = out.isatty()

    def __call__(self, tally: Tally) -> None:
        now = self._now()
        last = tally.done == tally.total
        if not self._live and not last and now - self._said < _EVERY_SECONDS:
            return
        self._said = now
        line = said(tally, now - self._began)
        self._out.write(f"\r\x1b[K{line}" + ("\n" if last else "") if self._live else f"{line}\n")
        self._out.flush()


def said(tally: Tally, seconds: float) -> str:
    """One line: counts, pace, what is left."""
    share = f"{tally.done} of {tally.total} files"
    failed = f", {tally.failed} failed" if tally.failed else ""
    if seconds <= 0 or tally.done == 0:
        return share + failed
    pace = tally.done / seconds
    if tally.done == tally.total:
        return f"{share}{failed} in {_lasting(seconds)}"
    left = _lasting((tally.total - tally.done) / pace)
    percent = 100 * tally.done // tally.total
    return f"{share} ({percent} %){failed}, {pace:.1f} a second, about {left} left"


def _lasting(seconds: float) -> str:
    if seconds < 100:  # noqa: PLR2004 - up to here seconds read better
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"  # noqa: PLR2004 - the same
