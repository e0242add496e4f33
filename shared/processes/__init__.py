"""Model work in processes of its own, so that a worker's event loop keeps its heartbeat."""

from shared.processes.cpu import cpu_seconds
from shared.processes.pool import ProcessDied, ProcessPool

__all__ = ["ProcessDied", "ProcessPool", "cpu_seconds"]
