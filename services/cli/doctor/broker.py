"""The broker: is it there, is it Kafka, are the topics right, do the readers keep up, is anything dead."""

from collections.abc import Iterator

from services.cli.adapters.broker_numbers import BrokerNumbers
from services.cli.adapters.broker_version import BrokerFeatures, broker_features
from services.cli.adapters.dead_letter_reader import DeadLetterReader
from services.cli.dead_letters import Choice, dead_letter_topics
from services.cli.doctor.findings import Line, failing, ok, warn
from services.cli.topic_numbers import TopicNumbers, expected_readers, topic_numbers
from shared.errors import SystemicError, TrackgateError
from shared.stream.admin import TopicResult, TopicState, check_topics

FAR_BEHIND = 500
_START = "start it, or look at its log"


def check_broker(bootstrap_servers: str, partitions: int) -> Iterator[Line]:
    try:
        features = broker_features(bootstrap_servers)
        topics = check_topics(bootstrap_servers, partitions)
    except SystemicError as error:
        advice = "start it (`make run`, `docker compose up`), or set TRACKGATE_KAFKA to where it is"
        yield failing("broker", str(error), advice)
        return
    yield broker_line(bootstrap_servers, features)
    yield from topic_lines(topics)
    try:
        broker = BrokerNumbers(bootstrap_servers)
        groups = broker.groups()
        offsets = broker.offsets([topic for topic in topics if topic.partitions])
        yield from lag_lines(topic_numbers(topics, offsets, broker.committed(groups)), groups)
        with DeadLetterReader(bootstrap_servers, dead_letter_topics(Choice())) as reader:
            yield dead_letter_line(reader.waiting())
    except TrackgateError as error:
        yield failing("consumers", str(error), "ask again when the broker answers")


def broker_line(bootstrap_servers: str, features: BrokerFeatures) -> Line:
    if features.is_kafka_4:
        told = (
            f"{bootstrap_servers}: Apache Kafka 4.0 or later (metadata.version {features.metadata_version})"
        )
        return ok("broker", told)
    if features.metadata_version is None:
        told = f"{bootstrap_servers} speaks Kafka's protocol and does not say that it is Apache Kafka"
        return warn("broker", told, "for anything that must last, use Apache Kafka 4.x")
    told = f"{bootstrap_servers}: Apache Kafka older than 4.0 (metadata.version {features.metadata_version})"
    return warn("broker", told, "upgrade it to 4.x")


def topic_lines(topics: tuple[TopicResult, ...]) -> Iterator[Line]:
    wrong = [topic for topic in topics if not topic.usable]
    if not wrong:
        yield ok("topics", f"all {len(topics)} are there, with the right partitions")
    missing = [topic.name for topic in wrong if topic.state is TopicState.MISSING]
    if missing:
        told = f"{len(missing)} of {len(topics)} are missing: {', '.join(missing[:3])}"
        yield failing("topics", told + (", …" if len(missing) > 3 else ""), "`trackgate topics --create`")  # noqa: PLR2004 - as many as fit a line
    for topic in wrong:
        if topic.state is TopicState.WRONG_PARTITIONS:
            told = f"{topic.name} has {topic.partitions} partitions, not {topic.wanted_partitions}"
            yield failing("topics", told, topic.detail)


def lag_lines(numbers: tuple[TopicNumbers, ...], groups: dict[str, bool]) -> Iterator[Line]:
    """A line for each group that should read; ``groups`` says whether it has members now."""
    behind: dict[str, int] = {}
    for one in numbers:
        for lag in one.lags:
            behind[lag.group] = behind.get(lag.group, 0) + lag.behind
    expected = {group for readers in expected_readers().values() for group in readers}
    for group in sorted(expected | set(groups)):
        what, count = f"consumer {group}", behind.get(group, 0)
        if group in expected and not groups.get(group, False):
            told = f"nobody is in the group; {count} messages wait"
            yield failing(what, told, _START) if count else warn(what, told, _START)
        elif count >= FAR_BEHIND:
            yield warn(what, f"{count} messages behind", "watch whether it falls; if not, add workers")
        else:
            yield ok(what, f"{count} messages behind")


def dead_letter_line(waiting: int) -> Line:
    if waiting:
        told = f"{waiting} were not replayed yet"
        return warn(
            "dead letters", told, "`trackgate dlq list` says why; `trackgate dlq replay` once it is fixed"
        )
    return ok("dead letters", "none wait")
