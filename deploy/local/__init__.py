"""The local stack: a real Apache Kafka and a real Valkey without Docker and without root.

For tests that need a broker::

    from deploy.local import Endpoints, broker_and_redis

    @pytest.fixture(scope="session")
    def endpoints(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoints]:
        with broker_and_redis(tmp_path_factory.mktemp("stack")) as endpoints:
            yield endpoints

``endpoints.bootstrap_servers`` and ``endpoints.redis_url`` say where they answer. Both run on free loopback
ports and are stopped at the end of the block, even when the test process is killed. Topics are not created by
themselves: create those you need. Session-scoped on purpose, as a start takes seconds; tests that share it
keep apart by topic names, group ids and Redis key prefixes.
"""

from deploy.local.fixture import Endpoints, broker_and_redis

__all__ = ["Endpoints", "broker_and_redis"]
