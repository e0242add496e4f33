"""Statements of reasons: with each restricting decision, valid, and naming nobody."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from services.policy.commands.history import statement_faults
from services.policy.compiled import load_policy
from services.policy.domain import Decide, FixedPolicy, Judge
from services.policy.personal_data import personal_data_in
from services.policy.statements import Statement, statement_of, wordings
from shared.events import DecisionMade, Label, Outcome, TrackUploaded
from shared.views.tracks import TrackView
from tests.support.events import A_TIME
from tests.support.policy import REQUIRED, a_review, scenario_registry, scenario_track

SCENARIOS: list[dict[str, Any]] = yaml.safe_load(
    Path(__file__).with_name("scenarios.yaml").read_text(encoding="utf-8")
)
POLICY = load_policy()


def decided(scenario: dict[str, Any]) -> tuple[TrackUploaded, DecisionMade]:
    upload, findings = scenario_track(scenario)
    view = TrackView(upload=upload, findings=findings, decisions=(), reviews=())
    judge = Judge(FixedPolicy(POLICY), scenario_registry(scenario), REQUIRED)
    step = judge.on_facts(view, cause="test", at=A_TIME, deadline_reached=True)
    assert isinstance(step, Decide)
    return upload, step.decision


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: str(scenario["it"]))
def test_every_restricting_decision_carries_a_valid_statement_and_no_other_does(
    scenario: dict[str, Any],
) -> None:
    upload, decision = decided(scenario)
    imposed = {label.basis for label in decision.labels} & {"detected", "both", "review"}
    in_europe = {"Worldwide", "SE", "NO", "DE", "DK"} & set(upload.declaration.territories)
    restricts = decision.outcome is Outcome.QUARANTINE or (decision.outcome is Outcome.LABEL and imposed)
    assert (decision.statement is not None) == bool(restricts and in_europe)
    if decision.statement is not None:
        assert statement_faults(decision) == ()
        assert decision.statement["puid"] == decision.event_id
        assert decision.statement["automated_decision"] == "AUTOMATED_DECISION_FULLY"


CLONE = {"ai": "likely_generated", "voice": "match", "matches": {"mara-lind": "match"}}


def test_a_clone_is_impersonation_in_a_synthetic_recording() -> None:
    _, decision = decided(CLONE)
    assert decision.statement is not None
    assert decision.statement["category"] == "STATEMENT_CATEGORY_SCAMS_AND_FRAUD"
    assert decision.statement["category_specification"] == ["KEYWORD_IMPERSONATION_ACCOUNT_HIJACKING"]
    assert decision.statement["decision_visibility"] == ["DECISION_VISIBILITY_CONTENT_DISABLED"]
    assert "Mara Lind" in " ".join(reason.text for reason in decision.reasons)
    assert "Mara Lind" not in str(decision.statement)


def test_a_person_who_rejects_is_said_to_have_decided() -> None:
    upload, before = decided(CLONE)
    _, findings = scenario_track(CLONE)
    review = a_review(before, "reject")
    view = TrackView(upload=upload, findings=findings, decisions=(before,), reviews=(review,))
    step = Judge(FixedPolicy(POLICY), scenario_registry(CLONE), REQUIRED).on_review(view, review, at=A_TIME)
    assert isinstance(step, Decide)
    assert step.decision.statement is not None
    assert step.decision.statement["automated_decision"] == "AUTOMATED_DECISION_NOT_AUTOMATED"
    assert step.decision.statement["decision_visibility"] == ["DECISION_VISIBILITY_CONTENT_REMOVED"]
    assert "rosa" not in str(step.decision.statement)


def test_territories_outside_the_economic_area_need_no_statement() -> None:
    upload, decision = decided(CLONE)
    abroad = upload.declaration.model_copy(update={"territories": ("US", "JP")})
    assert statement_of(decision, upload.model_copy(update={"declaration": abroad})) is None
    both = upload.declaration.model_copy(update={"territories": ("US", "DE")})
    found = statement_of(decision, upload.model_copy(update={"declaration": both}))
    assert found is not None
    assert found["territorial_scope"] == ["DE"]


def test_a_label_that_ends_says_when() -> None:
    upload, decision = decided({"ai": "likely_generated", "voice": "no_match"})
    label = Label(code="ai-detected", text="Signs", basis="review", expires_at=A_TIME)
    found = statement_of(decision.model_copy(update={"labels": (label,)}), upload)
    assert found is not None
    assert found["end_date_visibility_restriction"] == "2026-11-23"
    assert found["automated_decision"] == "AUTOMATED_DECISION_PARTIALLY"


def test_every_reason_that_holds_or_labels_has_words_of_its_own() -> None:
    codes = {
        rule.rule.then.reason
        for rule in POLICY.rules
        if rule.rule.then.outcome is Outcome.QUARANTINE
        or any(label.basis in {"detected", "both"} for label in rule.rule.then.labels)
    }
    assert codes <= set(wordings().reasons)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Ask jo@example.org about it.", "an e-mail address"),
        ("See https://example.org/x for it.", "a web address"),
        ("Call +47 22 33 44 55 99 please.", "a telephone number"),
        ("It came from 192.168.10.4 at night.", "an IP address"),
        ("The ISNI is 0000 0001 2103 2683 there.", "an ISNI"),
        ("The recording SE-ABC-26-00001 is held.", "an ISRC"),
        ("The voice is that of MARA  LIND, say we.", "names a person"),
        ("Die Stimme von Søren Ås.", "names a person"),
    ],
)
def test_the_lint_finds_personal_data(text: str, says: str) -> None:
    found = personal_data_in({"decision_facts": text}, ["Mara Lind", "Søren Ås"])
    assert any(says in fault for fault in found), found


def test_the_lint_leaves_ordinary_words_alone() -> None:
    for wording in wordings().reasons.values():
        texts = {"decision_facts": wording.facts, "incompatible_content_explanation": wording.explanation}
        assert personal_data_in(texts, ["Mara Lind", "Adele"]) == ()


def test_what_the_database_does_not_take_is_refused() -> None:
    _, decision = decided(CLONE)
    assert decision.statement is not None
    for change in (
        {"puid": "a b"},
        {"category": "STATEMENT_CATEGORY_X"},
        {"territorial_scope": []},
        {"extra": 1},
    ):
        faulty = decision.model_copy(update={"statement": {**decision.statement, **change}})
        assert statement_faults(faulty)
    Statement.model_validate(decision.statement)
