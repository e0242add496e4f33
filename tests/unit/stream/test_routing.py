"""Where a message goes that could not be handled."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.stream.message import Message
from shared.stream.routing import MESSAGE_LIMIT, Fault, dead_letter, not_before, retry_or_give_up
from shared.topics import UPLOADS
from tests.support.events import A_TIME

DELAYS = (60.0, 600.0)
FAULT = Fault("transient", "the model was busy")


def a_message(**changes: object) -> Message:
    return Message(
        **({"topic": UPLOADS.name, "partition": 3, "offset": 41, "key": b"k", "value": b"v"} | changes)
    )


def again(message: Message, *, now: datetime = A_TIME) -> Message:
    """The message as its retry topic delivers it."""
    record = retry_or_give_up(UPLOADS, "policy", message, FAULT, now=now, delays=DELAYS)
    assert record is not None
    return Message(record.topic, 0, 0, record.key, record.value, record.headers)


def test_the_first_retry_comes_after_a_minute_and_the_second_after_ten():
    first = again(a_message())
    assert first.topic == "tracks.uploaded.policy.retry.1m"
    assert not_before(first) == A_TIME + timedelta(minutes=1)
    second = again(first)
    assert second.topic == "tracks.uploaded.policy.retry.10m"
    assert not_before(second) == A_TIME + timedelta(minutes=10)


def test_after_the_last_retry_nothing_is_left_but_the_dead_letters():
    twice = again(again(a_message()))
    assert retry_or_give_up(UPLOADS, "policy", twice, FAULT, now=A_TIME, delays=DELAYS) is None


def test_a_dead_letter_says_where_it_came_from_first_and_when_it_first_failed():
    later = A_TIME + timedelta(hours=1)
    letter = dead_letter(UPLOADS, "policy", again(again(a_message()), now=later), FAULT, now=later)
    assert letter.topic == "tracks.uploaded.policy.dlq"
    assert letter.headers["x-origin-topic"] == b"tracks.uploaded"
    assert letter.headers["x-origin-partition"] == b"3"
    assert letter.headers["x-origin-offset"] == b"41"
    assert letter.headers["x-first-failed-at"] == A_TIME.isoformat().encode()
    assert letter.headers["x-attempt"] == b"2"
    assert "x-not-before" not in letter.headers


@given(
    key=st.none() | st.binary(),
    value=st.none() | st.binary(),
    headers=st.dictionaries(st.text(min_size=1, alphabet="abcdefgh-"), st.binary(), max_size=4),
    reason=st.text(max_size=2000),
)
def test_bytes_and_foreign_headers_stay_untouched_whatever_they_are(key, value, headers, reason):
    message = a_message(key=key, value=value, headers=headers)
    fault = Fault("rejected", reason)
    for record in (
        retry_or_give_up(UPLOADS, "policy", message, fault, now=A_TIME, delays=DELAYS),
        dead_letter(UPLOADS, "policy", message, fault, now=A_TIME),
    ):
        assert record is not None
        assert (record.key, record.value) == (key, value)
        assert headers.items() <= record.headers.items()
        assert len(record.headers["x-error-message"].decode()) <= MESSAGE_LIMIT


@given(st.binary(max_size=40).filter(lambda noise: not noise.strip().isdigit()))
def test_a_garbled_attempt_or_due_time_counts_as_fresh_and_due(noise):
    message = a_message(headers={"x-attempt": b"?" + noise, "x-not-before": b"?" + noise})
    assert again(message).topic.endswith(".retry.1m")
    assert not_before(message) is None
