"""Which dead letters of a partition have been replayed, small enough for a consumer group to remember.

A group remembers one offset and a short text for each partition. The offset is the first one that has not
been replayed; the text lists those beyond it that have been, as ranges: ``7-9,12``. So a replay that was
filtered leaves what it skipped for another day, and nothing is replayed twice.
"""

from dataclasses import dataclass, field
from itertools import pairwise

from shared.errors import TrackgateError

LONGEST_TEXT = 4000
"""Kafka keeps 4096 bytes of it (``offset.metadata.max.bytes``)."""


class TooScattered(TrackgateError):
    """What was replayed lies in more pieces than the group can remember."""


@dataclass(frozen=True)
class Position:
    low: int
    beyond: frozenset[int] = field(default=frozenset())

    def has(self, offset: int) -> bool:
        return offset < self.low or offset in self.beyond

    def with_replayed(self, offset: int) -> "Position":
        if self.has(offset):
            return self
        return _settled(self.low, self.beyond | {offset})

    def from_start(self, start: int) -> "Position":
        """The same, on a partition whose log begins at ``start``: what is gone need not be remembered."""
        return _settled(max(self.low, start), self.beyond)

    def ranges(self) -> str:
        """The text.

        Raises:
            TooScattered: it would be longer than a group can keep.
        """
        if not self.beyond:
            return ""
        ordered = sorted(self.beyond)
        starts = [ordered[0], *(after for before, after in pairwise(ordered) if after != before + 1)]
        ends = [*(before for before, after in pairwise(ordered) if after != before + 1), ordered[-1]]
        text = ",".join(
            str(start) if start == end else f"{start}-{end}" for start, end in zip(starts, ends, strict=True)
        )
        if len(text) > LONGEST_TEXT:
            raise TooScattered(
                "what was replayed lies in too many pieces to remember: replay what lies between, unfiltered"
            )
        return text

    @classmethod
    def parse(cls, low: int, ranges: str) -> "Position":
        """Read what ``ranges`` wrote; any other text counts as nothing, so that rather more is replayed."""
        beyond: set[int] = set()
        for part in filter(None, ranges.split(",")):
            start, _, end = part.partition("-")
            if not start.isdigit() or not (end or start).isdigit():
                return cls(low)
            beyond.update(range(int(start), int(end or start) + 1))
        return _settled(low, frozenset(beyond))


def _settled(low: int, beyond: frozenset[int]) -> Position:
    while low in beyond:
        low += 1
    return Position(low, frozenset(offset for offset in beyond if offset > low))
