"""What the stream runner promises, on the broker in memory and on Apache Kafka alike."""

import asyncio
import time
from collections.abc import Callable

from shared.errors import SystemicError, TransientError
from shared.events import TrackUploaded
from shared.stream.envelope import envelope
from shared.stream.handler import Subscription
from shared.stream.message import Record
from shared.stream.outcome import Done, Outcome, Output, Reject, Retry
from shared.topics import FINDINGS
from tests.support.events import a_finding, an_upload

POISON = b"\x00\xffnot an event"


async def until(condition: Callable[[], bool], *, seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        await asyncio.sleep(0.02)


async def offer(broker, topic, *numbers: int) -> None:
    for number in numbers:
        upload = an_upload(number)
        await broker.publish(envelope(topic, upload, source="test"))


async def answer(upload: TrackUploaded) -> Outcome:
    return Done((Output(FINDINGS, a_finding(upload)),))


def of_tracks(records, numbers):
    wanted = {an_upload(n).track_id.encode() for n in numbers}
    return [record for record in records if record.key in wanted]


async def test_an_output_keeps_the_track_as_its_key_and_says_what_it_is(broker, topic, settings):
    await offer(broker, topic, 1)
    async with broker.running("worker", settings, Subscription(topic, answer)):
        await until(lambda: broker.committed("worker", topic.name) == 1)
    record = of_tracks(broker.records("tracks.findings"), [1])[0]
    assert record.headers["ce_type"] == b"trackgate.finding.recorded.v1"
    assert record.headers["ce_id"] == a_finding(an_upload(1)).event_id.encode()
    assert record.headers["ce_source"] == b"/trackgate/worker"
    assert record.headers["content-type"] == b"application/json"


async def test_messages_of_one_track_are_handled_in_order(broker, topic, settings):
    seen: list[tuple[str, str]] = []

    async def note(upload: TrackUploaded) -> Outcome:
        await asyncio.sleep(0.005 if upload.declaration.title.endswith("a") else 0)
        seen.append((upload.track_id, upload.declaration.title))
        return Done()

    for step in ("a", "b", "c"):
        for number in range(4):
            upload = an_upload(number)
            named = upload.model_copy(
                update={"declaration": upload.declaration.model_copy(update={"title": step})}
            )
            await broker.publish(envelope(topic, named, source="test"))
    async with broker.running("worker", settings, Subscription(topic, note)):
        await until(lambda: len(seen) == 12)
    for number in range(4):
        assert [title for track, title in seen if track == an_upload(number).track_id] == ["a", "b", "c"]


async def test_poison_reaches_the_dead_letters_untouched_and_holds_up_nobody(broker, topic, settings):
    await offer(broker, topic, 1)
    await broker.publish(Record(topic.name, b"\xfe key", POISON, {"who": b"knows"}))
    await offer(broker, topic, 2, 3)
    async with broker.running("worker", settings, Subscription(topic, answer)):
        await until(lambda: broker.committed("worker", topic.name) == 4)
    (letter,) = broker.records(topic.dead_letters("worker"))
    assert (letter.key, letter.value) == (b"\xfe key", POISON)
    assert letter.headers["who"] == b"knows"
    assert letter.headers["x-origin-topic"] == topic.name.encode()
    assert letter.headers["x-error-type"] == b"contract"
    assert POISON not in letter.headers["x-error-message"]
    assert {"x-origin-offset", "x-origin-partition", "x-first-failed-at"} <= set(letter.headers)


async def test_a_transient_failure_is_tried_again_later_and_then_done(broker, topic, settings):
    tries: list[float] = []

    async def second_time_lucky(upload: TrackUploaded) -> Outcome:
        tries.append(time.monotonic())
        if len(tries) == 1:
            raise TransientError("the model was busy")
        return await answer(upload)

    await offer(broker, topic, 1)
    async with broker.running("worker", settings, Subscription(topic, second_time_lucky)):
        await until(lambda: len(tries) == 2)
        await until(lambda: broker.settled_retries(topic) == 1)
    assert tries[1] - tries[0] >= settings.retry_seconds[0] * 0.9
    (retry,) = broker.records(topic.retry("worker", "1m"))
    assert retry.headers["x-attempt"] == b"1"
    assert broker.records(topic.dead_letters("worker")) == []


async def test_a_failure_that_stays_goes_through_every_retry_to_the_dead_letters(broker, topic, settings):
    async def never(_upload: TrackUploaded) -> Outcome:
        return Retry("still down")

    await offer(broker, topic, 1)
    async with broker.running("worker", settings, Subscription(topic, never)):
        await until(lambda: len(broker.records(topic.dead_letters("worker"))) == 1)
    (letter,) = broker.records(topic.dead_letters("worker"))
    assert letter.value == an_upload(1).to_bytes()
    assert letter.headers["x-attempt"] == b"2"
    assert letter.headers["x-error-type"] == b"retries_exhausted"
    assert letter.headers["x-origin-topic"] == topic.name.encode()
    assert "x-not-before" not in letter.headers


async def test_a_handler_that_breaks_unexpectedly_costs_a_retry_not_the_message(broker, topic, settings):
    async def broken(_upload: TrackUploaded) -> Outcome:
        raise ZeroDivisionError

    await offer(broker, topic, 1)
    async with broker.running("worker", settings, Subscription(topic, broken)):
        await until(lambda: len(broker.records(topic.retry("worker", "1m"))) == 1)
    (retry,) = broker.records(topic.retry("worker", "1m"))
    assert retry.headers["x-error-message"] == b"unexpected ZeroDivisionError"


async def test_an_outage_holds_the_message_and_loses_nothing(broker, topic, settings):
    down = True
    seen: list[str] = []

    async def needs_the_store(upload: TrackUploaded) -> Outcome:
        seen.append(upload.track_id)
        if down:
            raise SystemicError("the store does not answer")
        return await answer(upload)

    await offer(broker, topic, 1, 1, 1)
    async with broker.running("worker", settings, Subscription(topic, needs_the_store)):
        await until(lambda: len(seen) >= 3)
        assert broker.committed("worker", topic.name) == 0
        down = False
        await until(lambda: broker.committed("worker", topic.name) == 3)
    assert broker.records(topic.dead_letters("worker")) == []
    assert broker.records(topic.retry("worker", "1m")) == []


async def test_what_waits_for_an_outage_at_the_stop_comes_again_at_the_next_start(broker, topic, settings):
    async def store_is_down(_upload: TrackUploaded) -> Outcome:
        called.append("down")
        raise SystemicError("the store does not answer")

    called: list[str] = []
    await offer(broker, topic, 1, 2, 3)
    async with broker.running("worker", settings, Subscription(topic, store_is_down)):
        await until(lambda: bool(called))
    assert broker.committed("worker", topic.name) == 0
    async with broker.running("worker", settings, Subscription(topic, answer)):
        await until(lambda: broker.committed("worker", topic.name) == 3)


async def test_stopping_finishes_and_commits_what_is_in_hand(broker, topic, settings):
    begun, finish = asyncio.Event(), asyncio.Event()

    async def slow(upload: TrackUploaded) -> Outcome:
        begun.set()
        await finish.wait()
        return await answer(upload)

    await offer(broker, topic, 21)
    before = len(of_tracks(broker.records("tracks.findings"), [21]))
    async with broker.running("worker", settings, Subscription(topic, slow)):
        await begun.wait()
        asyncio.get_running_loop().call_later(0.5, finish.set)
    assert broker.committed("worker", topic.name) == 1
    assert len(of_tracks(broker.records("tracks.findings"), [21])) == before + 1


async def test_run_away_dead_letters_put_the_brake_on_before_the_topic_is_drained(broker, topic, settings):
    refused: list[str] = []

    async def bad_deploy(upload: TrackUploaded) -> Outcome:
        refused.append(upload.track_id)
        return Reject("a bug refuses everything")

    await offer(broker, topic, *range(40))
    async with broker.running("worker", settings, Subscription(topic, bad_deploy)):
        await until(lambda: len(broker.records(topic.dead_letters("worker"))) == settings.brake_minimum - 1)
        await until(lambda: len(refused) >= settings.brake_minimum)
    assert len(broker.records(topic.dead_letters("worker"))) == settings.brake_minimum - 1
    async with broker.running("worker", settings, Subscription(topic, answer)):
        await until(lambda: broker.committed("worker", topic.name) == 40)
    assert len(broker.records(topic.dead_letters("worker"))) == settings.brake_minimum - 1
