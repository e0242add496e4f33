"""``trackgate bench``."""

import asyncio
import importlib.util
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import uuid4

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from services.cli.adapters.registry_api import RegistryApi
from services.cli.adapters.tracks_api import tracks_api
from services.cli.commands.bench_chart import chart
from services.cli.commands.bench_report import Report, Sent, report
from services.cli.commands.registry_access import registry_access
from services.cli.console import EXIT_FAILED, err, out, plain_words
from services.cli.options import (
    DEFAULT_API,
    DEFAULT_KAFKA,
    DEFAULT_REGISTRY,
    DEFAULT_TOKEN_FILE,
    Api,
    Kafka,
    RegistryUrl,
    Token,
    TokenFile,
)
from shared.errors import SettingsError

if TYPE_CHECKING:
    from services.cli.commands.bench_load import Plan

RESULT = Path("build/bench/pipeline.json")
SAMPLES = Path("deploy/samples/tracks")
_NEEDED = ("numpy", "soundfile", "psutil")
_VARIANTS = 3


def bench(
    api: Api = DEFAULT_API,
    kafka: Kafka = DEFAULT_KAFKA,
    registry: RegistryUrl = DEFAULT_REGISTRY,
    token: Token = None,
    token_file: TokenFile = DEFAULT_TOKEN_FILE,
    audio: Annotated[
        Path, typer.Option(help="Folder of recordings.", exists=True, file_okay=False)
    ] = SAMPLES,
    result: Annotated[Path, typer.Option(help="Where the numbers go; a chart is put beside.")] = RESULT,
    seconds: Annotated[float, typer.Option(min=10, help="Length of a usual track.")] = 180.0,
    paced: Annotated[int, typer.Option(min=0, help="Tracks that arrive one by one.")] = 6,
    every: Annotated[float, typer.Option(min=0, help="Seconds between those.")] = 4.0,
    burst: Annotated[int, typer.Option(min=0, help="Tracks that arrive all at once.")] = 6,
    big: Annotated[int, typer.Option(min=0, help="Tracks of five times the length, with the burst.")] = 1,
    closed: Annotated[int, typer.Option(min=0, help="Tracks of the closed loop.")] = 20,
    in_flight: Annotated[int, typer.Option(min=1, help="How many of those are under way at once.")] = 4,
    duplicates: Annotated[int, typer.Option(min=0, max=10, help="Of ten tracks, sent a second time.")] = 2,
    patience: Annotated[float, typer.Option(min=1, help="Seconds to wait for a decision.")] = 300.0,
) -> None:
    """Put load on the running stack and say what it did with it.

    Tracks are spliced from real recordings, every one with bytes of its own. Some arrive at a pace, some all
    at once, some are big, some are sent twice; then a closed loop keeps a few under way, and its speed is the
    throughput. What was accepted, decided, lost and decided twice is counted from Kafka itself; the CPU is
    that of the services' processes on this machine.

    [dim]$[/] trackgate bench
    [dim]$[/] trackgate bench --closed 60 --in-flight 8 --result build/bench/four-workers.json

    Exit status 1 when a track is lost, decided twice, refused, or decided later than 120 s after its upload.
    """
    from services.cli.commands.bench_load import Plan  # noqa: PLC0415 - imports what only this command needs

    plan = Plan(paced, every, burst, big, closed, in_flight, duplicates, patience)
    with plain_words():
        _refuse_without_libraries()
        with registry_access(registry, token, token_file) as registered:
            api_key = _own_key(registered, plan.tracks)
        found = _measure(plan, api, api_key, kafka, audio, seconds)
    result.parent.mkdir(parents=True, exist_ok=True)
    result.write_text(json.dumps(found.values, indent=2) + "\n", encoding="utf-8")
    result.with_suffix(".svg").write_text(chart(found.values), encoding="utf-8")
    _tell(found, result)
    if found.failures:
        raise typer.Exit(EXIT_FAILED)


def _refuse_without_libraries() -> None:
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise SettingsError(f"`trackgate bench` needs {', '.join(missing)}: pip install trackgate[bench]")


def _own_key(registry: RegistryApi, tracks: int) -> str:
    """A distributor for this run alone, so that nobody's quota is used."""
    name = f"bench-{uuid4().hex[:12]}"
    form = {"distributor_id": name, "name": "Load test", "tracks_per_day": 2 * tracks + 10}
    return str(registry.post("/v1/distributors", form)["api_key"])


def _measure(plan: "Plan", api: str, api_key: str, kafka: str, audio: Path, seconds: float) -> Report:
    from services.cli.commands.bench_audio import recordings  # noqa: PLC0415 - likewise
    from services.cli.commands.bench_load import Load, Loaded  # noqa: PLC0415 - likewise
    from services.cli.commands.bench_record import KafkaRecord  # noqa: PLC0415 - likewise
    from services.cli.commands.bench_usage import ServiceUsage  # noqa: PLC0415 - likewise

    with tempfile.TemporaryDirectory(prefix="trackgate-bench-") as work:
        usual = recordings(audio, Path(work), seconds=seconds, variants=_VARIANTS)
        big = recordings(audio, Path(work), seconds=5 * seconds, variants=1) if plan.big else usual
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with (
        KafkaRecord(kafka) as record,
        ServiceUsage(kafka) as services,
        Progress(*columns, console=err) as bar,
    ):
        task = bar.add_task("delivering", total=plan.tracks)

        def told(sent: Sent) -> None:
            if not sent.again:
                bar.advance(task)

        async def run() -> Loaded:
            async with tracks_api(api, api_key) as tracks:
                return await Load(tracks, record, plan, usual=usual, big=big, told=told).run()

        loaded = asyncio.run(run())
        usage = services.usage()
        ids = {one.track_id for one in loaded.sent if one.track_id is not None}
        on_record = {track_id: record.of(track_id) for track_id in ids}
    return report(loaded.sent, on_record, usage, closed_seconds=loaded.closed_seconds)


def _tell(found: Report, result: Path) -> None:
    values = found.values
    latency = values["upload_to_decision_s"]
    out.print(
        f"accepted {values['accepted']}, decided {values['decided']}, lost {values['lost']}, "
        f"decided twice {values['decided_twice']}"
    )
    out.print("upload to decision: " + ", ".join(f"{name} {value:.1f} s" for name, value in latency.items()))
    out.print(
        f"{values['cpu_seconds_per_3min_track']} CPU seconds for 3 minutes of audio, "
        f"{values['tracks_per_minute_per_core']} such tracks a minute on each of {values['cores']} cores"
    )
    out.print(f"written to {result} and {result.with_suffix('.svg')}", markup=False)
    for failure in found.failures:
        err.print(f"[red]✗[/] {failure}")
