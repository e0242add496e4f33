import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from deploy.local.ports import free_ports
from deploy.local.process import Warden
from deploy.local.valkey import ValkeySpec, find_server, start_valkey

sys.path.insert(0, str(Path(__file__).parents[2] / "unit" / "moderation"))


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Valkey of its own."""
    (port,) = free_ports(1)
    spec = ValkeySpec(executable=find_server(), home=tmp_path_factory.mktemp("valkey"), port=port)
    with ExitStack() as stack:
        warden = stack.enter_context(Warden())
        stack.callback(start_valkey(spec, warden, timeout_s=30).stop)
        yield spec.url
