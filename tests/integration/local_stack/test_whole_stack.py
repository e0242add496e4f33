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

from deploy.local import Endpoints
from deploy.local.health import answers_healthy
from deploy.local.kafka_server import answers_metadata
from deploy.local.ports import free_ports, is_free
from deploy.local.valkey import answers_ping
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

    def rest(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.read()

    def pids(self) -> dict[str, int]:
        ups = [line.removeprefix("up ").rpartition(" ") for line in self.lines if line.startswith("up ")]
        return {name: int(pid) for name, _, pid in ups}


@contextmanager
def stack_process(home: Path, settings: dict[str, str], *services: str) -> Iterator[StackProcess]:
    outer = {name: value for name, value in os.environ.items() if not name.startswith("TRACKGATE_")}
    cache = {name: value for name, value in os.environ.items() if name == "TRACKGATE_CACHE"}
    with subprocess.Popen(
        [sys.executable, str(SCRIPT), *services],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**outer, **cache, **settings, "TRACKGATE_HOME": str(home)},
    ) as process:
        try:
            yield StackProcess(process)
        finally:
            if process.poll() is None:
                process.terminate()


def own_servers(ports: list[int]) -> dict[str, str]:
    names = ("TRACKGATE_KAFKA_PORT", "TRACKGATE_KAFKA_CONTROLLER_PORT", "TRACKGATE_REDIS_PORT")
    return dict(zip(names, map(str, ports), strict=True))


def external_servers(endpoints: Endpoints) -> dict[str, str]:
    return {"TRACKGATE_KAFKA": endpoints.bootstrap_servers, "TRACKGATE_REDIS": endpoints.redis_url}


def test_up_with_progress_a_crash_survived_and_down_on_ctrl_c_without_a_trace(
    tmp_path: Path, running: Running, eventually: Eventually
) -> None:
    *ports, service_port = free_ports(4)
    with stack_process(tmp_path, own_servers(ports), f"web={service_port}") as stack:
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


def test_a_service_that_does_not_come_up_is_told_and_takes_down_what_was_started_but_not_external_servers(
    tmp_path: Path, endpoints: Endpoints, eventually: Eventually
) -> None:
    service_port, broken_port = free_ports(2)
    services = (f"web={service_port}", f"broken={broken_port}")
    with stack_process(tmp_path, external_servers(endpoints), *services) as stack:
        assert stack.process.wait(120) != 0
        output = stack.rest()

    assert f"external broker at {endpoints.bootstrap_servers}" in output
    assert "broken ended with status 1" in output
    assert "no model here" in output
    eventually(lambda: is_free(service_port))
    assert answers_metadata(endpoints.bootstrap_servers)
    assert answers_ping(endpoints.redis_url)


def test_a_second_stack_on_the_same_home_or_port_is_refused_before_anything_starts(
    tmp_path: Path, endpoints: Endpoints
) -> None:
    (service_port,) = free_ports(1)
    settings, service = external_servers(endpoints), f"web={service_port}"
    with stack_process(tmp_path, settings, service) as first:
        first.read_until("ready")
        with stack_process(tmp_path, settings, service) as same_home:
            assert same_home.process.wait(60) != 0
            assert f"process {first.process.pid}" in same_home.rest()
        with stack_process(tmp_path / "other", settings, service) as same_port:
            assert same_port.process.wait(60) != 0
            output = same_port.rest()
        assert f"port {service_port}, which web needs, is taken by python" in output
        assert f"process {first.pids()['web']}" in output
        assert "TRACKGATE_TEST_PORT=" in output
        first.process.send_signal(signal.SIGTERM)
        first.process.wait(60)


def test_an_external_broker_that_does_not_answer_is_told_by_its_setting(
    tmp_path: Path, endpoints: Endpoints
) -> None:
    (nobody,) = free_ports(1)
    settings = {**external_servers(endpoints), "TRACKGATE_KAFKA": f"127.0.0.1:{nobody}"}
    with stack_process(tmp_path, settings) as stack:
        assert stack.process.wait(60) != 0
        assert f"TRACKGATE_KAFKA=127.0.0.1:{nobody} does not answer" in stack.rest()
