"""What the services' processes use, their children included, as the machine counts it."""

import threading
import time
from collections import defaultdict
from itertools import pairwise
from types import TracebackType
from typing import Self

import psutil

from services.cli.commands.bench_report import Usage
from shared.errors import SettingsError

_SAMPLE_SECONDS = 0.5
_MODULE = "services."


class ServiceUsage:
    """Watches the services on this machine that work on ``kafka``; ``usage`` tells what they used.

    CPU counts the processes, their pools, and the decoders that they started and waited for. Memory is the
    largest resident size that any one process of a service had.

    Raises:
        SettingsError: no such process runs here.
    """

    def __init__(self, kafka: str) -> None:
        self._roots = _services_on(kafka)
        if not self._roots:
            raise SettingsError(
                f"no service that works on {kafka} runs on this machine: start them with `make run`, "
                "and name their broker with --kafka"
            )
        self._peak: defaultdict[str, float] = defaultdict(float)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._sample, name="bench-usage", daemon=True)
        self._before: dict[str, float] = {}
        self._began = 0.0

    def __enter__(self) -> Self:
        self._before = self._cpu()
        self._began = time.monotonic()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._thread.join()

    def usage(self) -> Usage:
        now = self._cpu()
        return Usage(
            cpu_seconds={name: now[name] - self._before[name] for name in sorted(now)},
            peak_mb=dict(sorted(self._peak.items())),
            cores=psutil.cpu_count() or 1,
            wall_seconds=time.monotonic() - self._began,
        )

    def _cpu(self) -> dict[str, float]:
        used: defaultdict[str, float] = defaultdict(float)
        for name, root in self._roots:
            for process in _family(root):
                try:
                    times = process.cpu_times()
                except psutil.NoSuchProcess:
                    continue
                used[name] += times.user + times.system
                used[name] += getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)
        return dict(used)

    def _sample(self) -> None:
        while not self._stopping.wait(_SAMPLE_SECONDS):
            for name, root in self._roots:
                for process in _family(root):
                    try:
                        size = process.memory_info().rss / 1e6
                    except psutil.NoSuchProcess:
                        continue
                    self._peak[name] = max(self._peak[name], size)


def _services_on(kafka: str) -> list[tuple[str, psutil.Process]]:
    found = []
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        module = next((w for flag, w in pairwise(words) if flag == "-m"), "")
        if not module.startswith(_MODULE) or module == "services.cli":
            continue
        try:
            if process.environ().get("TRACKGATE_KAFKA") == kafka:
                found.append(
                    ("_".join([module.removeprefix(_MODULE), *words[words.index(module) + 1 :]]), process)
                )
        except psutil.Error:
            continue
    return found


def _family(root: psutil.Process) -> list[psutil.Process]:
    try:
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []
