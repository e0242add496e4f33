"""What a backtest tells: counts, precision and recall, forecast, examples, limits, and its three forms."""

import json
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from services.policy.backtest.compare import Backtest, Comparison
from services.policy.backtest.html import as_html, chart
from services.policy.backtest.limits import Limits, broken
from services.policy.backtest.replay import Differs, Identical, NotReplayable, replayed
from services.policy.backtest.report import as_text
from services.policy.commands.history import EXIT_LIMIT, tell
from services.policy.compiled import (
    DEFAULT_LABELS,
    DEFAULT_POLICY,
    Policy,
    compile_policy,
    load_policy,
    read_file,
)
from services.policy.evaluate import evaluate
from services.policy.stages import PolicyBook
from shared.events import DecisionMade, Outcome
from tests.support.events import A_TIME, track_id
from tests.support.policy import DAY, scenario_input

LIVE = load_policy()
LABELS = read_file(DEFAULT_LABELS)
STRICT = compile_policy(read_file(DEFAULT_POLICY).replace("review_from: 50", "review_from: 25"), LABELS)
DOUBT = {"ai": "inconclusive", "voice": "no_match"}
CLEAN = {"ai": "not_detected", "voice": "no_match"}
DENIED = {"ai": "likely_generated", "voice": "no_match", "declared": {"ai_use": "none"}}


def on_record(number: int, scenario: dict[str, object], *, by: Policy = LIVE) -> DecisionMade:
    known = scenario_input(scenario).model_copy(update={"track_id": track_id(number)})
    result = evaluate(by, known)
    return DecisionMade(
        event_id=f"d{number}",
        occurred_at=A_TIME + number * timedelta(hours=6),
        track_id=track_id(number),
        audio_sha256=known.audio.sha256,
        sequence=1,
        outcome=result.outcome,
        reasons=result.reasons,
        labels=result.labels,
        trace=result.trace,
        priority=result.priority,
        policy_version=result.policy_version,
        policy_input=known.model_dump(mode="json"),
    )


def reviewed(of: DecisionMade, outcome: Outcome) -> DecisionMade:
    return of.model_copy(
        update={
            "event_id": f"{of.event_id}-r",
            "sequence": 2,
            "automated": False,
            "decided_by": "rosa",
            "outcome": outcome,
            "occurred_at": of.occurred_at + timedelta(hours=1),
        }
    )


def backtest(candidate: Policy, *decisions: DecisionMade) -> Comparison:
    test = Backtest(candidate)
    for decision in decisions:
        test.see(decision)
    return test.found


def test_the_same_policy_changes_nothing() -> None:
    found = backtest(LIVE, *(on_record(n, s) for n, s in enumerate([DOUBT, CLEAN, DENIED] * 5)))
    assert (found.decisions, found.changed, found.examples) == (15, 0, [])


def test_it_counts_what_changes_into_what_and_for_whom() -> None:
    found = backtest(STRICT, *(on_record(n, s) for n, s in enumerate([DOUBT, CLEAN, DENIED, CLEAN])))
    assert found.flows == {
        ("publish", "quarantine"): 1,
        ("publish", "publish"): 2,
        ("quarantine", "quarantine"): 1,
    }
    assert found.changed == 1
    assert vars(found.distributors["northwind"]) == {
        "decisions": 4, "changed": 1, "held_before": 1, "held_after": 2,
    }  # fmt: skip
    assert found.reasons_after["priority_review"] == found.reasons_before["priority_review"] + 1
    assert [(one.before, one.after) for one in found.examples] == [("publish", "quarantine")]


def test_precision_and_recall_are_those_among_what_moderators_answered() -> None:
    held = [on_record(n, DENIED) for n in range(4)]
    missed = on_record(9, DOUBT)
    answers = [Outcome.REJECT, Outcome.REJECT, Outcome.PUBLISH, Outcome.REJECT]
    story = [step for one, answer in zip(held, answers, strict=True) for step in (one, reviewed(one, answer))]
    found = backtest(STRICT, *story, missed, reviewed(missed, Outcome.REJECT))
    assert (found.before.precision, found.before.recall) == (3 / 4, 3 / 4)
    assert (found.after.precision, found.after.recall) == (4 / 5, 4 / 4)


