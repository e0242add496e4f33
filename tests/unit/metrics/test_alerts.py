"""Each alert fires on the condition that it names, and not beside it; promtool evaluates."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.unit.metrics.alert_cases import CASES, Case
from tests.unit.metrics.declared import ROOT, declared_names

RULES = ROOT / "deploy" / "prometheus" / "rules" / "trackgate.yml"
RUNBOOKS = ROOT / "deploy" / "docs" / "runbooks.md"
ALERTS = {
    rule["alert"]: rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]
}
needs_promtool = pytest.mark.skipif(
    shutil.which("promtool") is None,
    reason="NO ALERT IS TESTED: promtool is not installed (Debian's package `prometheus` has it)",
)


def promtool(*arguments: str) -> str:
    ended = subprocess.run(["promtool", *arguments], capture_output=True, text=True, check=False, timeout=100)
    said = ended.stdout + ended.stderr
    assert ended.returncode == 0, said
    return said


def scenario(name: str, case: Case, *, fires: bool) -> dict[str, object]:
    return {
        "interval": case.step,
        "input_series": [
            {"series": series, "values": values}
            for series, values in (case.fires if fires else case.quiet).items()
        ],
        "promql_expr_test": [
            {
                "expr": f'count(ALERTS{{alertname="{name}",alertstate="firing"}}) or vector(0)',
                "eval_time": case.at,
                "exp_samples": [{"labels": "{}", "value": int(fires)}],
            }
        ],
    }


@needs_promtool
@pytest.mark.parametrize("name", sorted(ALERTS))
def test_it_fires_on_its_condition_and_not_beside_it(name: str, tmp_path: Path):
    case = CASES[name]
    file = tmp_path / "cases.yml"
    file.write_text(
        yaml.safe_dump(
            {
                "rule_files": [str(RULES)],
                "evaluation_interval": case.step,
                "tests": [scenario(name, case, fires=True), scenario(name, case, fires=False)],
            }
        )
    )
    promtool("test", "rules", str(file))


@needs_promtool
def test_the_rules_and_the_configuration_that_names_them_are_valid():
    assert f"{len(ALERTS)} rules found" in promtool("check", "rules", str(RULES))
    promtool("check", "config", str(RULES.parents[1] / "prometheus.yml"))


def test_every_alert_has_its_cases_and_no_case_is_left_over():
    assert set(CASES) == set(ALERTS)


@pytest.mark.parametrize("name", sorted(ALERTS))
def test_every_alert_leads_to_its_entry_in_the_runbooks(name: str):
    path, _, anchor = ALERTS[name]["annotations"]["runbook_url"].partition("#")
    assert ROOT / path == RUNBOOKS
    assert anchor == name.lower()
    assert f"\n## {name}\n" in RUNBOOKS.read_text()


def test_the_runbooks_hold_no_entry_for_an_alert_that_is_gone():
    assert set(re.findall(r"^## (\w+)$", RUNBOOKS.read_text(), re.MULTILINE)) == set(ALERTS)


@pytest.mark.parametrize("name", sorted(ALERTS))
def test_every_alert_reads_metrics_that_are_declared(name: str):
    read = set(re.findall(r"\btrackgate_\w+", ALERTS[name]["expr"]))
    assert read <= declared_names()
