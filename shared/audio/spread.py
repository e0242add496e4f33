"""Looking at a part of a long recording that lies everywhere in it."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Spread:
    """Of what is longer than ``whole`` seconds: ``each`` seconds out of every ``of_every``, evenly spread.

    The first stretch begins with the recording and the last ends with it. There are at most ``most``, so of
    a very long recording they lie further apart.
    """

    whole: float
    each: float
    of_every: float
    most: int

    def starts(self, seconds: float) -> tuple[float, ...]:
        """Where the stretches of a recording begin, to the hundredth of a second; empty: take all of it."""
        if seconds <= max(self.whole, 2 * self.each):
            return ()
        count = min(self.most, math.ceil((seconds - self.each) / self.of_every) + 1)
        step = (seconds - self.each) / (count - 1)
        return tuple(math.floor(100 * index * step) / 100 for index in range(count))
