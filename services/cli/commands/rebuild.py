"""``trackgate rebuild-views``: Kafka is the record, Redis is a view."""

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import typer
from rich.markup import escape

from services.cli.console import EXIT_FAILED, err, out, plain_words, print_json
from services.cli.options import Json

GRACE_SECONDS = 10.0


class Rebuilder(StrEnum):
    """The services that keep views, in the order that later ones build on."""

    INGEST = "ingest"
    POLICY = "policy"
    MODERATION = "moderation"
    NOTIFIER = "notifier"
    FINGERPRINTS = "fingerprints"


@dataclass(frozen=True)
class Rebuilt:
    service: Rebuilder
    status: int
    last_line: str
    seconds: float


def rebuild_views(
    only: Annotated[
        list[Rebuilder] | None, typer.Option(help="Only this service's views; repeat it.")
    ] = None,
    *,
    json: Json = False,
) -> None:
    """Write the views in Redis anew from what lies on Kafka, service by service.

    Safe beside running services, and safe to repeat: the record is read, never changed. Each service
    rebuilds its own views (`python -m services.<name> rebuild-views`), so run this where they are installed.

    [dim]$[/] trackgate rebuild-views
    [dim]$[/] trackgate rebuild-views --only policy
    """
    done: list[Rebuilt] = []
    with plain_words():
        for service in only or list(Rebuilder):
            with err.status(f"{service}: reading the record …") as shown:
                done.append(_run(service, shown.update))
            _tell(done[-1], json=json)
    if json:
        print_json([{**vars(one), "seconds": round(one.seconds, 3)} for one in done])
    if any(one.status for one in done):
        raise typer.Exit(EXIT_FAILED)


def _run(service: Rebuilder, show: Callable[[str], None]) -> Rebuilt:
    """The child's output is shown line by line; interrupted, the child is ended and waited for."""
    started = time.monotonic()
    argv = (sys.executable, "-m", f"services.{service}", "rebuild-views")
    last = ""
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as child:
        try:
            for line in child.stdout or ():
                last = line.strip() or last
                show(f"{service}: {escape(last)}")
            status = child.wait()
        except BaseException:
            child.terminate()
            try:
                child.wait(GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()
            raise
    return Rebuilt(service, status, last, time.monotonic() - started)


def _tell(one: Rebuilt, *, json: bool) -> None:
    if one.status:
        err.print(f"[red]✗[/] {one.service}: {escape(one.last_line)} [dim](exit status {one.status})[/]")
    elif not json:
        out.print(f"[green]✓[/] {one.service}: {escape(one.last_line)} [dim]{one.seconds:.1f} s[/]")
