"""Artist keys in the portal: entered with a delivery, and what became of each, in plain words."""

from typing import Any

import pytest

from services.ingest.portal.keys import keys_told
from services.ingest.portal.rendering import portal_pages
from services.ingest.portal.texts import KEY_STATES
from services.policy.vocabulary import GrantState
from shared.events import DecisionMade, Declaration, Outcome
from tests.support.events import A_TIME, SOME_SHA256, track_id

DIGEST, OTHER = "ab" * 32, "cd" * 32


def decided(**fact: Any) -> DecisionMade:
    known = {"key_sha256": DIGEST, "artist_id": "mara", "name": "Mara", "state": "live", "counts": True}
    return DecisionMade(
        event_id="decision-1",
        occurred_at=A_TIME,
        track_id=track_id(1),
        audio_sha256=SOME_SHA256,
        sequence=1,
        outcome=Outcome.PUBLISH,
        reasons=(),
        policy_version="7",
        policy_input={"keys": [known | fact]},
    )


def test_an_accepted_key_names_its_artist() -> None:
    (key,) = keys_told([DIGEST], decided())
    assert (key.artist, key.accepted, key.words) == ("Mara", True, KEY_STATES["live"])


def test_a_good_key_that_was_not_needed_says_so() -> None:
    (key,) = keys_told([DIGEST], decided(counts=False))
    assert (key.accepted, key.words) == (True, KEY_STATES["not_needed"])


@pytest.mark.parametrize("state", ["other_grantee", "revoked", "expired", "not_yet_valid"])
def test_a_refused_key_says_why_and_what_to_do(state: str) -> None:
    (key,) = keys_told([DIGEST], decided(state=state, counts=False))
    assert not key.accepted
    assert key.words == KEY_STATES[state]
    assert key.words.todo


def test_a_key_that_nobody_gave_names_nobody() -> None:
    (key,) = keys_told([DIGEST], decided(state=None, name=None, artist_id=None, counts=False))
    assert (key.artist, key.accepted, key.words) == (None, False, KEY_STATES["unknown"])


def test_before_a_decision_and_in_older_ones_a_key_was_not_looked_at() -> None:
    for decision in (None, decided(key_sha256=OTHER)):
        (key,) = keys_told([DIGEST], decision)
        assert (key.accepted, key.words, key.mark) == (False, KEY_STATES["undecided"], DIGEST[:8])


def test_every_state_that_policy_gives_a_key_has_its_words() -> None:
    of_grants_alone = {"other_use", "other_recording", "other_territory", "expires_before_release"}
    assert {state.value for state in GrantState} - of_grants_alone <= set(KEY_STATES)


@pytest.mark.parametrize("presented", [(), (DIGEST,)])
def test_keys_are_not_kept_and_must_be_entered_again(presented: tuple[str, ...]) -> None:
    declared = Declaration(title="Song", display_artist="Mara", artist_keys_sha256=presented)
    values = {"name": "Acme", "csrf": "c", "here": "deliver", "credits_json": "[]"}
    page = portal_pages().answer("deliver.html", values | {"declared": declared, "again": track_id(1)})
    assert ("enter those of before again" in bytes(page.body).decode()) is bool(presented)
    assert DIGEST not in bytes(page.body).decode()
