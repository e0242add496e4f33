"""Asking the broker for offsets and for what consumer groups committed."""

import time
from collections.abc import Iterable
from typing import Any

from confluent_kafka import (
    ConsumerGroupState,
    ConsumerGroupTopicPartitions,
    KafkaError,
    KafkaException,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin import OffsetSpec as UntypedOffsetSpec  # type: ignore[attr-defined]  # it is exported

from services.cli.adapters.dead_letter_reader import REPLAY_GROUP
from services.cli.topic_numbers import Offsets, Partition
from shared.errors import SystemicError
from shared.stream.admin import TopicResult

TIMEOUT = 10.0
_Spec: Any = UntypedOffsetSpec
_UNSETTLED = {
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError.UNKNOWN_TOPIC_OR_PART,
}
"""What a broker answers about a topic that was created a moment ago."""
_UNSETTLED_WAITS = (0.1, 0.3, 1.0, 3.0)


class BrokerNumbers:
    """Everything blocks and raises SystemicError when the broker does not answer."""

    def __init__(self, bootstrap_servers: str) -> None:
        self._admin = AdminClient({"bootstrap.servers": bootstrap_servers, "log_level": 0})

    def offsets(self, topics: Iterable[TopicResult]) -> dict[Partition, Offsets]:
        places = [
            TopicPartition(topic.name, partition) for topic in topics for partition in range(topic.partitions)
        ]
        first = self._list(places, _Spec.earliest())
        end = self._list(places, _Spec.latest())
        return {
            place: Offsets(first[place], max(first[place], end[place])) for place in end if place in first
        }

    def groups(self) -> dict[str, bool]:
        """Every group that commits, and whether it has members now."""
        try:
            listed = self._admin.list_consumer_groups(request_timeout=TIMEOUT).result()
        except KafkaException as error:
            raise _silent(error) from error
        return {
            group.group_id: group.state in {ConsumerGroupState.STABLE, *_REBALANCING}
            for group in listed.valid
            if group.group_id != REPLAY_GROUP and not group.group_id.startswith("trackgate-compacted-")
        }

    def committed(self, groups: Iterable[str]) -> dict[str, dict[Partition, int]]:
        answers: dict[str, dict[Partition, int]] = {}
        for group in groups:
            request = [ConsumerGroupTopicPartitions(group)]
            futures = self._admin.list_consumer_group_offsets(request, request_timeout=TIMEOUT)
            try:
                kept = futures[group].result()
            except KafkaException as error:
                raise _silent(error) from error
            answers[group] = {
                (place.topic, place.partition): place.offset
                for place in kept.topic_partitions or ()
                if place.offset >= 0
            }
        return answers

    def _list(self, places: list[TopicPartition], spec: Any) -> dict[Partition, int]:
        if not places:
            return {}
        for wait in (*_UNSETTLED_WAITS, None):
            futures = self._admin.list_offsets(dict.fromkeys(places, spec), request_timeout=TIMEOUT)
            try:
                return {(place.topic, place.partition): one.result().offset for place, one in futures.items()}
            except KafkaException as error:
                if wait is None or error.args[0].code() not in _UNSETTLED:
                    raise _silent(error) from error
                time.sleep(wait)
        return {}


_REBALANCING = (ConsumerGroupState.PREPARING_REBALANCING, ConsumerGroupState.COMPLETING_REBALANCING)


def _silent(error: KafkaException) -> SystemicError:
    return SystemicError(f"the broker did not answer: {error.args[0].str()}")
