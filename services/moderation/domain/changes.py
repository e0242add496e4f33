"""What is told of a change in the queue."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Change:
    """``signature``: the reasons and the distributor of the case, as index names; see CaseSummary."""

    what: str
    case_id: str = ""
    signature: tuple[str, ...] = ()


READY = Change("ready")
"""The watcher is connected: whatever changed before was not told."""
