"""What becomes of a track when a policy goes wrong while it runs, and what the trace says."""

from services.policy.compiled import DEFAULT_LABELS, compile_policy
from services.policy.evaluate import evaluate
from shared.events import Outcome
from tests.support.policy import scenario_input

POLICY = """\
name: tried
about: A policy for trying out the evaluator.
review_from: {review_from}
rules:
  - id: tried-rule
    why: The rule that is tried out.
    when: {when}
    then:
      outcome: publish
      reason: tried
      text: The rule that is tried out matched {{audio.seconds}} s of {{ai.model_version}}.
      priority: 30
  - id: no-finding-no-release
    why: What failed or is missing holds every track.
    for_each: finding in findings
    when: finding.verdict in ["error", "missing"]
    then:
      outcome: quarantine
      reason: finding_error
      text: A detector failed on this track.
otherwise:
  outcome: quarantine
  reason: no_rule_matched
  text: Nothing matched, so a person decides.
  priority: 80
"""
LABELS = DEFAULT_LABELS.read_text(encoding="utf-8")
KNOWN = scenario_input({"ai": "not_detected", "voice": "no_match"})


def policy(when: str, *, review_from: int = 101) -> str:
    return POLICY.format(when=when, review_from=review_from)


def test_a_rule_that_cannot_be_evaluated_holds_the_track() -> None:
    tried = compile_policy(policy("findings[9].required"), LABELS)
    result = evaluate(tried, KNOWN)
    assert result.outcome is Outcome.QUARANTINE
    assert [reason.code for reason in result.reasons] == ["policy_error"]
    assert "`findings[9].required` failed" in result.trace[0].why


def test_a_condition_that_is_false_settles_a_rule_even_beside_one_that_fails() -> None:
    tried = compile_policy(policy("findings[9].required && declaration.test_delivery"), LABELS)
    result = evaluate(tried, KNOWN)
    assert [reason.code for reason in result.reasons] == ["no_rule_matched"]


def test_what_no_rule_foresaw_is_held() -> None:
    result = evaluate(compile_policy(policy("declaration.test_delivery"), LABELS), KNOWN)
    assert (result.outcome, result.priority) == (Outcome.QUARANTINE, 80)
    assert [reason.code for reason in result.reasons] == ["no_rule_matched"]


def test_the_trace_names_the_part_that_did_not_hold_and_what_it_saw() -> None:
    when = "ai.verdict == 'not_detected' && audio.seconds > 60.0"
    result = evaluate(compile_policy(policy(f'"{when}"'), LABELS), KNOWN)
    assert result.trace[0].why == "`audio.seconds > 60.0` is not so (audio.seconds is 10)"


def test_a_match_says_what_it_rests_on_and_names_its_evidence() -> None:
    result = evaluate(compile_policy(policy("ai.verdict == 'not_detected'"), LABELS), KNOWN)
    assert result.trace[0].why == "ai.verdict is not_detected"
    assert result.reasons[0].text == "The rule that is tried out matched 10 s of test-1."
    assert result.reasons[0].evidence == KNOWN.finding("ai_detector").evidence


def test_priority_from_the_review_line_on_holds_what_no_rule_holds() -> None:
    below = evaluate(compile_policy(policy("audio.seconds > 1.0", review_from=31), LABELS), KNOWN)
    reached = evaluate(compile_policy(policy("audio.seconds > 1.0", review_from=30), LABELS), KNOWN)
    assert below.outcome is Outcome.PUBLISH
    assert reached.outcome is Outcome.QUARANTINE
    assert [reason.code for reason in reached.reasons] == ["tried", "priority_review"]
