"""The stack comes up step by step, restarts what crashes, and leaves nothing behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient

from deploy.local.health import answers_healthy
from deploy.local.ports import free_ports, is_free
from shared.topics import broker_topics

pytestmark = pytest.mark.integration

SCRIPT = Path(__file__).with_name("local_stack_process.py")
Eventually = Callable[..., None]
Running = Callable[[int], bool]


class StackProcess:
    """The stack in a process of its own, and what it has printed so far."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.lines: list[str] = []

    def read_until(self, beginning: str) -> str:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip())
            if line.startswith(beginning):
                return line.rstrip()
        pytest.fail(f"ended without {beginning!r}:\n" + "\n".join(self.lines))

    def pids(self) -> dict[str, int]:
        ups = [line.removeprefix("up ").rpartition(" ") for line in self.lines if line.startswith("up ")]
        return {name: int(pid) for name, _, pid in ups}


@contextmanager
def stack_process(home: Path, ports: list[int], *services: str) -> Iterator[StackProcess]:
    names = ("TRACKGATE_KAFKA_PORT", "TRACKGATE_KAFKA_CONTROLLER_PORT", "TRACKGATE_REDIS_PORT")
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name not in {"TRACKGATE_KAFKA", "TRACKGATE_REDIS"}
    }
    env = {
        **inherited,
        "TRACKGATE_HOME": str(home),
        **dict(zip(names, map(str, ports), strict=True)),
    }
    with subprocess.Popen(
        [sys.executable, str(SCRIPT), *services],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=env,
    ) as process:
        try:
            yield StackProcess(process)
        finally:
            if process.poll() is None:
                process.terminate()


def test_up_with_progress_a_crash_survived_and_down_on_ctrl_c_without_a_trace(
    tmp_path: Path, running: Running, eventually: Eventually
) -> None:
    *ports, service_port = free_ports(4)
    with stack_process(tmp_path, ports, f"web={service_port}") as stack:
        servers = stack.read_until("ready").split()[1]
        pids = stack.pids()
        assert set(pids) == {"Apache Kafka", "Valkey", "web"}
        assert any("Apache Kafka 4." in line for line in stack.lines)

        there = AdminClient({"bootstrap.servers": servers}).list_topics(timeout=10).topics
        assert {spec.name for spec in broker_topics(1)} <= set(there)

        os.kill(pids["web"], signal.SIGKILL)
        stack.read_until("! web: ended with status -9")
        stack.read_until("! web: runs again")
        eventually(lambda: answers_healthy(service_port))

        stack.process.send_signal(signal.SIGINT)
        stack.process.wait(60)

    eventually(lambda: not any(running(pid) for pid in pids.values()))
    assert all(is_free(port) for port in (*ports, service_port))


def test_a_service_that_does_not_come_up_is_told_and_takes_the_rest_down(
    tmp_path: Path, eventually: Eventually
) -> None:
    *ports, service_port, broken_port = free_ports(5)
    with stack_process(tmp_path, ports, f"web={service_port}", f"broken={broken_port}") as stack:
        assert stack.process.wait(120) != 0
        assert stack.process.stdout is not None
        output = stack.process.stdout.read()

    assert "broken ended with status 1" in output
    assert "no model here" in output
    eventually(lambda: all(is_free(port) for port in (*ports, service_port)))


def test_a_second_stack_on_the_same_home_or_port_is_refused_before_anything_starts(tmp_path: Path) -> None:
    *ports, service_port = free_ports(4)
    with stack_process(tmp_path, ports, f"web={service_port}") as first:
        first.read_until("ready")
        with stack_process(tmp_path, ports) as second:
            assert second.process.wait(60) != 0
            assert second.process.stdout is not None
            assert f"process {first.process.pid}" in second.process.stdout.read()
        with stack_process(tmp_path / "other", ports) as third:
            assert third.process.wait(60) != 0
            assert third.process.stdout is not None
            output = third.process.stdout.read()
            assert f"port {ports[0]}, which the broker needs, is taken by java" in output
            assert "TRACKGATE_KAFKA_PORT=" in output
        first.process.send_signal(signal.SIGTERM)
        first.process.wait(60)
