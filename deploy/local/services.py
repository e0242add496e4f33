"""Trackgate's services as the local stack runs them: one row each."""

import sys
from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field

from deploy.local.ports import HOST, PortUse


class ServiceSpec(BaseModel):
    """``env`` is added to what all services get; ``port`` serves ``health_path`` among other things."""

    model_config = ConfigDict(frozen=True)

    name: str
    argv: tuple[str, ...] = Field(min_length=1)
    port: int = Field(ge=1, le=65535)
    port_setting: str
    env: Mapping[str, str] = {}
    health_path: str = "/healthz"
    grace_s: float = Field(default=20.0, ge=0)

    @property
    def health_url(self) -> str:
        return f"http://{HOST}:{self.port}{self.health_path}"

    @property
    def port_use(self) -> PortUse:
        return PortUse(port=self.port, purpose=self.name, setting=self.port_setting)


_HTTP = "TRACKGATE_PORT"
_WORKER = "TRACKGATE_HEALTH_PORT"

# name, default port, and the variable by which the service itself is told its port
_ROWS = (
    ("registry", 18082, _HTTP),
    ("policy", 18091, _WORKER),
    ("ai_detector", 18092, _WORKER),
    ("voice_matcher", 18093, _WORKER),
    ("moderation", 18081, _HTTP),
    ("ingest", 18080, _HTTP),
)


def trackgate_services(environ: Mapping[str, str]) -> tuple[ServiceSpec, ...]:
    """In starting order: those that read the record first, the door for uploads last.

    ``TRACKGATE_<NAME>_PORT`` in ``environ`` moves a service.
    """
    services = []
    for name, default_port, told_by in _ROWS:
        setting = f"TRACKGATE_{name.upper()}_PORT"
        port = int(environ.get(setting, default_port))
        services.append(
            ServiceSpec(
                name=name,
                argv=(sys.executable, "-m", f"services.{name}"),
                port=port,
                port_setting=setting,
                env={told_by: str(port)},
            )
        )
    return tuple(services)
