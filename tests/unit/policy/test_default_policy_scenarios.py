"""The default policy, row by row. Each row of scenarios.yaml is a sentence."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from services.policy.compiled import load_policy
from services.policy.evaluate import evaluate
from tests.support.policy import scenario_input

SCENARIOS: list[dict[str, Any]] = yaml.safe_load(
    Path(__file__).with_name("scenarios.yaml").read_text(encoding="utf-8")
)
POLICY = load_policy()


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: str(scenario["it"]))
def test_scenario(scenario: dict[str, Any]) -> None:
    result = evaluate(POLICY, scenario_input(scenario))
    found: dict[str, object] = {
        "outcome": result.outcome.value,
        "reasons": [reason.code for reason in result.reasons],
        "labels": [f"{label.code}:{label.basis}" for label in result.labels],
    }
    expected = {"labels": [], **scenario["expect"]}
    if "priority" in expected:
        found["priority"] = result.priority
    assert found == expected, "\n".join(f"{t.rule}: {t.why}" for t in result.trace if t.matched)


def test_every_rule_of_the_policy_is_matched_by_a_scenario() -> None:
    matched = {
        trace.rule
        for scenario in SCENARIOS
        for trace in evaluate(POLICY, scenario_input(scenario)).trace
        if trace.matched
    }
    assert {compiled.rule.id for compiled in POLICY.rules} == matched


def test_no_two_scenarios_have_the_same_sentence() -> None:
    sentences = [scenario["it"] for scenario in SCENARIOS]
    assert len(sentences) == len(set(sentences))
