"""Where a message goes when it is not done: the next retry topic, or the dead letters. Pure.

Every such record carries the original key and value bytes untouched and says where it came from:
``x-origin-topic/partition/offset``, ``x-service``, ``x-attempt``, ``x-first-failed-at``, ``x-error-type``,
``x-error-message`` and, on retry topics, ``x-not-before`` (RFC 3339).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.stream.message import Message, Record
from shared.topics import RETRY_TIERS, Topic

MESSAGE_LIMIT = 500
_OWN = (
    "x-origin-topic",
    "x-origin-partition",
    "x-origin-offset",
    "x-service",
    "x-attempt",
    "x-first-failed-at",
    "x-error-type",
    "x-error-message",
    "x-not-before",
    "x-replay",
)


@dataclass(frozen=True)
class Fault:
    """Why a message was not done: a short type for filters, and a sentence without user content."""

    kind: str
    message: str


def attempt_of(message: Message) -> int:
    """How many times this service has tried the message before: 0 for one fresh from its topic."""
    try:
        return max(0, int(message.headers.get("x-attempt", b"0")))
    except ValueError:
        return 0


def not_before(message: Message) -> datetime | None:
    """When a message on a retry topic is due; None when it does not say, which means now."""
    try:
        due = datetime.fromisoformat(message.headers["x-not-before"].decode())
    except (KeyError, ValueError):
        return None
    return due if due.tzinfo is not None else None


def retry_or_give_up(
    topic: Topic, service: str, message: Message, fault: Fault, *, now: datetime, delays: tuple[float, ...]
) -> Record | None:
    """The record for the next retry topic, or None when the last tier has been tried."""
    attempt = attempt_of(message)
    if attempt >= len(RETRY_TIERS):
        return None
    due = now + timedelta(seconds=delays[attempt])
    headers = _headers(message, service, fault, now=now, attempt=attempt + 1)
    headers["x-not-before"] = due.isoformat().encode()
    return Record(topic.retry(service, RETRY_TIERS[attempt]), message.key, message.value, headers)


def dead_letter(topic: Topic, service: str, message: Message, fault: Fault, *, now: datetime) -> Record:
    headers = _headers(message, service, fault, now=now, attempt=attempt_of(message))
    return Record(topic.dead_letters(service), message.key, message.value, headers)


def _headers(
    message: Message, service: str, fault: Fault, *, now: datetime, attempt: int
) -> dict[str, bytes]:
    kept = {name: value for name, value in message.headers.items() if name not in _OWN}
    before = message.headers
    return kept | {
        "x-origin-topic": before.get("x-origin-topic", message.topic.encode()),
        "x-origin-partition": before.get("x-origin-partition", str(message.partition).encode()),
        "x-origin-offset": before.get("x-origin-offset", str(message.offset).encode()),
        "x-first-failed-at": before.get("x-first-failed-at", now.isoformat().encode()),
        "x-service": service.encode(),
        "x-attempt": str(attempt).encode(),
        "x-error-type": fault.kind.encode(),
        "x-error-message": fault.message[:MESSAGE_LIMIT].encode(),
    }
