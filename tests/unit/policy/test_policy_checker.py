"""What the checker says to a person who made a mistake in a policy file."""

from pathlib import Path

import pytest

from services.policy.__main__ import main
from services.policy.checker import check_labels, check_policy
from services.policy.compiled import DEFAULT_LABELS, DEFAULT_POLICY, PolicyInvalid, compile_policy
from services.policy.policy_file import LabelFile

LABELS = DEFAULT_LABELS.read_text(encoding="utf-8")
A_RULE = """\
name: tried
about: A policy for trying out the checker.
review_from: 50
rules:
  - id: only-rule
    why: There has to be one rule at least.
    when: {when}
    then:
      outcome: quarantine
      reason: held
      text: {text}
otherwise:
  outcome: quarantine
  reason: no_rule_matched
  text: Nothing matched, so a person decides.
"""


def labels() -> LabelFile:
    found, problems = check_labels(LABELS)
    assert found is not None
    assert not problems
    return found


def complaints(text: str) -> list[str]:
    _, problems = check_policy(text, labels())
    return [problem.shown("p.yaml") for problem in problems]


def about(when: str, text: str = "Held for a look.") -> list[str]:
    return complaints(A_RULE.format(when=when, text=text))


def test_the_default_policy_has_no_mistakes() -> None:
    assert complaints(DEFAULT_POLICY.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("when", "complaint"),
    [
        ("ai.verdct == 'error'", "7:14: there is no field `verdct`; did you mean `verdict`?"),
        ("al.verdict == 'error'", "7:11: `al` is not known; did you mean `ai`?"),
        ("ai.verdict == 'eror'", "7:25: `eror` is no value of this; did you mean `error`?"),
        ("ai.verdict in ['error', 'mising']", "7:35: `mising` is no value of this; did you mean `missing`?"),
        ("audio.channels == 'two'", "7:11: an int is compared with a string: that is never equal"),
        (
            "audio.seconds == 3",
            "7:11: a double is compared with an int: that is never equal in CEL",
        ),
        ("ai.probability > 0.5", "7:11: this may be null; test it first: `… != null && …`"),
        ("declaration.title", "7:11: a condition is true or false; this is a string"),
        ("declaration.title && true", "7:11: a bool is needed here, this is a string"),
        (
            "matches.exists(m, m.standng == 'licensed')",
            "7:31: there is no field `standng`; did you mean `standing`?",
        ),
        (
            "declaration.title.startWith('x')",
            "7:29: there is no method `startWith`; did you mean `startsWith`?",
        ),
        ("lenght(matches) > 0", "7:11: there is no function `lenght`; there is `double`"),
        ("size(declaration.title) > 3", "7:16: `size` is for lists, not for a string"),
        ("declaration.title.size() > 3", "7:11: `size` is for lists, not for a string"),
        ("ai.verdict ==", "7:24: a value was expected before the end"),
        ("(ai.verdict == 'error'", "7:33: `)` was expected before the end"),
        ("audio.seconds.minutes > 1.0", "7:25: a double has no field `minutes`"),
        ("claims.exists(c)", "7:18: `exists` takes 2 arguments, not 1"),
        ("ai.verdict == null", "7:11: this string is never null"),
        ("ai.verdict > 'error'", "7:11: a string has no order"),
        ("declaration.title in declaration.title", "7:32: `in` needs a list, not a string"),
    ],
)
def test_a_mistake_in_a_condition_is_shown_where_it_is(when: str, complaint: str) -> None:
    assert any(line.startswith(f"p.yaml:{complaint}") for line in about(when)), about(when)


@pytest.mark.parametrize(
    "when",
    [
        "ai.probability != null && ai.probability > 0.5",
        "ai.probability != null && declaration.test_delivery && ai.probability > 0.5",
        "matches.filter(m, m.score > 0.5).size() > 1",
        "matches.map(m, m.artist_id).exists(id, id == 'x')",
        "declaration.release_date != null && declaration.release_date.startsWith('2026')",
        "evaluated_at > timestamp('2026-01-01T00:00:00Z')",
        "declaration.test_delivery ? audio.seconds > 10.0 : audio.channels == 1",
        "declaration.territories.exists(t, t in ['SE', 'NO'])",
        "audio.seconds > 10",
    ],
)
def test_what_is_right_is_left_alone(when: str) -> None:
    assert about(f'"{when}"') == []


def test_a_place_in_a_block_of_several_lines_is_found() -> None:
    written = "|\n      ai.verdict == 'error'\n      || voice.vredict == 'error'"
    assert about(written) == ["p.yaml:9:16: there is no field `vredict`; did you mean `verdict`?"]


def test_a_place_in_a_text_is_checked_like_a_condition() -> None:
    assert about("declaration.test_delivery", "Held because of {ai.modelversion}.") == [
        "p.yaml:11:33: in {ai.modelversion}: there is no field `modelversion`; did you mean `model_version`?"
    ]


def test_a_text_may_show_what_may_be_absent() -> None:
    assert about("declaration.test_delivery", "Recognised by {ai.model_version}.") == []


