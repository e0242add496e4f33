"""A stack whose detectors can be given more workers while it runs."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local.ports import HOST, free_ports
from deploy.local.progress import Report
from deploy.local.secrets_folder import SecretsFolder
from deploy.local.seed import seed_approver
from deploy.local.seed_registry import RegistrySeed
from deploy.local.services import ServiceSpec, trackgate_services
from deploy.local.settings import LocalSettings
from deploy.local.stack import RunningStack, running_stack
from deploy.samples.manifest import load_manifest
from services.cli.adapters.registry_api import registry_api

WORKERS = ("ai_detector", "voice_matcher")
"""What screening costs: these are multiplied. The other services run once."""
LEFT_OUT = frozenset({"moderation", "notifier"})
"""Nothing waits for them, and their idle time would be counted."""
_ONE_CORE_EACH = {"TRACKGATE_AI_PROCESSES": "1", "TRACKGATE_VOICE_PROCESSES": "1", "OMP_NUM_THREADS": "1"}
_NOTHING_TWICE = {"TRACKGATE_VOICE_RELISTEN_DAYS": "0"}
"""A minute after the artist is protected the matcher would listen again to all that was screened by then, in
the middle of some run: that is the price of protecting a voice, and not of screening a track."""
_START_S, _PROTECT_S = 180.0, 300.0


@dataclass
class GrowingStack:
    """``workers``: of each of WORKERS, so many run. ``home`` holds the registry's token."""

    stack: RunningStack
    services: Mapping[str, ServiceSpec]
    spares: Mapping[str, list[ServiceSpec]]
    token: str
    workers: int = 1
    health: list[str] = field(default_factory=list)

    def url(self, service: str) -> str:
        return f"http://{HOST}:{self.services[service].port}"

    def addresses(self) -> list[tuple[str, str]]:
        """Names and base URLs of the workers that run."""
        running = [
            spec for name in WORKERS for spec in (self.services[name], *self.spares[name][: self.workers - 1])
        ]
        return [(spec.name, f"http://{HOST}:{spec.port}") for spec in running]

    def grow_to(self, workers: int) -> None:
        """Blocks until the new ones are healthy. Workers are never taken away."""
        more = [spare for name in WORKERS for spare in self.spares[name][self.workers - 1 : workers - 1]]
        self.stack.start(more)
        self.workers = max(workers, self.workers)


@contextmanager
def growing_stack(
    home: Path, *, partitions: int, most_workers: int, report: Report
) -> Iterator[GrowingStack]:
    """One worker each, the samples' artist protected; stops with the block, in whatever way that ends.

    Raises:
        TrackgateError: something did not start; the message says what to do.
    """
    named = [spec for spec in trackgate_services({}, home) if spec.name not in LEFT_OUT]
    count = (most_workers - 1) * len(WORKERS)
    ports = iter(free_ports(3 + len(named) + count))
    settings = LocalSettings(
        home=home,
        kafka_port=next(ports),
        kafka_controller_port=next(ports),
        redis_port=next(ports),
        start_timeout_s=_START_S,
        partitions=partitions,
    )
    moved = {spec.port_setting: str(next(ports)) for spec in named}
    services = {
        spec.name: _told(spec, _ONE_CORE_EACH | _NOTHING_TWICE)
        for spec in trackgate_services(moved, home)
        if spec.name not in LEFT_OUT
    }
    spares = {
        name: [_copy(services[name], n, next(ports)) for n in range(2, most_workers + 1)] for name in WORKERS
    }
    registry = services["registry"]
    later = [spec for spec in services.values() if spec is not registry]
    announced = [*later, *(spare for name in WORKERS for spare in spares[name])]
    with running_stack(settings, [registry], report, later=announced) as stack:
        token = Path(registry.env["TRACKGATE_REGISTRY_TOKEN_FILE"]).read_text(encoding="ascii").strip()
        secrets, url = SecretsFolder(home / "secrets"), f"http://{HOST}:{registry.port}"
        approver = seed_approver({**stack.env, **registry.env}, secrets)
        with registry_api(url, token) as api, registry_api(url, approver) as second:
            seed = RegistrySeed(api, secrets)
            seed.plant(load_manifest())
            stack.start(later)
            seed.protect(load_manifest(), second, patience_s=_PROTECT_S, check=stack.check)
        yield GrowingStack(stack, services, spares, token)


def _told(spec: ServiceSpec, more: Mapping[str, str]) -> ServiceSpec:
    return spec.model_copy(update={"env": {**spec.env, **more}})


def _copy(spec: ServiceSpec, number: int, port: int) -> ServiceSpec:
    told = _told(spec, {"TRACKGATE_HEALTH_PORT": str(port)})
    return told.model_copy(update={"name": f"{spec.name}_{number}", "port": port})
