"""Rules that can never count, and policies that could let a failed finding out: mistakes of the file."""

import pytest

from services.policy.checker import check_labels, check_policy
from services.policy.compiled import DEFAULT_LABELS, DEFAULT_POLICY, read_file

LABELS, _ = check_labels(read_file(DEFAULT_LABELS))
DEFAULT = read_file(DEFAULT_POLICY)
POLICY = """\
name: tried
about: A policy for trying out the checker.
review_from: 50
rules:
  - id: first-rule
    why: There has to be one rule at least.
    when: {when}
    then:
      outcome: quarantine
      reason: held
      text: Held for a look.
otherwise:
  outcome: quarantine
  reason: no_rule_matched
  text: Nothing matched, so a person decides.
"""


def complaints(text: str) -> list[str]:
    assert LABELS is not None
    _, problems = check_policy(text, LABELS)
    return [problem.shown("p.yaml") for problem in problems]


@pytest.mark.parametrize(
    ("when", "name"),
    [
        ("ai.verdict == 'error' && ai.verdict == 'missing'", "ai.verdict"),
        ("ai.verdict == 'error' && ai.verdict in ['missing', 'match']", "ai.verdict"),
        ("ai.verdict in ['error', 'missing'] && !(ai.verdict in ['missing', 'error'])", "ai.verdict"),
        ("declaration.test_delivery && !declaration.test_delivery", "declaration.test_delivery"),
        ("audio.seconds > 60.0 && audio.seconds < 30.0", "audio.seconds"),
        ("audio.seconds >= 60.0 && 60.0 > audio.seconds", "audio.seconds"),
        ("audio.channels == 1 && audio.channels == 2", "audio.channels"),
        ("audio.codec == 'mp3' && audio.codec == 'flac'", "audio.codec"),
        ("declaration.ai_use != 'none' && declaration.ai_use == 'none'", "declaration.ai_use"),
    ],
)
def test_a_rule_that_can_never_match_is_named(when: str, name: str) -> None:
    wanted = f"p.yaml:7:11: this rule can never match: no value of `{name}` satisfies all of it"
    found = complaints(POLICY.format(when=f'"{when}"'))
    assert [line.replace("7:12", "7:11") for line in found] == [wanted]


@pytest.mark.parametrize(
    "when",
    [
        "ai.verdict == 'error' || ai.verdict == 'missing'",
        "ai.verdict != 'error' && ai.verdict != 'missing'",
        "audio.seconds > 30.0 && audio.seconds < 60.0",
        "audio.seconds >= 60.0 && audio.seconds <= 60.0",
        "audio.codec != 'mp3' && audio.codec != 'flac'",
        "ai.verdict == 'error' && voice.verdict == 'missing'",
        "declaration.title != 'a' && declaration.title == 'b'",
    ],
)
def test_a_rule_that_can_match_is_left_alone(when: str) -> None:
    assert complaints(POLICY.format(when=f'"{when}"')) == []


def test_a_rule_behind_a_final_one_with_the_same_conditions_never_counts() -> None:
    extra = """\
  - id: too-late
    why: It repeats what a final rule says, with one more condition.
    when: declaration.test_delivery && ai.verdict == "error"
    then: {outcome: quarantine, reason: held, text: Held for a look.}

otherwise:"""
    found = complaints(DEFAULT.replace("\notherwise:", f"\n{extra}", 1))
    assert len(found) == 1
    assert "this rule never counts: the final rule `test-delivery` comes first" in found[0]


@pytest.mark.parametrize("rule", ["detector-failed", "detector-silent"])
def test_a_policy_that_could_release_despite_a_failed_finding_is_refused(rule: str) -> None:
    start = DEFAULT.index(f"  - id: {rule}")
    end = DEFAULT.index("  - id: ", start + 1)
    found = complaints(DEFAULT[:start] + DEFAULT[end:])
    assert len(found) == 1
    assert "a track could be released despite a failed finding" in found[0]


def test_a_guard_that_anything_else_can_undo_is_no_guard() -> None:
    weaker = DEFAULT.replace(
        'when: finding.verdict == "error"', 'when: finding.verdict == "error" && audio.seconds > 10.0'
    )
    assert any("despite a failed finding" in line for line in complaints(weaker))
