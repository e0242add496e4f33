"""``trackgate doctor``."""

import os
from pathlib import Path
from typing import Annotated

import httpx
import typer
from rich.markup import escape

from services.cli.console import EXIT_FAILED, err, out, plain_words, print_json
from services.cli.doctor.broker import check_broker
from services.cli.doctor.findings import Level, Line, worst
from services.cli.doctor.models import check_models, model_folders
from services.cli.doctor.redis import check_redis
from services.cli.doctor.services import check_services
from services.cli.doctor.store import check_store
from services.cli.options import (
    DEFAULT_KAFKA,
    DEFAULT_PARTITIONS,
    DEFAULT_REDIS,
    DEFAULT_STORE,
    Json,
    Kafka,
    Partitions,
    Redis,
)

PORTS = {
    "ingest": 18801,
    "registry": 18802,
    "moderation": 18803,
    "ai_detector": 18811,
    "voice_matcher": 18812,
    "policy": 18813,
    "moderation_worker": 18814,
    "notifier": 18815,
    "fingerprints": 18816,
}
_MARKS = {Level.OK: "[green]✓ ok  [/]", Level.WARN: "[yellow]! warn[/]", Level.FAIL: "[red]✗ fail[/]"}


def doctor(
    kafka: Kafka = DEFAULT_KAFKA,
    partitions: Partitions = DEFAULT_PARTITIONS,
    redis: Redis = DEFAULT_REDIS,
    store: Annotated[
        Path, typer.Option(envvar="TRACKGATE_STORE", help="Folder of the object store.")
    ] = DEFAULT_STORE,
    host: Annotated[
        str, typer.Option(envvar="TRACKGATE_SERVICES_HOST", help="Where the services listen.")
    ] = "127.0.0.1",
    service: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=URL",
            envvar="TRACKGATE_SERVICES",
            help="Where a service is; repeat it (in the variable: blanks between). Else HOST and its port.",
        ),
    ] = None,
    *,
    json: Json = False,
) -> None:
    """Look at everything that screening needs, and say what to do about what is wrong.

    The broker and its version, the topics, whether consumers keep up, dead letters, Redis and its append-only
    file, the object store, the detectors' model files, and what each service says of itself. A service's port
    is taken from TRACKGATE_<NAME>_PORT where that is set.

    [dim]$[/] trackgate doctor
    [dim]$[/] trackgate doctor --service ingest=http://ingest:18801 --json

    Exit status 0 when nothing fails; warnings do not count.
    """
    addresses = _addresses(host, service or [])
    lines: list[Line] = []
    with plain_words(), err.status("looking …"), httpx.Client() as client:
        for check in (
            check_broker(kafka, partitions),
            check_redis(redis),
            check_store(store),
            check_models(model_folders()),
            check_services(addresses, client),
        ):
            for line in check:
                lines.append(line)
                if not json:
                    _tell(line)
    if json:
        print_json([vars(line) for line in lines])
    else:
        _sum_up(lines)
    if worst(lines) is Level.FAIL:
        raise typer.Exit(EXIT_FAILED)


def _tell(line: Line) -> None:
    out.print(f"{_MARKS[line.level]} [bold]{escape(line.what)}[/]  {escape(line.told)}", soft_wrap=True)
    if line.advice:
        out.print(f"        [dim]→[/] {escape(line.advice)}", soft_wrap=True)


def _sum_up(lines: list[Line]) -> None:
    counts = {level: sum(line.level is level for line in lines) for level in Level}
    out.print(f"\n{counts[Level.OK]} ok, {counts[Level.WARN]} warnings, {counts[Level.FAIL]} failing")


def _addresses(host: str, given: list[str]) -> dict[str, str]:
    addresses = {
        name: f"http://{host}:{os.environ.get(f'TRACKGATE_{name.upper()}_PORT', port)}"
        for name, port in PORTS.items()
    }
    for one in given:
        name, equals, url = one.partition("=")
        if not equals or not url.startswith(("http://", "https://")):
            raise typer.BadParameter(f"{one!r}: write NAME=URL", param_hint="--service")
        addresses[name] = url.rstrip("/")
    return addresses
