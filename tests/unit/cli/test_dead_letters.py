"""Choosing dead letters, and the record that replays one."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.cli.dead_letters import (
    Choice,
    DeadLetter,
    Unreplayable,
    dead_letter_topics,
    replay_record,
)
from shared.stream.message import Message, Record
from shared.stream.routing import attempt_of, not_before

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


def letter(offset: int = 7, *, hours_ago: float = 1.0, **headers: str) -> DeadLetter:
    told = {
        "x-origin-topic": "tracks.uploaded",
        "x-origin-partition": "3",
        "x-origin-offset": "40",
        "x-service": "ai_detector",
        "x-attempt": "2",
        "x-first-failed-at": "2026-06-01T10:00:00+00:00",
        "x-error-type": "transient",
        "x-error-message": "the store was slow",
        "ce_id": "e1",
        **{name.replace("_", "-") if name.startswith("x_") else name: text for name, text in headers.items()},
    }
    return DeadLetter(
        Message(
            topic="tracks.uploaded.ai_detector.dlq",
            partition=0,
            offset=offset,
            key=b"track-1",
            value=b"\xff not even text",
            headers={name: text.encode() for name, text in told.items()},
            timestamp=NOW - timedelta(hours=hours_ago),
        )
    )


class TestChoice:
    @pytest.mark.parametrize(
        "choice",
        [
            Choice(),
            Choice(topic="tracks.uploaded", service="ai_detector", error_type="transient", key="track-1"),
            Choice(older_than=timedelta(minutes=59)),
            Choice(newer_than=timedelta(minutes=61)),
            Choice(ids=frozenset({"tracks.uploaded.ai_detector.dlq/0/7"})),
        ],
    )
    def test_it_takes_what_fits_in_every_way(self, choice: Choice) -> None:
        assert choice.takes(letter(), NOW)

    @pytest.mark.parametrize(
        "choice",
        [
            Choice(topic="tracks.findings"),
            Choice(service="policy"),
            Choice(error_type="contract"),
            Choice(key="track-2"),
            Choice(older_than=timedelta(minutes=61)),
            Choice(newer_than=timedelta(minutes=59)),
            Choice(ids=frozenset({"tracks.uploaded.ai_detector.dlq/0/8"})),
            Choice(service="ai_detector", error_type="contract"),
        ],
    )
    def test_it_leaves_what_differs_in_one(self, choice: Choice) -> None:
        assert not choice.takes(letter(), NOW)

    def test_only_topics_that_can_hold_them_are_read(self) -> None:
        assert dead_letter_topics(Choice(service="ai_detector")) == (
            "tracks.uploaded.ai_detector.dlq",
            "registry.proposals.ai_detector.dlq",
        )
        assert dead_letter_topics(Choice(ids=frozenset({"tracks.reviews.policy.dlq/0/1"}))) == (
            "tracks.reviews.policy.dlq",
        )
        assert dead_letter_topics(Choice(topic="tracks.reviews", service="ai_detector")) == ()
        assert {"tracks.uploaded.policy.dlq", "tracks.findings.policy.dlq"} <= set(
            dead_letter_topics(Choice())
        )


class TestReplayRecord:
    def replayed(self, dead: DeadLetter) -> Record:
        record = replay_record(dead, NOW)
        assert isinstance(record, Record)
        return record

    def test_key_and_bytes_are_the_original_ones(self) -> None:
        record = self.replayed(letter())
        assert (record.key, record.value) == (b"track-1", b"\xff not even text")

    def test_only_the_service_that_failed_reads_it(self) -> None:
        assert self.replayed(letter()).topic == "tracks.uploaded.ai_detector.retry.1m"

    def test_it_is_due_now_with_all_its_retries_before_it(self) -> None:
        record = self.replayed(letter())
        message = Message(record.topic, 0, 0, record.key, record.value, record.headers)
        assert not_before(message) == NOW
        assert attempt_of(message) == 0

    def test_it_still_says_where_it_came_from_and_no_longer_what_went_wrong(self) -> None:
        headers = self.replayed(letter()).headers
        assert headers["x-origin-offset"] == b"40"
        assert headers["x-first-failed-at"] == b"2026-06-01T10:00:00+00:00"
        assert headers["ce_id"] == b"e1"
        assert "x-error-type" not in headers
        assert "x-error-message" not in headers

    def test_replays_are_counted(self) -> None:
        assert self.replayed(letter()).headers["x-replay"] == b"1"
        assert self.replayed(letter(x_replay="1")).headers["x-replay"] == b"2"
        assert self.replayed(letter(x_replay="nonsense")).headers["x-replay"] == b"1"

    @pytest.mark.parametrize(
        "headers",
        [{"x_origin_topic": "elsewhere"}, {"x_origin_topic": ""}, {"x_service": "nobody"}, {"x_service": ""}],
    )
    def test_what_has_nowhere_to_go_says_so(self, headers: dict[str, Any]) -> None:
        assert isinstance(replay_record(letter(**headers), NOW), Unreplayable)