def test_it_forecasts_reviews_a_day() -> None:
    found = backtest(STRICT, *(on_record(n, s) for n, s in enumerate([DOUBT, DENIED] * 8 + [CLEAN])))
    assert found.days == pytest.approx(4.0)
    assert found.reviews_a_day == (pytest.approx(2.0), pytest.approx(4.0))


def test_only_what_is_since_is_counted() -> None:
    test = Backtest(STRICT, since=A_TIME + DAY)
    for number in range(8):
        test.see(on_record(number, DOUBT))
    assert test.found.decisions == 4


def test_twenty_examples_show_rare_changes_too() -> None:
    rare = on_record(99, CLEAN).model_copy(update={"outcome": Outcome.LABEL})
    found = backtest(STRICT, *(on_record(n, DOUBT) for n in range(60)), rare)
    assert len(found.examples) == 20
    assert ("label", "publish") in {(one.before, one.after) for one in found.examples}


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        (Limits(changed=0.4), "50.0% of the decisions change; 40.0% are allowed"),
        (Limits(more_reviews=0.5), "reviews a day instead of"),
        (Limits(precision=0.9), "no moderator's answer is on record"),
        (Limits(recall=0.1), "no moderator's answer is on record"),
        (Limits(changed=0.5, more_reviews=1.0), None),
    ],
)
def test_a_limit_is_kept_or_named(limits: Limits, says: str | None) -> None:
    found = backtest(STRICT, *(on_record(n, s) for n, s in enumerate([DOUBT, DENIED] * 4)))
    told = broken(found, limits)
    assert (told == ()) if says is None else (len(told) == 1 and says in told[0])


def test_the_report_is_a_table_json_and_a_page_that_loads_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = backtest(STRICT, *(on_record(n, s) for n, s in enumerate([DOUBT, DENIED, CLEAN] * 4)))
    json_file, page = tmp_path / "b.json", tmp_path / "b.html"
    assert tell(found, Limits(changed=0.01), json_file=json_file, html_file=page) == EXIT_LIMIT
    assert tell(found, Limits(changed=0.9), json_file=None, html_file=None) == 0
    assert "4 would change (33.3%)" in capsys.readouterr().out
    told = json.loads(json_file.read_text(encoding="utf-8"))
    assert told["changed"] == 4
    assert told["limits_broken"]
    written = page.read_text(encoding="utf-8")
    assert "4 of 12 decisions would change" in written
    assert not any(
        loading in written for loading in ("http:", "https:", "src=", "<script", "@import", "url(")
    )


def test_charts_are_well_formed_and_bars_are_in_proportion() -> None:
    drawn = ET.fromstring(chart([("a<b", 10, 5), ("none", 0, 0)]))  # noqa: S314 - our own text
    widths = [float(bar.attrib["width"]) for bar in drawn.iter("rect")]
    assert widths[0] == 2 * widths[1] > 0
    assert widths[2:] == [0.0, 0.0]


def test_names_in_a_report_are_escaped() -> None:
    found = backtest(STRICT, on_record(1, {**DOUBT, "distributor": "<script>"}))
    assert "<script>" not in as_html(found, ("<b>",)).replace("<style>", "")
    assert "<script>" in as_text(found, ())


def test_deciding_again_tells_what_differs_and_what_cannot_be_told() -> None:
    book = PolicyBook(LIVE)
    decision = on_record(1, DENIED)
    assert replayed(decision, book) == Identical()
    assert replayed(decision.model_copy(update={"outcome": Outcome.PUBLISH}), book) == Differs(("outcome",))
    assert isinstance(replayed(on_record(1, DENIED, by=STRICT), book), NotReplayable)
    assert isinstance(replayed(decision.model_copy(update={"policy_input": {}}), book), NotReplayable)
