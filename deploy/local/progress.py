"""What the stack tells while it comes up, as values; how they look is the reader's business."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

from pydantic import BaseModel, ConfigDict

_MARKS = {"begin": "…", "progress": "·", "done": "✓", "notice": "!"}


class Step(BaseModel):
    """One line of progress: a step begins, goes on, is done after ``seconds``, or is something to notice."""

    model_config = ConfigDict(frozen=True)

    state: Literal["begin", "progress", "done", "notice"]
    what: str
    detail: str = ""
    seconds: float | None = None

    def __str__(self) -> str:
        detail = f": {self.detail}" if self.detail else ""
        took = "" if self.seconds is None else f" ({self.seconds:.1f} s)"
        return f"{_MARKS[self.state]} {self.what}{detail}{took}"


Report = Callable[[Step], None]


@contextmanager
def timed(report: Report, what: str) -> Iterator[None]:
    """Reports the beginning, and the end with its seconds; a failure reports no end."""
    report(Step(state="begin", what=what))
    started = time.monotonic()
    yield
    report(Step(state="done", what=what, seconds=time.monotonic() - started))
