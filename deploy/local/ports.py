"""Loopback ports: which are free, and who has the others."""

import socket
from contextlib import ExitStack

HOST = "127.0.0.1"


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
