"""What `explain` says of the account and of the file's own manifest."""

from services.policy.compiled import load_policy
from services.policy.domain import Decide, FixedPolicy, Judge
from services.policy.explain import explained
from shared.views.tracks import TrackView
from tests.support.events import A_TIME
from tests.support.policy import REQUIRED, scenario_account, scenario_registry, scenario_track


def told(scenario: dict[str, object]) -> str:
    upload, findings = scenario_track(scenario)
    view = TrackView(upload=upload, findings=findings, decisions=(), reviews=())
    judge = Judge(FixedPolicy(load_policy()), scenario_registry(scenario), REQUIRED)
    step = judge.on_facts(view, cause="test", at=A_TIME, account=scenario_account(scenario))
    assert isinstance(step, Decide)
    return explained(TrackView(upload, findings, (step.decision,), ()))


def test_an_account_is_told_in_counts_and_what_they_give_together() -> None:
    text = told(
        {
            "ai": "not_detected",
            "voice": "possible",
            "matches": {"mara-lind": "possible"},
            "account": [{"mara-lind": "possible"}, {}],
        }
    )
    assert "this account in 30 days: 2 of 3 recordings resemble Mara Lind, together 0." in text
    assert "[account_resembles_voice]" in text


def test_a_manifest_is_told_with_its_signature() -> None:
    scenario = {"ai": "not_detected", "voice": "no_match", "declared": {"ai_use": "none"}}
    signed = {"manifest": {"state": "trusted", "declares_generated": True}}
    assert "manifest in the file: trusted, declares generated content" in told(scenario | signed)
    assert "manifest in the file" not in told(scenario)
