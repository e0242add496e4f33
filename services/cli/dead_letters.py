"""Dead letters: reading what they say, choosing among them, and the record that replays one. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.stream.message import Message, Record
from shared.topics import RETRY_TIERS, TOPICS, topic_by_name

_NOT_CARRIED = ("x-error-type", "x-error-message")


@dataclass(frozen=True)
class DeadLetter:
    """A record on a dead-letter topic."""

    message: Message

    @property
    def id(self) -> str:
        """``<dead-letter topic>/<partition>/<offset>``, as ``trackgate dlq show`` takes it."""
        return f"{self.message.topic}/{self.message.partition}/{self.message.offset}"

    @property
    def origin(self) -> str:
        return self.text("x-origin-topic")

    @property
    def service(self) -> str:
        return self.text("x-service")

    @property
    def error_type(self) -> str:
        return self.text("x-error-type")

    @property
    def error_message(self) -> str:
        return self.text("x-error-message")

    @property
    def replays(self) -> int:
        """How often it had been replayed before it was buried this time."""
        count = self.text("x-replay")
        return int(count) if count.isdigit() else 0

    @property
    def key(self) -> str:
        return (self.message.key or b"").decode(errors="replace")

    def text(self, header: str) -> str:
        return self.message.headers.get(header, b"").decode(errors="replace")


@dataclass(frozen=True)
class Choice:
    """Which dead letters are meant; what is None does not choose. Ages run from the burial."""

    topic: str | None = None
    service: str | None = None
    error_type: str | None = None
    key: str | None = None
    older_than: timedelta | None = None
    newer_than: timedelta | None = None
    ids: frozenset[str] = frozenset()

    def takes(self, letter: DeadLetter, now: datetime) -> bool:
        age = now - letter.message.timestamp if letter.message.timestamp is not None else timedelta(0)
        return (
            self.topic in {None, letter.origin}
            and self.service in {None, letter.service}
            and self.error_type in {None, letter.error_type}
            and self.key in {None, letter.key}
            and (self.older_than is None or age >= self.older_than)
            and (self.newer_than is None or age <= self.newer_than)
            and (not self.ids or letter.id in self.ids)
        )


def dead_letter_topics(choice: Choice) -> tuple[str, ...]:
    """The dead-letter topics that can hold what is meant."""
    named = {letter_id.rsplit("/", 2)[0] for letter_id in choice.ids}
    return tuple(
        topic.dead_letters(service)
        for topic in TOPICS
        for service in topic.consumers
        if choice.topic in {None, topic.name}
        and choice.service in {None, service}
        and (not named or topic.dead_letters(service) in named)
    )


@dataclass(frozen=True)
class Unreplayable:
    """Why a dead letter has nowhere to go."""

    reason: str


def replay_record(letter: DeadLetter, now: datetime) -> Record | Unreplayable:
    """The record that hands a dead letter to the one service that failed on it, as if it had just come.

    Original key, bytes and headers; due now; counted in ``x-replay``; with all its retries before it again.
    """
    topic = topic_by_name(letter.origin)
    if topic is None:
        return Unreplayable(f"it came from {letter.origin or 'nowhere'}, which is no topic of ours")
    if letter.service not in topic.consumers:
        return Unreplayable(f"{letter.service or 'nobody'} does not consume {topic.name}")
    kept: Mapping[str, bytes] = {
        name: value for name, value in letter.message.headers.items() if name not in _NOT_CARRIED
    }
    headers = {
        **kept,
        "x-attempt": b"0",
        "x-not-before": now.isoformat().encode(),
        "x-replay": str(letter.replays + 1).encode(),
    }
    return Record(
        topic.retry(letter.service, RETRY_TIERS[0]), letter.message.key, letter.message.value, headers
    )
