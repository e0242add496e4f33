"""How the stack's steps look: a spinner for what is under way, a line with its seconds when it is done."""

import threading

from rich.console import Console
from rich.markup import escape
from rich.status import Status

from deploy.local.progress import Step


class StepsShown:
    """A ``Report``. Supervisors call it from threads of their own. Without a terminal: plain lines."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._status: Status | None = None
        self._lock = threading.Lock()

    def __call__(self, step: Step) -> None:
        with self._lock:
            if not self._console.is_terminal:
                self._console.print(str(step), markup=False)
                return
            self._show(step)

    def close(self) -> None:
        """Ends a spinner that a failure left turning."""
        with self._lock:
            self._end_status()

    def _show(self, step: Step) -> None:
        detail = f"[dim]: {escape(step.detail)}[/]" if step.detail else ""
        match step.state:
            case "begin":
                self._end_status()
                self._status = self._console.status(f"{escape(step.what)}…")
                self._status.start()
            case "progress":
                if self._status is not None:
                    self._status.update(f"{escape(step.what)}{detail}")
            case "done":
                self._end_status()
                took = "" if step.seconds is None else f" [dim]{step.seconds:.1f} s[/]"
                self._console.print(f"[green]✓[/] {escape(step.what)}{detail}{took}")
            case "notice":
                self._console.print(f"[yellow]![/] {escape(step.what)}: {escape(step.detail)}")

    def _end_status(self) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None
