"""librdkafka's side of things: how much it says of itself, its errors, its messages as ours."""

from typing import cast

from confluent_kafka import KafkaException
from confluent_kafka import Message as Received

from shared.stream.message import Message
from shared.stream.timestamps import from_epoch

LOG_LEVEL = 2
"""Critical and worse. At 3 it writes each failed connection to stderr, twenty a second while a broker is
down; what a caller must know comes back as an error anyway."""


def told(error: KafkaException) -> str:
    """The sentence in an error, without its code's inner name."""
    return str(error.args[0].str())


def message_of(received: Received) -> Message:
    """What a poll gave that is no error. Headers without a value are left out; the last of a name stands."""
    _kind, milliseconds = received.timestamp()
    headers = cast("list[tuple[str, bytes | None]]", received.headers() or [])
    return Message(
        topic=cast("str", received.topic()),
        partition=cast("int", received.partition()),
        offset=cast("int", received.offset()),
        key=received.key(),
        value=received.value(),
        headers={name: value for name, value in headers if value is not None},
        timestamp=from_epoch(milliseconds / 1000),
    )
