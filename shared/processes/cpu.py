"""What a piece of work cost."""

import os
import threading
import time

_lock = threading.Lock()
_elsewhere = 0.0


def cpu_seconds() -> float:
    """Of this process, of children that it waited for, and of processes that worked for it, so far."""
    children = os.times()
    return time.process_time() + children.children_user + children.children_system + _elsewhere


def count_elsewhere(seconds: float) -> None:
    """Another process, whose parent is not this one, worked so long for this one and has ended."""
    global _elsewhere  # noqa: PLW0603 - what a process used is a fact about the process
    with _lock:
        _elsewhere += seconds
