"""A collector of traces in this process: OTLP over HTTP, as the services' exporters speak it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from deploy.local.ports import HOST


@dataclass(frozen=True)
class Collected:
    """Ids are bytes; ``parent`` is empty for the first span of a trace."""

    service: str
    name: str
    trace: bytes
    id: bytes
    parent: bytes


class Collector:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._spans: list[Collected] = []
        self.url = ""

    def spans(self) -> list[Collected]:
        with self._lock:
            return list(self._spans)

    def take(self, body: bytes) -> None:
        request = ExportTraceServiceRequest.FromString(body)
        with self._lock:
            for resource in request.resource_spans:
                names = {one.key: one.value.string_value for one in resource.resource.attributes}
                for scope in resource.scope_spans:
                    self._spans += [
                        Collected(
                            names["service.name"], span.name, span.trace_id, span.span_id, span.parent_span_id
                        )
                        for span in scope.spans
                    ]


@contextmanager
def collector() -> Iterator[Collector]:
    collecting = Collector()

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            collecting.take(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
            """Exports every second are no news."""

    server = ThreadingHTTPServer((HOST, 0), Answer)
    collecting.url = f"http://{HOST}:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield collecting
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
