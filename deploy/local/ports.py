"""Loopback ports: which are free, and who has the others."""

import socket
from collections.abc import Callable, Iterable
from contextlib import ExitStack

import psutil
from pydantic import BaseModel, ConfigDict

HOST = "127.0.0.1"


class PortUse(BaseModel):
    """A port that the stack is about to listen on, and the setting that moves it."""

    model_config = ConfigDict(frozen=True)

    port: int
    purpose: str
    setting: str


class Listener(BaseModel):
    """Who listens on a port; the name is empty where the machine does not say."""

    model_config = ConfigDict(frozen=True)

    pid: int | None = None
    name: str = ""

    def __str__(self) -> str:
        return f"{self.name} (process {self.pid})" if self.pid else "a process of another user"


def is_free(port: int) -> bool:
    """True when a server could listen on ``port`` now. Connections in TIME_WAIT do not count as taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def free_ports(count: int) -> list[int]:
    """``count`` different ports that are free at this moment; nothing reserves them."""
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind((HOST, 0))
        return [int(probe.getsockname()[1]) for probe in probes]


def find_listener(port: int) -> Listener:
    try:
        connections = psutil.net_connections(kind="tcp")
    except psutil.AccessDenied:  # macOS shows them to root only
        return Listener()
    for connection in connections:
        if connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port:
            return _named(connection.pid)
    return Listener()


def _named(pid: int | None) -> Listener:
    if pid is None:
        return Listener()
    try:
        return Listener(pid=pid, name=psutil.Process(pid).name())
    except psutil.Error:
        return Listener(pid=pid, name="a process")


def taken_message(use: PortUse, listener: Listener, spare: int) -> str:
    return (
        f"port {use.port}, which {use.purpose} needs, is taken by {listener}. "
        f"Stop that, or choose another port: {use.setting}={spare}"
    )


def port_problems(
    uses: Iterable[PortUse],
    *,
    free: Callable[[int], bool] = is_free,
    listener: Callable[[int], Listener] = find_listener,
    spare: Callable[[], int] = lambda: free_ports(1)[0],
) -> list[str]:
    """One message for each port that cannot be listened on, or that is asked for twice."""
    problems: list[str] = []
    seen: dict[int, PortUse] = {}
    for use in uses:
        if (other := seen.get(use.port)) is not None:
            problems.append(
                f"port {use.port} is asked for by {other.purpose} ({other.setting}) "
                f"and by {use.purpose} ({use.setting}): choose another one for either"
            )
        elif not free(use.port):
            problems.append(taken_message(use, listener(use.port), spare()))
        seen.setdefault(use.port, use)
    return problems