def test_an_unknown_field_of_the_file_names_the_nearest() -> None:
    text = A_RULE.format(when="declaration.test_delivery", text="Held for a look.")
    assert complaints(text.replace("      reason: held", "      reson: held")) == [
        "p.yaml:9:7: `reason` is missing",
        "p.yaml:10:7: `reson` is not known here; did you mean `reason`?",
    ]


def test_an_unknown_outcome_names_the_nearest() -> None:
    text = A_RULE.format(when="declaration.test_delivery", text="Held for a look.")
    assert complaints(
        text.replace("outcome: quarantine\n      reason", "outcome: quarantaine\n      reason")
    ) == ["p.yaml:9:16: `quarantaine` is no outcome; did you mean `quarantine`?"]


def changed(*replacements: tuple[str, str]) -> list[str]:
    text = DEFAULT_POLICY.read_text(encoding="utf-8")
    for before, after in replacements:
        assert before in text
        text = text.replace(before, after, 1)
    return [line.split(": ", 1)[1] for line in complaints(text)]


def test_a_label_that_no_label_file_knows_names_the_nearest() -> None:
    assert changed(("code: licensed-voice", "code: licenced-voice")) == [
        "the label `licenced-voice` is not known; did you mean `licensed-voice`?"
    ]


def test_two_rules_cannot_have_one_id() -> None:
    assert changed(("id: own-name", "id: own-voice")) == ["the id `own-voice` is used by an earlier rule"]


def test_a_policy_without_a_fallback_is_refused() -> None:
    text = DEFAULT_POLICY.read_text(encoding="utf-8")
    (complaint,) = complaints(text[: text.index("otherwise:")])
    assert complaint.endswith("`otherwise` is missing")


def test_a_fallback_that_publishes_is_refused() -> None:
    text = DEFAULT_POLICY.read_text(encoding="utf-8")
    head, tail = text.split("otherwise:")
    (complaint,) = complaints(f"{head}otherwise:{tail.replace('quarantine', 'publish', 1)}")
    assert complaint.endswith("`otherwise` must be quarantine: what no rule foresaw is held")


def test_a_rule_cannot_reject() -> None:
    assert changed(
        ("outcome: quarantine\n      reason: finding_error", "outcome: reject\n      reason: finding_error")
    ) == ["a rule cannot reject; only a person's review can"]


def test_a_final_rule_must_hold_the_track() -> None:
    assert changed(
        ("outcome: quarantine\n      reason: test_delivery", "outcome: publish\n      reason: test_delivery")
    ) == ["only a rule that holds the track can be final"]


def test_a_rule_goes_over_lists_only() -> None:
    assert changed(("for_each: match in matches", "for_each: match in matchs"))[0] == (
        "`matchs` is no list; did you mean `matches`?"
    )
    assert changed(("for_each: match in matches", "for_each: matches"))[0] == (
        "`for_each` is written as `match in matches`"
    )


def test_a_key_given_twice_is_a_mistake_and_not_a_replacement() -> None:
    text = A_RULE.format(when="declaration.test_delivery", text="Held for a look.")
    assert complaints(text.replace("review_from: 50\n", "review_from: 50\nreview_from: 99\n")) == [
        "p.yaml:4:1: `review_from` is given twice"
    ]


def test_what_is_not_yaml_is_said_with_its_place() -> None:
    (complaint,) = complaints("name: [unclosed\nabout: x\n")
    assert complaint.startswith("p.yaml:2:")
    assert "not YAML" in complaint


def test_every_label_has_a_text_in_the_language_of_decisions() -> None:
    _, problems = check_labels(LABELS.replace("      en: Made partly with AI\n", ""))
    assert [problem.message for problem in problems] == ["`contains-ai-partly` has no text in `en`"]


def test_a_policy_with_mistakes_does_not_start() -> None:
    with pytest.raises(PolicyInvalid, match=r"p\.yaml:7:14: there is no field `verdct`"):
        compile_policy(
            A_RULE.format(when="ai.verdct == 'error'", text="Held for a look."), LABELS, policy_name="p.yaml"
        )


def test_a_comment_does_not_change_the_version_and_a_word_does() -> None:
    text = DEFAULT_POLICY.read_text(encoding="utf-8")
    version = compile_policy(text, LABELS).version
    assert compile_policy("# hello\n" + text, LABELS).version == version
    assert compile_policy(text.replace("priority: 70", "priority: 71"), LABELS).version != version
    assert compile_policy(text, LABELS.replace("Made partly", "Partly made")).version != version


def test_check_on_the_command_line_lists_mistakes_and_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "p.yaml"
    file.write_text(A_RULE.format(when="ai.verdct == 'error'", text="Held for a look."), encoding="utf-8")
    assert main(["check", str(file)]) == 1
    assert f"{file}:7:14: there is no field `verdct`" in capsys.readouterr().out


def test_check_on_the_command_line_passes_the_default_policy(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(DEFAULT_POLICY)]) == 0
    assert "no mistakes" in capsys.readouterr().out
