"""How full the topics are and how far their readers have come. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from shared.stream.admin import TopicResult
from shared.topics import RETRY_TIERS, TOPICS

Partition = tuple[str, int]


@dataclass(frozen=True)
class Offsets:
    """``first`` is the oldest that is kept, ``end`` the one that the next record will get."""

    first: int
    end: int


@dataclass(frozen=True)
class Lag:
    """What a group has not committed of a topic. ``never`` it committed anything there."""

    group: str
    behind: int
    never: bool = False


@dataclass(frozen=True)
class TopicNumbers:
    """``messages`` counts offsets; a compacted topic keeps fewer records than that."""

    topic: TopicResult
    messages: int
    lags: tuple[Lag, ...]


def expected_readers() -> dict[str, tuple[str, ...]]:
    """The consumer groups behind each topic that a worker reads: retries have a group of their own."""
    readers: dict[str, list[str]] = {}
    for topic in TOPICS:
        for service in topic.consumers:
            readers.setdefault(topic.name, []).append(service)
            for tier in RETRY_TIERS:
                readers.setdefault(topic.retry(service, tier), []).append(f"{service}.retries")
    return {topic: tuple(groups) for topic, groups in readers.items()}


def topic_numbers(
    topics: Iterable[TopicResult],
    offsets: Mapping[Partition, Offsets],
    committed: Mapping[str, Mapping[Partition, int]],
) -> tuple[TopicNumbers, ...]:
    """Put them together; ``committed`` is by group. A group that should read and never did is all behind."""
    readers = expected_readers()
    numbers = []
    for topic in topics:
        here = {place: kept for place, kept in offsets.items() if place[0] == topic.name}
        expected = set(readers.get(topic.name, ()))
        present = {group for group, places in committed.items() if any(place in here for place in places)}
        lags = tuple(_lag(group, here, committed.get(group, {})) for group in sorted(expected | present))
        messages = sum(kept.end - kept.first for kept in here.values())
        numbers.append(TopicNumbers(topic, messages, lags))
    return tuple(numbers)


def _lag(group: str, here: Mapping[Partition, Offsets], committed: Mapping[Partition, int]) -> Lag:
    behind = sum(
        max(0, kept.end - max(kept.first, committed.get(place, kept.first))) for place, kept in here.items()
    )
    return Lag(group, behind, never=not any(place in committed for place in here))
