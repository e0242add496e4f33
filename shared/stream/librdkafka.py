"""What librdkafka says of itself, and what is told of its errors."""

from confluent_kafka import KafkaException

LOG_LEVEL = 2
"""Critical and worse. At 3 it writes each failed connection to stderr, twenty a second while a broker is
down; what a caller must know comes back as an error anyway."""


def told(error: KafkaException) -> str:
    """The sentence in an error, without its code's inner name."""
    return str(error.args[0].str())
