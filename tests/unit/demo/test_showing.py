"""What people see: a line per change without a terminal, a table at the end."""

import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from deploy.local.demo import write_results
from deploy.local.live_view import LiveTable, showing
from deploy.local.progress import Step
from deploy.local.results import Decided, Refused, Screened, Undecided
from deploy.local.results_table import cells, results_table, score_text
from deploy.local.telling import StepsShown
from deploy.samples.manifest import load_manifest
from services.cli.tracks import Decision, Finding, Note, Track

SAMPLES = load_manifest().samples
SONG = SAMPLES[0]
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
VOICE = Finding(detector="voice_matcher", verdict="match", score=7.412, probability=0.9912)


def decided(outcome: str, *, repeated: bool = False) -> Screened:
    decision = Decision(
        outcome=outcome,
        reasons=(Note(code="nothing_found", text="Nothing."),),
        labels=(Note(code="ai-detected", text="AI"),),
        decided_at=NOW,
    )
    track = Track(
        track_id="t-1", state=outcome, final=True, received_at=NOW, decision=decision, findings=(VOICE,)
    )
    return Screened(SONG, Decided(track, 4.21, repeated=repeated))


def plain(renderable: object, *, terminal: bool = False) -> str:
    out = io.StringIO()
    Console(file=out, width=150, force_terminal=terminal).print(renderable)
    return out.getvalue()


def test_a_row_tells_decision_labels_reasons_scores_and_time() -> None:
    row = cells(decided("publish"))

    assert SONG.title in row[0]
    assert "publish" in row[1]
    assert "✓" in row[1]
    assert row[2:] == ("ai-detected", "nothing_found", "voice match 7.41 (p 0.99)", "4.2 s")


def test_an_unexpected_decision_is_marked() -> None:
    assert "✗" in cells(decided("quarantine"))[1]


def test_a_track_of_an_earlier_run_is_told_as_such() -> None:
    assert "decided before" in cells(decided("publish", repeated=True))[1]


def test_refused_and_undecided_samples_tell_why() -> None:
    refused = cells(Screened(SONG, Refused(("truncated",), "the file ends too early", 0.2)))
    undecided = cells(Screened(SONG, Undecided("t-1", "the finding of ai_detector is missing", 180.0)))

    assert refused[3] == "truncated\nthe file ends too early"
    assert undecided[3] == "the finding of ai_detector is missing"


def test_a_finding_without_numbers_is_told_by_its_verdict() -> None:
    assert score_text(Finding(detector="voice_matcher", verdict="not_measured")) == "voice not_measured"


def test_the_table_holds_every_sample() -> None:
    text = plain(results_table([decided("publish"), decided("publish")]))

    assert text.count(SONG.path.name) == 2


def test_without_a_terminal_every_change_is_a_line() -> None:
    out = io.StringIO()
    with showing([SONG], Console(file=out, width=150)) as view:
        view.state(0, "uploading")
        view.sent(0, 10)
        view.ended(0, decided("publish"))

    assert out.getvalue().splitlines() == [
        f"  {SONG.path.name}: uploading",
        f"  {SONG.path.name}: decided: publish (nothing_found), 4.2 s",
    ]


def test_in_a_terminal_the_live_table_goes_from_waiting_to_the_decision() -> None:
    table = LiveTable(SAMPLES[:2])
    waiting = plain(table)
    table.state(0, "uploading")
    table.sent(0, SONG.path.stat().st_size)
    table.ended(0, decided("publish", repeated=True))
    after = plain(table)

    assert waiting.count("waiting") == 2
    assert after.count("waiting") == 1
    assert "already decided" in after
    assert "publish" in after


@pytest.mark.parametrize("terminal", [True, False])
def test_steps_are_told_with_their_seconds(terminal: bool) -> None:  # noqa: FBT001 - a parameter of the test
    out = io.StringIO()
    shown = StepsShown(
        Console(file=out, width=150, force_terminal=terminal, color_system=None, highlight=False)
    )
    shown(Step(state="begin", what="starting the broker"))
    shown(Step(state="progress", what="starting the broker", detail="3 of 9"))
    shown(Step(state="done", what="starting the broker", seconds=3.21))
    shown(Step(state="notice", what="broker", detail="Apache Kafka 4.4.0"))
    shown.close()

    assert "3.2 s" in out.getvalue()
    assert "Apache Kafka 4.4.0" in out.getvalue()


def test_the_results_file_is_a_list_with_an_object_per_sample(tmp_path: Path) -> None:
    file = tmp_path / "build" / "demo.json"

    write_results(file, [decided("publish"), decided("publish")])

    entries = json.loads(file.read_text())
    assert [entry["file"] for entry in entries] == [SONG.file] * 2
