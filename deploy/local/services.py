"""Trackgate's services as the local stack runs them: one row each."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from deploy.local.ports import HOST, PortUse
from shared.errors import SettingsError


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


@dataclass(frozen=True)
class _Row:
    """``told_by`` is the variable that tells the service its port.

    ``files`` are variables that name a file below the home of the stack, ``env`` others; each is set unless
    the environment has it.
    """

    name: str
    port: int
    told_by: str
    package: str = ""
    command: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)


_WORKER = "TRACKGATE_HEALTH_PORT"
_VOICEPRINTS = {
    "TRACKGATE_VOICEPRINT_KEYS": "voiceprints/keys",
    "TRACKGATE_VOICEPRINT_MASTER_KEY_FILE": "voiceprints/master/key",
    "TRACKGATE_VOICEPRINT_LOG": "voiceprints/access.jsonl",
}
_OWN_RECEIVERS = {"TRACKGATE_WEBHOOK_ALLOWED_HOSTS": '["127.0.0.1", "localhost"]'}
_ROWS = (
    _Row(
        "registry",
        18802,
        "TRACKGATE_REGISTRY_PORT",
        files={
            "TRACKGATE_REGISTRY_TOKEN_FILE": "registry/token",
            "TRACKGATE_REGISTRY_PEOPLE": "registry/people.json",
            **_VOICEPRINTS,
            "TRACKGATE_WEBHOOK_KEY_FILE": "webhooks/key",
        },
        env=_OWN_RECEIVERS,
    ),
    _Row("policy", 18813, _WORKER),
    _Row("ai_detector", 18811, _WORKER),
    _Row("voice_matcher", 18812, _WORKER, files=_VOICEPRINTS),
    _Row("fingerprints", 18816, _WORKER),
    _Row("moderation_worker", 18814, _WORKER, package="moderation", command=("worker",)),
    _Row(
        "moderation",
        18803,
        "TRACKGATE_MODERATION_PORT",
        command=("api",),
        files={
            "TRACKGATE_MODERATION_REVIEWERS": "moderation/reviewers.json",
            "TRACKGATE_MODERATION_AUDIT": "moderation/audit.jsonl",
        },
    ),
    _Row(
        "notifier",
        18815,
        _WORKER,
        files={"TRACKGATE_WEBHOOK_KEY_FILE": "webhooks/key"},
        env=_OWN_RECEIVERS,
    ),
    _Row(
        "ingest",
        18801,
        "TRACKGATE_INGEST_PORT",
        files={"TRACKGATE_WEBHOOK_KEY_FILE": "webhooks/key"},
        env=_OWN_RECEIVERS,
    ),
)
_ADDRESSES = "TRACKGATE_SERVICES"
_REGISTRY_TOKEN_DIGEST = "TRACKGATE_REGISTRY_TOKEN_SHA256"  # noqa: S105 - the name of a variable


def trackgate_services(environ: Mapping[str, str], home: Path) -> tuple[ServiceSpec, ...]:
    """In starting order: those that read the record first, the door for uploads last.

    ``TRACKGATE_<NAME>_PORT`` in ``environ`` moves a service.

    Raises:
        SettingsError: such a variable is not a port.
    """
    return _knowing_each_other(tuple(_spec(row, environ, home) for row in _ROWS), environ)


def _knowing_each_other(
    specs: tuple[ServiceSpec, ...], environ: Mapping[str, str]
) -> tuple[ServiceSpec, ...]:
    """The moderators' dashboards read the numbers of all processes."""
    if _ADDRESSES in environ:
        return specs
    addresses = " ".join(f"{spec.name}=http://{HOST}:{spec.port}" for spec in specs)
    return tuple(
        spec.model_copy(update={"env": {**spec.env, _ADDRESSES: addresses}})
        if spec.name == "moderation"
        else spec
        for spec in specs
    )


def _spec(row: _Row, environ: Mapping[str, str], home: Path) -> ServiceSpec:
    setting = f"TRACKGATE_{row.name.upper()}_PORT"
    port = _port(setting, environ.get(setting, str(row.port)))
    files = {
        variable: str(home.resolve() / below)
        for variable, below in row.files.items()
        if variable not in environ
    }
    if _REGISTRY_TOKEN_DIGEST in environ:  # the registry takes one of the two, never both
        files.pop("TRACKGATE_REGISTRY_TOKEN_FILE", None)
    if "TRACKGATE_WEBHOOK_KEY" in environ:  # likewise
        files.pop("TRACKGATE_WEBHOOK_KEY_FILE", None)
    if "TRACKGATE_VOICEPRINT_MASTER_KEY" in environ:  # likewise
        files.pop("TRACKGATE_VOICEPRINT_MASTER_KEY_FILE", None)
    others = {variable: value for variable, value in row.env.items() if variable not in environ}
    return ServiceSpec(
        name=row.name,
        argv=(sys.executable, "-m", f"services.{row.package or row.name}", *row.command),
        port=port,
        port_setting=setting,
        env={row.told_by: str(port), **files, **others},
    )


def _port(setting: str, text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:  # noqa: PLR2004 - the range of ports
        raise SettingsError(f"wrong settings: {setting} is {text!r}, which is no port (1 to 65535)")
    return int(text)
