"""Serving an app until a signal asks to stop."""

import asyncio
import contextlib
import errno
import signal
import socket
from collections.abc import Iterator
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from shared.errors import SettingsError


def serve(app: ASGIApp, bind: str, port: int, *, graceful_seconds: int = 30) -> int:
    """Serve ``app`` and block until SIGTERM or SIGINT; requests in hand get ``graceful_seconds`` to finish.

    Call from the main thread. Returns the process's exit status: 0 after a stop that was asked for, 3 when
    the app's start-up failed (uvicorn's own status, logged there).

    Raises:
        SettingsError: the address cannot be listened on; the message says what to do.
    """
    listener = listen(bind, port)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="on",
        timeout_graceful_shutdown=graceful_seconds,
    )
    server = uvicorn.Server(config)
    # Uvicorn picks uvloop where it is installed; asyncio.run would not ask it.
    with listener, _signals_end_quietly(), asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(server.serve(sockets=[listener]))
    return 0 if server.started else 3


def listen(bind: str, port: int) -> socket.socket:
    """A listening socket, taken before anything else starts so that a taken port is known at once."""
    family = socket.AF_INET6 if ":" in bind else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((bind, port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise SettingsError(
                f"port {port} on {bind} is taken: stop what listens there (`ss -ltnp | grep {port}`) "
                "or choose another port"
            ) from error
        raise SettingsError(f"cannot listen on {bind} port {port}: {error.strerror}") from error
    return listener


@contextlib.contextmanager
def _signals_end_quietly() -> Iterator[None]:
    """Uvicorn raises the signal that stopped it again when it is done; here that is not a death."""

    def ignore(_signal: int, _frame: FrameType | None) -> None:
        return

    before = {number: signal.signal(number, ignore) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
