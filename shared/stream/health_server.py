"""/healthz and /metrics of a worker, from a thread of their own: they answer when the event loop does not."""

import json
import threading
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import make_wsgi_app

from shared.errors import SettingsError
from shared.stream.progress import Progress

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        """A scrape every few seconds is no news."""


class HealthServer:
    """Serves on ``bind:port`` (0 takes a free port; see ``port``) while its block runs.

    ``/healthz`` is 200 with the progress when there is no fault, else 503 with the faults in sentences.

    Raises:
        SettingsError: the port is taken.
    """

    def __init__(self, progress: Progress, *, bind: str, port: int) -> None:
        self._progress = progress
        self._metrics: Callable[..., Iterable[bytes]] = make_wsgi_app()
        try:
            self._server: WSGIServer = make_server(bind, port, self._answer, handler_class=_Quiet)
        except OSError as error:
            raise SettingsError(
                f"TRACKGATE_HEALTH_PORT: cannot listen on {bind}:{port} ({error.strerror}); choose another"
            ) from error
        self._thread = threading.Thread(target=self._server.serve_forever, name="health", daemon=True)

    @property
    def port(self) -> int:
        return self._server.server_port

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _answer(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/metrics":
            return self._metrics(environ, start_response)
        if environ["PATH_INFO"] != "/healthz":
            start_response("404 Not Found", [("Content-Type", "text/plain")])
            return [b"/healthz or /metrics\n"]
        health = self._progress.health()
        body = {
            "status": "failing" if health.faults else "ok",
            "faults": health.faults,
            "in_hand": health.in_hand,
            "handled": health.handled,
            "oldest_seconds": round(health.oldest_seconds, 3),
        }
        start_response(
            "503 Service Unavailable" if health.faults else "200 OK", [("Content-Type", "application/json")]
        )
        return [json.dumps(body).encode()]
