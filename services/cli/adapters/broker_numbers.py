"""Asking the broker for offsets and for what consumer groups committed."""

from collections.abc import Iterable
from functools import partial
from typing import Any, cast

from confluent_kafka import ConsumerGroupState, ConsumerGroupTopicPartitions, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin import OffsetSpec as UntypedOffsetSpec  # type: ignore[attr-defined]  # it is exported

from services.cli.adapters.dead_letter_reader import REPLAY_GROUP
from services.cli.adapters.patience import patiently
from services.cli.topic_numbers import Offsets, Partition
from shared.stream.admin import TopicResult

TIMEOUT = 5.0
_Spec: Any = UntypedOffsetSpec


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
        listed = patiently(lambda: self._admin.list_consumer_groups(request_timeout=TIMEOUT).result())
        return {
            group.group_id: group.state in {ConsumerGroupState.STABLE, *_REBALANCING}
            for group in listed.valid
            if group.group_id != REPLAY_GROUP and not group.group_id.startswith("trackgate-compacted-")
        }

    def committed(self, groups: Iterable[str]) -> dict[str, dict[Partition, int]]:
        answers: dict[str, dict[Partition, int]] = {}
        for group in groups:
            kept = patiently(partial(self._offsets_of, group))
            answers[group] = {
                (place.topic, place.partition): place.offset
                for place in kept.topic_partitions or ()
                if place.offset >= 0
            }
        return answers

    def _list(self, places: list[TopicPartition], spec: Any) -> dict[Partition, int]:
        if not places:
            return {}

        def ask() -> dict[Partition, int]:
            futures = self._admin.list_offsets(dict.fromkeys(places, spec), request_timeout=TIMEOUT)
            return {(place.topic, place.partition): one.result().offset for place, one in futures.items()}

        return patiently(ask)

    def _offsets_of(self, group: str) -> ConsumerGroupTopicPartitions:
        request = [ConsumerGroupTopicPartitions(group)]
        futures = self._admin.list_consumer_group_offsets(request, request_timeout=TIMEOUT)
        return cast("ConsumerGroupTopicPartitions", futures[group].result())


_REBALANCING = (ConsumerGroupState.PREPARING_REBALANCING, ConsumerGroupState.COMPLETING_REBALANCING)
