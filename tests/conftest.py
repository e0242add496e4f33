"""What all tiers share. Unit tests run without sockets; everything else marks itself."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.support.stack import Endpoints, a_stack

# The machine is shared: how long an example took says nothing about the code.
settings.register_profile("trackgate", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("trackgate")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        tier = item.path.parts[item.path.parts.index("tests") + 1]
        if tier == "unit":
            item.add_marker(pytest.mark.disable_socket)
        elif tier in {"integration", "contract"}:
            item.add_marker(pytest.mark.integration)
        elif tier == "e2e":
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def endpoints(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoints]:
    """One real Kafka and one real Redis for the whole run; tests keep apart by topics and prefixes."""
    with a_stack(tmp_path_factory) as started:
        yield started
