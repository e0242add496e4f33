"""Where figures come from, as the page sees it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.moderation.dashboards.expressions import Expression
from services.moderation.dashboards.timeline import Timeline

Group = tuple[str, ...]
Table = Mapping[Group, Sequence[float | None]]
"""For each group (the values of ``groups_of``, in that order) one value for each step; None: no value."""


@dataclass(frozen=True)
class Known:
    """``source`` is named to the reader; ``since`` is when its numbers begin (None: longer than asked)."""

    source: str
    since: datetime | None


class Numbers(Protocol):
    async def known(self, timeline: Timeline) -> Known:
        """Raises SystemicError: the source does not answer."""
        ...

    async def work_out(self, wanted: Sequence[tuple[Expression, Timeline]]) -> list[Table]:
        """One table for each. Raises SystemicError: the source does not answer."""
        ...
