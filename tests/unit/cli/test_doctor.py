"""What the doctor says, and what it advises."""

import hashlib
import json
import struct
from collections.abc import Iterable
from pathlib import Path

import httpx
import pytest

from services.cli.adapters.broker_version import BrokerFeatures, parse_features
from services.cli.doctor.broker import FAR_BEHIND, broker_line, dead_letter_line, lag_lines, topic_lines
from services.cli.doctor.findings import Level, Line, ok, worst
from services.cli.doctor.models import check_models, model_folders
from services.cli.doctor.redis import redis_lines
from services.cli.doctor.services import check_services
from services.cli.doctor.store import GIB, check_store, room_line
from services.cli.topic_numbers import Lag, TopicNumbers, expected_readers
from shared.stream.admin import TopicResult, TopicState, compare_topics
from shared.topics import broker_topics

KAFKA_4_4 = (
    b"\0\0\0\7" + b"\0\0"  # correlation id, no error
    b"\2" + struct.pack(">hhh", 18, 0, 4) + b"\0"  # one api
    b"\0\0\0\0" + b"\2"  # throttle time, two tagged fields
    b"\1\x08" + struct.pack(">q", 2492) + b"\2\x2a\3"
    b"\x0egroup.version\0\1\0\1\0"
    b"\x11metadata.version\0\x21\0\x21\0"
)


def levels(lines: Iterable[Line]) -> dict[str, Level]:
    return {line.what: line.level for line in lines}


class TestBroker:
    def test_kafka_4_is_told_by_its_features(self) -> None:
        assert parse_features(KAFKA_4_4) == BrokerFeatures(33)
        assert broker_line("b:9", BrokerFeatures(33)).level is Level.OK

    def test_an_older_kafka_and_another_implementation_are_warned_of(self) -> None:
        assert broker_line("b:9", BrokerFeatures(21)).level is Level.WARN
        without = KAFKA_4_4[: KAFKA_4_4.index(b"\0\0\0\0\2") + 4] + b"\0"
        assert parse_features(without) == BrokerFeatures(None)
        assert broker_line("b:9", BrokerFeatures(None)).level is Level.WARN

    @pytest.mark.parametrize("cut", [0, 5, 12, 30, 60])
    def test_an_answer_that_ends_too_early_is_no_answer(self, cut: int) -> None:
        with pytest.raises((IndexError, struct.error)):
            parse_features(KAFKA_4_4[:cut])

    def test_missing_topics_are_one_line_and_wrong_ones_a_line_each(self) -> None:
        there = {spec.name: spec.partitions for spec in broker_topics(6)}
        assert levels(topic_lines(compare_topics(broker_topics(6), there))) == {"topics": Level.OK}

        there["tracks.uploaded"] = 3
        del there["tracks.reviews"], there["registry.artists"]
        lines = list(topic_lines(compare_topics(broker_topics(6), there)))
        assert [line.level for line in lines] == [Level.FAIL, Level.FAIL]
        assert "trackgate topics --create" in lines[0].advice
        assert "TRACKGATE_PARTITIONS" in lines[1].advice


class TestConsumers:
    expected = sorted({group for groups in expected_readers().values() for group in groups})

    def lines(self, behind: int, *, present: bool) -> dict[str, Level]:
        topic = TopicResult("tracks.findings", TopicState.PRESENT, 1, 1)
        numbers = (TopicNumbers(topic, 0, (Lag("policy", behind),)),)
        return levels(lag_lines(numbers, dict.fromkeys(self.expected, present)))

    def test_a_group_at_work_is_well_unless_it_is_far_behind(self) -> None:
        assert self.lines(FAR_BEHIND - 1, present=True)["consumer policy"] is Level.OK
        assert self.lines(FAR_BEHIND, present=True)["consumer policy"] is Level.WARN

    def test_a_group_without_members_fails_as_soon_as_something_waits_for_it(self) -> None:
        assert self.lines(0, present=False)["consumer policy"] is Level.WARN
        assert self.lines(1, present=False)["consumer policy"] is Level.FAIL

    def test_every_group_that_should_be_there_has_a_line(self) -> None:
        assert set(levels(lag_lines((), {}))) == {f"consumer {group}" for group in self.expected}

    def test_dead_letters_that_wait_are_warned_of(self) -> None:
        assert dead_letter_line(0).level is Level.OK
        assert dead_letter_line(1).level is Level.WARN


