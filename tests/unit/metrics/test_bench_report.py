"""What the load test says of what it sent and what Kafka holds."""

import xml.etree.ElementTree as ET
from datetime import timedelta

import pytest

from services.cli.commands.bench_chart import chart
from services.cli.commands.bench_report import OnRecord, Report, Sent, Usage, report
from tests.support.events import A_TIME

USAGE = Usage({"ai_detector": 12.0, "ingest": 8.0}, {"ingest": 90.0}, cores=2, wall_seconds=60.0)


def sent(track_id: str | None, **changes: object) -> Sent:
    given = {"phase": "closed", "track_id": track_id, "audio_seconds": 180.0, "request_seconds": 0.5}
    return Sent(**(given | changes))  # type: ignore[arg-type]


def on_record(seconds: float, *, decisions: tuple[tuple[int, str], ...] = ((1, "d"),)) -> OnRecord:
    decided_at = A_TIME + timedelta(seconds=seconds)
    return OnRecord(
        A_TIME,
        {"ai_detector": A_TIME + timedelta(seconds=seconds / 2)},
        tuple((sequence, event_id, decided_at) for sequence, event_id in decisions),
    )


def said(deliveries: list[Sent], record: dict[str, OnRecord]) -> Report:
    return report(deliveries, record, USAGE, closed_seconds=30.0)


def test_what_went_well_is_counted_with_its_cost_and_speed():
    found = said([sent(str(n)) for n in range(10)], {str(n): on_record(float(n + 1)) for n in range(10)})
    values = found.values
    assert found.failures == ()
    assert (values["accepted"], values["decided"], values["lost"], values["decided_twice"]) == (10, 10, 0, 0)
    assert values["cpu_seconds_per_3min_track"] == 2.0
    assert values["cpu_seconds_per_3min_track_by_service"] == {"ai_detector": 1.2, "ingest": 0.8}
    assert values["tracks_per_minute_per_core"] == 10.0
    assert values["upload_to_decision_s"] == {"p50": 5.0, "p95": 10.0, "p99": 10.0}
    assert values["stages_s"]["upload to ai_detector"]["p50"] == 2.5


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ({}, "accepted and not decided"),
        ({"a": OnRecord(A_TIME, {}, ())}, "accepted and not decided"),
        ({"a": OnRecord(None, {}, ((1, "d", A_TIME),))}, "accepted and not decided"),
        ({"a": on_record(1.0, decisions=((1, "d"), (1, "other")))}, "decided twice"),
        ({"a": on_record(121.0)}, "later than 120 s"),
    ],
)
def test_loss_doubles_and_breaches_fail_the_test(record: dict[str, OnRecord], words: str):
    assert any(words in failure for failure in said([sent("a")], record).failures)


@pytest.mark.parametrize("decisions", [((1, "d"), (1, "d")), ((1, "d"), (2, "e"))])
def test_a_repeated_record_and_a_decision_that_supersedes_are_no_doubles(
    decisions: tuple[tuple[int, str], ...],
):
    found = said([sent("a")], {"a": on_record(1.0, decisions=decisions)})
    assert found.values["decided_twice"] == 0
    assert found.failures == ()


def test_a_duplicate_that_becomes_a_track_of_its_own_fails_the_test():
    record = {"a": on_record(1.0), "b": on_record(1.0)}
    assert said([sent("a"), sent("a", again=True)], record).failures == ()
    assert any("duplicates" in f for f in said([sent("a"), sent("b", again=True)], record).failures)


def test_a_refused_delivery_fails_the_test_and_says_why():
    found = said([sent("a"), sent(None, fault="quota used up")], {"a": on_record(1.0)})
    assert any("quota used up" in failure for failure in found.failures)


def test_a_test_that_decided_nothing_is_no_success():
    assert said([], {}).failures == ("no track was decided",)


@pytest.mark.parametrize("record", [{}, {"a": on_record(3.0)}])
def test_the_chart_is_well_formed_and_says_the_numbers_in_words(record: dict[str, OnRecord]):
    root = ET.fromstring(chart(said([sent("a")], record).values))  # noqa: S314 - our own
    assert f"{len(record)} of 1 tracks decided" in str(root.get("aria-label"))
