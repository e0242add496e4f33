"""One run: so many tracks under way at once, until all are decided."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from uuid import uuid4

from deploy.scaling.growing import GrowingStack
from deploy.scaling.warming import heard_by, warm_up
from services.cli.adapters.registry_api import registry_api
from services.cli.adapters.tracks_api import tracks_api
from services.cli.commands.bench_audio import Recording
from services.cli.commands.bench_load import Load, Loaded, Plan
from services.cli.commands.bench_record import KafkaRecord
from services.cli.commands.bench_report import Report, report
from services.cli.commands.bench_usage import ServiceUsage

PATIENCE_S = 300.0


@dataclass(frozen=True)
class Run:
    """``busy_cores``: CPU seconds of all services over seconds; the machine has ``cores``."""

    partitions: int
    workers: int
    tracks_per_minute: float
    cpu_seconds_per_3min_track: float
    busy_cores: float
    cores: int
    p50_s: float
    p95_s: float
    lost: int
    decided_twice: int
    failures: tuple[str, ...]

    def as_json(self) -> Mapping[str, object]:
        return asdict(self)


def in_flight(workers: int) -> int:
    """No worker waits for the load: each has one in hand and one waiting, and two are at the door."""
    return 2 * workers + 2


def measure(stack: GrowingStack, audio: Sequence[Recording], tracks: int) -> Run:
    """Tracks are screened first, uncounted, two for each worker at a time, until all are warm (``warming``).

    Raises:
        SystemicError: the broker went away.
    """
    workers = stack.workers
    warm_up(
        lambda: _uncounted(stack, audio, _plan(2 * workers, workers)),
        lambda: heard_by(stack.addresses()),
    )
    found, busy = _load(stack, audio, _plan(tracks, workers))
    values = found.values
    latency = values["upload_to_decision_s"]
    per_core = values["tracks_per_minute_per_core"] or 0.0
    return Run(
        partitions=int(stack.stack.env["TRACKGATE_PARTITIONS"]),
        workers=workers,
        tracks_per_minute=round(per_core * values["cores"], 2),
        cpu_seconds_per_3min_track=values["cpu_seconds_per_3min_track"] or 0.0,
        busy_cores=round(busy, 2),
        cores=values["cores"],
        p50_s=latency.get("p50", 0.0),
        p95_s=latency.get("p95", 0.0),
        lost=values["lost"],
        decided_twice=values["decided_twice"],
        failures=found.failures,
    )


def _plan(tracks: int, workers: int) -> Plan:
    return Plan(0, 0.0, 0, 0, tracks, in_flight(workers), 0, PATIENCE_S)


def _uncounted(stack: GrowingStack, audio: Sequence[Recording], plan: Plan) -> None:
    _load(stack, audio, plan)


def _load(stack: GrowingStack, audio: Sequence[Recording], plan: Plan) -> tuple[Report, float]:
    kafka = stack.stack.bootstrap_servers
    with registry_api(stack.url("registry"), stack.token) as registry:
        name = f"scaling-{uuid4().hex[:12]}"
        form = {"distributor_id": name, "name": "Scaling test", "tracks_per_day": 2 * plan.tracks + 10}
        key = str(registry.post("/v1/distributors", form)["api_key"])
    with KafkaRecord(kafka) as record, ServiceUsage(kafka) as services:

        async def run() -> Loaded:
            async with tracks_api(stack.url("ingest"), key) as api:
                load = Load(api, record, plan, usual=audio, big=audio, told=lambda _sent: None)
                return await load.run()

        loaded = asyncio.run(run())
        usage = services.usage()
        ids = {one.track_id for one in loaded.sent if one.track_id is not None}
        on_record = {track_id: record.of(track_id) for track_id in ids}
    busy = sum(usage.cpu_seconds.values()) / usage.wall_seconds
    return report(loaded.sent, on_record, usage, closed_seconds=loaded.closed_seconds), busy
