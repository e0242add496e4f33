"""Spans of time that the dashboards show, and the steps in them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum


class Span(StrEnum):
    HOUR = "hour"
    DAY = "day"
    MONTH = "month"


LENGTH = {Span.HOUR: timedelta(hours=1), Span.DAY: timedelta(days=1), Span.MONTH: timedelta(days=30)}
STEP = {Span.HOUR: timedelta(minutes=1), Span.DAY: timedelta(minutes=30), Span.MONTH: timedelta(days=1)}


@dataclass(frozen=True)
class Timeline:
    """``ends`` of steps, ascending, ``step`` apart. The last step may be under way: it ends in the future."""

    ends: tuple[datetime, ...]
    step: timedelta

    @property
    def begins(self) -> datetime:
        return self.ends[0] - self.step


def steps(span: Span, now: datetime) -> Timeline:
    """Whole steps of the clock (UTC), the last of them the one under way."""
    step = STEP[span]
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    last = epoch + ((now - epoch) // step + 1) * step
    count = LENGTH[span] // step
    return Timeline(tuple(last - (count - 1 - n) * step for n in range(count)), step)


def whole(span: Span, now: datetime) -> Timeline:
    """The span as one step that ends now."""
    return Timeline((now,), LENGTH[span])
