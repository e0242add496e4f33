"""The samples while they are screened: a live table in a terminal, a line per change anywhere else."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.progress_bar import ProgressBar
from rich.table import Table

from deploy.local.results import Decided, Refused, Screened
from deploy.local.screening import View
from deploy.samples.manifest import Sample
from services.cli.track_tables import coloured

_REFRESH_PER_S = 8


@dataclass
class _Row:
    name: str
    total: int
    sent: int = 0
    state: str = "waiting"
    started: float | None = None
    screened: Screened | None = None


class LiveTable:
    """Rendered anew some times a second by rich's Live."""

    def __init__(self, samples: Sequence[Sample]) -> None:
        self._rows = [_Row(sample.path.name, sample.path.stat().st_size) for sample in samples]

    def sent(self, index: int, done: int) -> None:
        self._rows[index].sent = done

    def state(self, index: int, text: str) -> None:
        row = self._rows[index]
        row.state = text
        row.started = row.started or time.monotonic()

    def ended(self, index: int, screened: Screened) -> None:
        self._rows[index].screened = screened

    def __rich__(self) -> Table:
        table = Table(header_style="bold", box=None, pad_edge=False)
        table.add_column("file", no_wrap=True)
        table.add_column("upload", width=12)
        table.add_column("", justify="right", width=5)
        table.add_column("state", ratio=1, no_wrap=True, overflow="ellipsis")
        table.add_column("decision", no_wrap=True)
        table.add_column("time", justify="right", no_wrap=True)
        for row in self._rows:
            screened = row.screened
            table.add_row(
                escape(row.name),
                ProgressBar(total=row.total, completed=row.sent, width=12),
                f"{100 * row.sent // row.total} %",
                escape(ended_state(screened) if screened else row.state),
                decision_cell(screened) if screened else "",
                _seconds(row),
            )
        return table


def _seconds(row: _Row) -> str:
    if row.screened is not None:
        return f"{row.screened.given.seconds:.1f} s"
    return "" if row.started is None else f"{time.monotonic() - row.started:.0f} s"


class Lines:
    """For pipes and logs."""

    def __init__(self, samples: Sequence[Sample], console: Console) -> None:
        self._names = [sample.path.name for sample in samples]
        self._console = console

    def sent(self, index: int, done: int) -> None:
        """Nobody reads percentages in a log."""

    def state(self, index: int, text: str) -> None:
        self._console.print(f"  {self._names[index]}: {text}", markup=False)

    def ended(self, index: int, screened: Screened) -> None:
        took = f"{screened.given.seconds:.1f} s"
        told = f"{screened.outcome or 'no decision'} ({', '.join(screened.reasons)}), {took}"
        self._console.print(f"  {self._names[index]}: {ended_state(screened)}: {told}", markup=False)


def ended_state(screened: Screened) -> str:
    match screened.given:
        case Decided(repeated=True):
            return "already decided"
        case Decided():
            return "decided"
        case Refused():
            return "refused"
        case _:
            return "undecided"


def decision_cell(screened: Screened) -> str:
    """With a mark that says whether it was expected."""
    mark = "[bold red]✗[/]" if screened.faults else "[green]✓[/]"
    return f"{mark} {coloured(screened.outcome or 'none')}"


@contextmanager
def showing(samples: Sequence[Sample], console: Console) -> Iterator[View]:
    if not console.is_terminal:
        yield Lines(samples, console)
        return
    table = LiveTable(samples)
    with Live(table, console=console, refresh_per_second=_REFRESH_PER_S):
        yield table