class TestRedis:
    def test_with_its_append_only_file_on_it_is_well(self) -> None:
        lines = redis_lines({"valkey_version": "9.1", "aof_enabled": 1, "aof_last_write_status": "ok"})
        assert set(levels(lines).values()) == {Level.OK}

    @pytest.mark.parametrize(
        ("info", "what", "level"),
        [
            ({"aof_enabled": 0}, "redis append-only file", Level.WARN),
            ({"aof_enabled": 1, "aof_last_write_status": "err"}, "redis append-only file", Level.FAIL),
            (
                {"aof_enabled": 1, "maxmemory": 9, "maxmemory_policy": "allkeys-lru"},
                "redis memory",
                Level.WARN,
            ),
        ],
    )
    def test_what_could_lose_views_is_told(self, info: dict[str, object], what: str, level: Level) -> None:
        assert levels(redis_lines(info))[what] is level


class TestStore:
    def test_a_folder_that_can_be_written_is_left_as_it_was(self, tmp_path: Path) -> None:
        (line,) = check_store(tmp_path)
        assert str(tmp_path) in line.told
        assert list(tmp_path.iterdir()) == []

    def test_one_that_is_not_there_is_warned_of(self, tmp_path: Path) -> None:
        (line,) = check_store(tmp_path / "nowhere")
        assert line.level is Level.WARN

    def test_it_warns_before_it_is_too_late(self, tmp_path: Path) -> None:
        assert [room_line(tmp_path, free * GIB).level for free in (20, 5, 1)] == [
            Level.OK,
            Level.WARN,
            Level.FAIL,
        ]


class TestModels:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        (tmp_path / "net.onnx").write_bytes(b"weights")
        digest = hashlib.sha256(b"weights").hexdigest()
        manifest = {"version": "net-1", "files": {"net.onnx": {"sha256": digest, "bytes": 7, "about": ""}}}
        (tmp_path / "manifest.json").write_text(json.dumps(manifest))
        return tmp_path

    def level(self, folder: Path) -> Level:
        return worst(check_models([("ears", folder)]))

    def test_the_files_that_were_measured_are_well(self, folder: Path) -> None:
        assert self.level(folder) is Level.OK

    def test_a_changed_a_missing_and_an_unlisted_set_are_told_apart(self, folder: Path) -> None:
        (folder / "net.onnx").write_bytes(b"weights!")
        (line,) = check_models([("ears", folder)])
        assert (line.level, "SHA-256" in line.told) == (Level.FAIL, True)
        (folder / "net.onnx").unlink()
        assert self.level(folder) is Level.FAIL
        (folder / "manifest.json").write_text("nonsense")
        assert self.level(folder) is Level.FAIL
        (folder / "manifest.json").unlink()
        assert self.level(folder) is Level.WARN

    def test_the_models_of_this_installation_are_found(self) -> None:
        assert "voice_matcher" in dict(model_folders())

    def test_without_detectors_there_is_nothing_to_look_at(self) -> None:
        assert worst(check_models([])) is Level.OK


class TestServices:
    def ask(self, answer: httpx.Response | None) -> Line:
        def handle(request: httpx.Request) -> httpx.Response:
            assert request.url.path == "/healthz"
            if answer is None:
                raise httpx.ConnectError("refused", request=request)
            return answer

        with httpx.Client(transport=httpx.MockTransport(handle)) as client:
            (line,) = check_services({"policy": "http://policy"}, client)
        return line

    def test_one_that_is_well(self) -> None:
        assert self.ask(httpx.Response(200, json={"ready": True})).level is Level.OK

    @pytest.mark.parametrize(
        ("answer", "told"),
        [
            (None, "does not answer"),
            (
                httpx.Response(503, json={"status": "failing", "faults": ["the brake is on"]}),
                "the brake is on",
            ),
            (
                httpx.Response(
                    503,
                    json={
                        "ready": False,
                        "checks": {
                            "kafka": {"ready": False, "detail": "gone"},
                            "redis": {"ready": True, "detail": "ok"},
                        },
                    },
                ),
                "kafka: gone",
            ),
            (httpx.Response(500, text="oops"), "answers 500"),
        ],
    )
    def test_one_that_is_not_says_why(self, answer: httpx.Response | None, told: str) -> None:
        line = self.ask(answer)
        assert line.level is Level.FAIL
        assert told in line.told
        assert line.advice


def test_the_worst_line_decides() -> None:
    assert worst([]) is Level.OK
    assert worst([ok("a", "b"), Line(Level.WARN, "a", "b")]) is Level.WARN
    assert worst([Line(Level.FAIL, "a", "b"), Line(Level.WARN, "a", "b")]) is Level.FAIL
