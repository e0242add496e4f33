"""The brake on run-away dead letters: one bad deploy must not drain a topic into them.

After Arroyo's ``DlqLimit`` (getsentry/arroyo): a share of the last messages, and not before a minimum.
"""

from collections import deque


class DeadLetterBrake:
    """Says whether one more dead letter would be too many. Once on, it stays on until a restart."""

    def __init__(self, *, window: int, share: float, minimum: int) -> None:
        """``share`` of the last ``window`` messages, once at least ``minimum`` of them are dead letters."""
        self._recent: deque[bool] = deque(maxlen=window)
        self._share = share
        self._minimum = minimum
        self.on = False

    def handled(self) -> None:
        self._recent.append(False)

    def admit_dead_letter(self) -> bool:
        """Whether one more dead letter may be written; a refusal puts the brake on."""
        if self.on:
            return False
        dead = sum(self._recent) + 1
        if dead >= self._minimum and dead / (len(self._recent) + 1) > self._share:
            self.on = True
            return False
        self._recent.append(True)
        return True
