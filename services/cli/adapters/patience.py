"""Asking a broker that is still sorting itself out: a topic or group of seconds ago has no leader yet."""

import time
from collections.abc import Callable
from typing import TypeVar

from confluent_kafka import KafkaError, KafkaException

from shared.errors import SystemicError

T = TypeVar("T")
_UNSETTLED = {
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError._NOENT,  # noqa: SLF001 - librdkafka's "No leaders found" for a topic of this moment
    KafkaError.UNKNOWN_TOPIC_OR_PART,
    KafkaError.NOT_COORDINATOR,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
}
_WAITS = (0.1, 0.3, 1.0, 3.0)


def patiently(ask: Callable[[], T], *, sleep: Callable[[float], None] = time.sleep) -> T:
    """What ``ask`` answers, asked again a few times while the broker says that it is not ready.

    Raises:
        SystemicError: it did not answer, or is not ready after five seconds.
    """
    waits = iter(_WAITS)
    while True:
        try:
            return ask()
        except KafkaException as error:
            fault = error.args[0]
            wait = next(waits, None) if fault.code() in _UNSETTLED else None
            if wait is None:
                raise SystemicError(f"the broker did not answer: {fault.str()}") from error
            sleep(wait)
