import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from deploy.local import Endpoints, broker_and_redis
from deploy.local.process import ProcessSpec, Warden


@pytest.fixture(scope="session")
def endpoints(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoints]:
    with broker_and_redis(tmp_path_factory.mktemp("stack")) as endpoints:
        yield endpoints


@pytest.fixture
def warden() -> Iterator[Warden]:
    with Warden() as warden:
        yield warden


@pytest.fixture
def python_child(tmp_path: Path) -> Callable[..., ProcessSpec]:
    """A child that runs the given Python source; what it prints goes to its log."""

    def spec(source: str, *, name: str = "child", grace_s: float = 5.0) -> ProcessSpec:
        return ProcessSpec(
            name=name,
            argv=(sys.executable, "-u", "-c", source),
            log=tmp_path / f"{name}.log",
            grace_s=grace_s,
        )

    return spec


def is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.fixture
def running() -> Callable[[int], bool]:
    return is_running


@pytest.fixture
def eventually() -> Callable[..., None]:
    """Waits for a condition, and fails where it does not come true."""

    def wait(condition: Callable[[], bool], *, within_s: float = 15.0) -> None:
        deadline = time.monotonic() + within_s
        while not condition():
            assert time.monotonic() < deadline, f"not true within {within_s} s"
            time.sleep(0.02)

    return wait
