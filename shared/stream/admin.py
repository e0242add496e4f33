"""Creating the topics that services need, idempotently, and saying which are as they should be."""

from dataclasses import dataclass
from enum import StrEnum

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from shared.errors import SystemicError
from shared.topics import TopicSpec, broker_topics

MOST_REPLICAS = 3


class TopicState(StrEnum):
    """``wrong_partitions`` is never repaired here: more partitions would move keys and break their order."""

    CREATED = "created"
    PRESENT = "present"
    MISSING = "missing"
    WRONG_PARTITIONS = "wrong_partitions"
    REFUSED = "refused"


@dataclass(frozen=True)
class TopicResult:
    """What became of one wanted topic. ``partitions`` is what the broker has; ``detail`` says what to do."""

    name: str
    state: TopicState
    wanted_partitions: int
    partitions: int
    detail: str = ""

    @property
    def usable(self) -> bool:
        return self.state in {TopicState.CREATED, TopicState.PRESENT}


def create_topics(
    bootstrap_servers: str, partitions: int, *, timeout_seconds: float = 30.0
) -> tuple[TopicResult, ...]:
    """Create every topic of ``shared.topics.broker_topics`` that is not there. Blocks; safe to repeat.

    Replicas: one per broker, three at most.

    Raises:
        SystemicError: the broker did not answer.
    """
    admin = _admin(bootstrap_servers)
    cluster = _look(admin, timeout_seconds)
    found = compare_topics(broker_topics(partitions), cluster.partitions)
    absent = {result.name for result in found if result.state is TopicState.MISSING}
    if not absent:
        return found
    replicas = min(MOST_REPLICAS, max(1, cluster.brokers))
    wanted = [
        NewTopic(spec.name, spec.partitions, replicas, config=spec.config)
        for spec in broker_topics(partitions)
        if spec.name in absent
    ]
    futures = admin.create_topics(wanted, operation_timeout=timeout_seconds, request_timeout=timeout_seconds)
    answers: dict[str, KafkaError | None] = {}
    for name, future in futures.items():
        try:
            future.result()
        except KafkaException as error:
            answers[name] = error.args[0]
        else:
            answers[name] = None
    return tuple(
        _settle(result, answers[result.name]) if result.name in answers else result for result in found
    )


def check_topics(
    bootstrap_servers: str, partitions: int, *, timeout_seconds: float = 10.0
) -> tuple[TopicResult, ...]:
    """Which of the topics are there, with how many partitions. Changes nothing. Blocks.

    Raises:
        SystemicError: the broker did not answer.
    """
    cluster = _look(_admin(bootstrap_servers), timeout_seconds)
    return compare_topics(broker_topics(partitions), cluster.partitions)


def compare_topics(wanted: list[TopicSpec], partitions: dict[str, int]) -> tuple[TopicResult, ...]:
    """Hold what is wanted against ``partitions``, the broker's partition count by topic name."""
    results = []
    for spec in wanted:
        there = partitions.get(spec.name, 0)
        if there == 0:
            state, detail = TopicState.MISSING, "create it with `trackgate topics --create`"
        elif there != spec.partitions:
            state = TopicState.WRONG_PARTITIONS
            detail = f"set TRACKGATE_PARTITIONS to {there}, or delete {spec.name} and create it again"
        else:
            state, detail = TopicState.PRESENT, ""
        results.append(TopicResult(spec.name, state, spec.partitions, there, detail))
    return tuple(results)


def _settle(result: TopicResult, error: KafkaError | None) -> TopicResult:
    wanted = result.wanted_partitions
    if error is None:
        return TopicResult(result.name, TopicState.CREATED, wanted, wanted)
    if error.code() == KafkaError.TOPIC_ALREADY_EXISTS:  # somebody else created it a moment ago
        return TopicResult(result.name, TopicState.PRESENT, wanted, wanted)
    return TopicResult(result.name, TopicState.REFUSED, wanted, 0, f"the broker refused it: {error.str()}")


def _admin(bootstrap_servers: str) -> AdminClient:
    return AdminClient({"bootstrap.servers": bootstrap_servers, "log_level": 0})


@dataclass(frozen=True)
class _Cluster:
    brokers: int
    partitions: dict[str, int]


def _look(admin: AdminClient, timeout_seconds: float) -> _Cluster:
    try:
        metadata = admin.list_topics(timeout=timeout_seconds)
    except KafkaException as error:
        raise SystemicError(f"the broker did not answer: {error.args[0].str()}") from error
    return _Cluster(
        brokers=len(metadata.brokers),
        partitions={
            name: len(topic.partitions) for name, topic in metadata.topics.items() if topic.error is None
        },
    )
