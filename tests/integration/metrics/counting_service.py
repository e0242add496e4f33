"""A service whose every counter grows evenly, with all metrics that the dashboards page reads."""

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import product

from deploy.local.ports import HOST
from services.moderation.adapters.scraping import STARTED
from services.moderation.dashboards.expressions import Grown, Level
from services.moderation.dashboards.odometer import UP

EDGES = ("0.5", "60.0", "120.0", "+Inf")
OTHERS = ("x", "y")


@dataclass
class CountingService:
    """``restart`` begins all counters again at 0."""

    leaves: tuple[Grown | Level, ...]
    began: float = field(default_factory=time.time)
    address: str = ""

    def restart(self) -> None:
        self.began = time.time()

    def page(self) -> str:
        seconds = time.time() - self.began
        lines = [f"{STARTED} {self.began}"]
        for metric, (counts, labels) in sorted(_series(self.leaves).items()):
            for number, values in enumerate(product(*labels.values()), start=1):
                named = dict(zip(labels, values, strict=True))
                rank = EDGES.index(named["le"]) + 1 if named.get("le") in EDGES else number
                said = ",".join(f'{label}="{value}"' for label, value in named.items())
                value = 5.0 * rank * seconds if counts else 0.2 * rank
                lines.append(f"{metric}{{{said}}} {value}")
        return "\n".join([*lines, ""])


def _series(leaves: Iterable[Grown | Level]) -> dict[str, tuple[bool, dict[str, tuple[str, ...]]]]:
    """For each metric whether it is a counter, and the values of its labels."""
    found: dict[str, tuple[bool, dict[str, tuple[str, ...]]]] = {}
    for leaf in leaves:
        if leaf.metric == UP:
            continue
        _, labels = found.setdefault(leaf.metric, (isinstance(leaf, Grown), {}))
        for label in leaf.by:
            labels[label] = (*labels.get(label, ()), *(EDGES if label == "le" else OTHERS))
        for label, values in leaf.where:
            if label != "job":
                others = EDGES if label == "le" else ("elsewhere",)
                labels[label] = (*labels.get(label, ()), *values, *others)
        for label, known in labels.items():
            labels[label] = tuple(dict.fromkeys(known))
    return found


@contextmanager
def counting(leaves: tuple[Grown | Level, ...]) -> Iterator[CountingService]:
    service = CountingService(leaves)

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = service.page().encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
            """A scrape every second is no news."""

    server = ThreadingHTTPServer((HOST, 0), Answer)
    service.address = f"{HOST}:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
