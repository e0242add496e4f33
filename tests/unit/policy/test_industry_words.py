"""Labels as DDEX, Spotify and Apple say them."""

import pytest

from services.policy.compiled import load_policy
from services.policy.evaluate import evaluate
from services.policy.industry import RoleCredit, in_industry_words
from tests.support.policy import scenario_input

POLICY = load_policy()
CREDITS = [
    {"name": "Gen 3", "role": "Vocalist", "ai_use": "all"},
    {"name": "Gen 3", "role": "Composer", "ai_use": "partly"},
    {"name": "A Human", "role": "Producer", "ai_use": "none"},
]


@pytest.mark.parametrize(
    ("declared", "ai", "contains", "tags"),
    [
        ({"ai_use": "all"}, "not_detected", "All", ("Track",)),
        ({"ai_use": "partly"}, "likely_generated", "Partly", ("Track",)),
        ({"ai_use": "none"}, "not_detected", None, ()),
        ({}, "likely_generated", None, ()),
    ],
)
def test_only_what_was_declared_is_exported(
    declared: dict[str, str], ai: str, contains: str | None, tags: tuple[str, ...]
) -> None:
    known = scenario_input({"ai": ai, "voice": "no_match", "declared": declared})
    words = in_industry_words(evaluate(POLICY, known).labels, known.declaration, POLICY.labels)
    assert (words.contains_ai, words.apple_tags) == (contains, tags)


def test_generated_roles_become_role_credits_and_a_composition_tag() -> None:
    known = scenario_input({"ai": "not_detected", "voice": "no_match", "declared": {"credits": CREDITS}})
    words = in_industry_words(evaluate(POLICY, known).labels, known.declaration, POLICY.labels)
    assert words.contains_ai == "Partly"
    assert words.role_credits == (
        RoleCredit("Vocalist", "All", "Vocalist"),
        RoleCredit("Composer", "Partly", None),
    )
    assert words.apple_tags == ("Track", "Composition")


def test_every_label_has_a_text_in_every_language() -> None:
    languages = {language for label in POLICY.labels.labels.values() for language in label.text}
    assert all(set(label.text) == languages for label in POLICY.labels.labels.values())
