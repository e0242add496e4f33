"""The services that screen, really running on ports of their own, with the samples' registry."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local.ports import HOST, free_ports
from deploy.local.progress import Step
from deploy.local.secrets_folder import SecretsFolder
from deploy.local.seed import seed_approver
from deploy.local.seed_registry import RegistrySeed
from deploy.local.services import ServiceSpec, trackgate_services
from deploy.local.settings import LocalSettings
from deploy.local.stack import RunningStack, running_stack
from deploy.samples.manifest import load_manifest
from services.cli.adapters.registry_api import registry_api
from services.moderation.adapters.reviewers import add_reviewer
from services.moderation.domain.access import Role

DESK = "moderation"
"""The page needs people who may sign in; without it the queue is kept, and measured, by its worker."""


@dataclass(frozen=True)
class Screening:
    """``keys`` are the distributors' API keys, ``tokens`` what people sign in with at the desk."""

    stack: RunningStack
    services: Mapping[str, ServiceSpec]
    keys: Mapping[str, str]
    tokens: Mapping[str, str]

    def url(self, service: str) -> str:
        return f"http://{HOST}:{self.services[service].port}"


@contextmanager
def screening_stack(
    home: Path, environment: Mapping[str, str], *, people: Mapping[str, Role] | None = None
) -> Iterator[Screening]:
    """``environment`` is added to what every service is told; with ``people`` the desk runs too."""
    specs = trackgate_services({}, home)
    ports = free_ports(len(specs) + 3)
    moved = {spec.port_setting: str(port) for spec, port in zip(specs, ports[3:], strict=True)}
    settings = LocalSettings(
        home=home,
        kafka_port=ports[0],
        kafka_controller_port=ports[1],
        redis_port=ports[2],
        start_timeout_s=150,
        partitions=2,
    )
    services = {
        spec.name: spec.model_copy(update={"env": {**spec.env, **environment}})
        for spec in trackgate_services(moved, home)
        if people or spec.name != DESK
    }
    reviewers = services[DESK].env["TRACKGATE_MODERATION_REVIEWERS"] if people else ""
    tokens = {
        name: add_reviewer(Path(reviewers), name, name.title(), role) for name, role in (people or {}).items()
    }
    registry = services["registry"]
    later = [spec for spec in services.values() if spec is not registry]
    told: list[Step] = []
    with running_stack(settings, [registry], told.append, later=later) as stack:
        token = Path(registry.env["TRACKGATE_REGISTRY_TOKEN_FILE"]).read_text(encoding="ascii").strip()
        secrets, url = SecretsFolder(home / "secrets"), f"http://{HOST}:{registry.port}"
        approver = seed_approver({**stack.env, **registry.env}, secrets)
        with registry_api(url, token) as api, registry_api(url, approver) as second:
            seed = RegistrySeed(api, secrets)
            keys = seed.plant(load_manifest())
            stack.start(later)
            seed.protect(load_manifest(), second, patience_s=180, check=stack.check)
        yield Screening(stack, services, keys, tokens)
