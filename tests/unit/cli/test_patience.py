"""Asking a broker again, and for how long."""

import pytest
from confluent_kafka import KafkaError, KafkaException

from services.cli.adapters.patience import patiently
from shared.errors import SystemicError


class Broker:
    """Fails with each of ``faults`` in turn, then answers."""

    def __init__(self, *faults: int) -> None:
        self.faults = list(faults)

    def __call__(self) -> str:
        if self.faults:
            raise KafkaException(KafkaError(self.faults.pop(0)))
        return "answer"


def test_a_broker_that_is_not_ready_is_asked_again() -> None:
    slept: list[float] = []
    broker = Broker(KafkaError.NOT_COORDINATOR, KafkaError.LEADER_NOT_AVAILABLE)
    assert patiently(broker, sleep=slept.append) == "answer"
    assert slept == [0.1, 0.3]


def test_a_topic_of_this_moment_that_no_broker_leads_yet_is_asked_for_again() -> None:
    slept: list[float] = []
    assert patiently(Broker(KafkaError._NOENT), sleep=slept.append) == "answer"
    assert slept == [0.1]


def test_but_not_for_ever() -> None:
    slept: list[float] = []
    with pytest.raises(SystemicError, match="did not answer"):
        patiently(Broker(*[KafkaError.NOT_COORDINATOR] * 9), sleep=slept.append)
    assert sum(slept) < 5


def test_any_other_fault_is_told_at_once() -> None:
    slept: list[float] = []
    with pytest.raises(SystemicError):
        patiently(Broker(KafkaError.GROUP_AUTHORIZATION_FAILED), sleep=slept.append)
    assert slept == []
