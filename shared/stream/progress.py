"""What a worker has in hand and how it gets on: the truth behind /healthz."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class Health:
    """``faults`` is empty when all is well; each says what is wrong in a sentence."""

    faults: tuple[str, ...]
    in_hand: int
    handled: int
    oldest_seconds: float


class Progress:
    """Counts messages in and out. Safe from any thread: /healthz asks from its own.

    ``monotonic`` is the clock, in seconds.
    """

    def __init__(self, *, stuck_seconds: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._stuck_seconds = stuck_seconds
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._in_hand: dict[int, float] = {}
        self._next = 0
        self._handled = 0
        self._conditions: dict[str, str] = {}
        self._beat = monotonic()

    @contextmanager
    def working(self) -> Iterator[None]:
        with self._lock:
            self._next += 1
            ticket = self._next
            self._in_hand[ticket] = self._monotonic()
        try:
            yield
        finally:
            with self._lock:
                del self._in_hand[ticket]
                self._handled += 1

    def beat(self) -> None:
        """The event loop is alive; called by it every second."""
        self._beat = self._monotonic()

    def raise_condition(self, name: str, sentence: str) -> None:
        """Something is wrong until ``clear_condition``: the brake is on, the broker does not answer."""
        with self._lock:
            self._conditions[name] = sentence

    def clear_condition(self, name: str) -> None:
        with self._lock:
            self._conditions.pop(name, None)

    def health(self) -> Health:
        now = self._monotonic()
        with self._lock:
            faults = list(self._conditions.values())
            oldest = max((now - since for since in self._in_hand.values()), default=0.0)
            in_hand, handled = len(self._in_hand), self._handled
        if oldest > self._stuck_seconds:
            faults.append(f"a message has been in hand for {oldest:.0f} s (limit {self._stuck_seconds:g} s)")
        if now - self._beat > max(10.0, self._stuck_seconds / 6):
            faults.append(f"the event loop has not turned for {now - self._beat:.0f} s")
        return Health(tuple(faults), in_hand, handled, oldest)
