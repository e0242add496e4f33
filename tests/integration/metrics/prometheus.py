"""Debian's Prometheus, scraping what it is told to, asked over its API."""

import json
import math
import shutil
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from deploy.local.ports import HOST, free_ports

INSTALLED = shutil.which("prometheus") is not None


@dataclass(frozen=True)
class Prometheus:
    url: str

    def ask(self, expr: str) -> list[dict[str, Any]]:
        """The instant vector that ``expr`` gives now."""
        query = urllib.parse.urlencode({"query": expr})
        with urllib.request.urlopen(f"{self.url}/api/v1/query?{query}", timeout=10) as answer:  # noqa: S310 - our own
            return json.load(answer)["data"]["result"]

    def numbers(self, expr: str) -> list[float]:
        """The values that are numbers; a division of nothing by nothing is none."""
        return [number for sample in self.ask(expr) if not math.isnan(number := float(sample["value"][1]))]

    def ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/-/ready", timeout=2) as answer:  # noqa: S310 - our own
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False


@contextmanager
def prometheus(home: Path, jobs: Mapping[str, list[str]]) -> Iterator[Prometheus]:
    """``jobs`` are targets (host:port) by job name; each is scraped every second."""
    home.mkdir()
    configuration = {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s"},
        "scrape_configs": [
            {"job_name": job, "static_configs": [{"targets": targets}]} for job, targets in jobs.items()
        ],
    }
    (home / "prometheus.yml").write_text(yaml.safe_dump(configuration))
    (port,) = free_ports(1)
    argv = [
        "prometheus",
        f"--config.file={home / 'prometheus.yml'}",
        f"--storage.tsdb.path={home / 'data'}",
        f"--web.listen-address={HOST}:{port}",
        "--log.level=warn",
    ]
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(argv, stdout=log, stderr=subprocess.STDOUT)
    asked = Prometheus(f"http://{HOST}:{port}")
    try:
        deadline = time.monotonic() + 60
        while not asked.ready():
            assert process.poll() is None, (home / "log").read_text()
            assert time.monotonic() < deadline, (home / "log").read_text()
            time.sleep(0.1)
        yield asked
    finally:
        process.terminate()
        process.wait(30)
