"""Work for a process pool: importable by its processes."""

from shared import tracing


def traceparent_here() -> str | None:
    return tracing.current()
