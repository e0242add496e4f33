"""What ``submit`` shows while it works: a bar for each file, then what screening has found so far."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, ProgressColumn, Task, TextColumn
from rich.text import Text

from services.cli.console import err
from services.cli.screening import Submission
from services.cli.track_tables import coloured


class _Clock(ProgressColumn):
    """Seconds since the upload began; runs on while the track is screened."""

    def render(self, task: Task) -> Text:
        return Text("" if task.elapsed is None else f"{task.elapsed:.0f} s", style="dim")


@contextmanager
def upload_bars(submissions: list[Submission]) -> Iterator["_Bars"]:
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        DownloadColumn(),
        TextColumn("{task.fields[state]}"),
        _Clock(),
        console=err,
    )
    with progress:
        yield _Bars(progress, submissions)


class _Bars:
    def __init__(self, progress: Progress, submissions: list[Submission]) -> None:
        self._progress = progress
        self._tasks = [
            progress.add_task(
                escape(one.path.name), total=one.path.stat().st_size, state="waiting", start=False
            )
            for one in submissions
        ]

    def sent(self, index: int, done: int) -> None:
        self._progress.update(self._tasks[index], completed=done)

    def state(self, index: int, text: str) -> None:
        task = self._tasks[index]
        if text == "uploading":
            self._progress.start_task(task)
        elif text != "accepted" and not text.startswith("screening"):
            self._progress.stop_task(task)
        self._progress.update(task, state=coloured(text))
