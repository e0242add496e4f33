"""What a distributor is told of each artist key that came with a delivery."""

import hashlib
from datetime import timedelta
from typing import Any

import pytest

from services.policy.assemble import assemble
from services.policy.facts import PresentedKeyFacts
from services.policy.inputs import AI_DETECTOR, VOICE_MATCHER
from services.policy.registry import Registry
from services.policy.vocabulary import GrantState
from shared.events import ArtistKeyGiven
from shared.views.tracks import TrackView
from tests.support.events import A_TIME, an_upload
from tests.support.policy import ARTISTS, DAY, REQUIRED, a_finding, a_match

DIGEST = hashlib.sha256(b"tga_mara-lind_secret").hexdigest()


def a_key(**changes: Any) -> ArtistKeyGiven:
    key = ArtistKeyGiven(
        event_id="key-1",
        occurred_at=A_TIME - DAY,
        key_id="for-northwind",
        artist_id="mara-lind",
        key_sha256=DIGEST,
        valid_from=A_TIME - DAY,
        valid_until=A_TIME + 100 * DAY,
    )
    return key.model_copy(update=changes)


def told(*keys: ArtistKeyGiven, voice: str = "match", presented: tuple[str, ...] = (DIGEST,)) -> Any:
    upload = an_upload()
    declaration = upload.declaration.model_copy(update={"artist_keys_sha256": presented})
    upload = upload.model_copy(update={"declaration": declaration})
    matches = (a_match("mara-lind", voice),) if voice == "match" else ()
    findings = (
        a_finding(upload, AI_DETECTOR, "not_detected"),
        a_finding(upload, VOICE_MATCHER, voice, matches=matches),
    )
    view = TrackView(upload=upload, findings=findings, decisions=(), reviews=())
    known = Registry(ARTISTS, (), keys)
    return assemble(upload, view, known, required=REQUIRED, at=A_TIME).keys


def test_a_live_key_of_a_recognised_artist_counts() -> None:
    (key,) = told(a_key())
    assert key == PresentedKeyFacts(
        key_sha256=DIGEST,
        key_id="for-northwind",
        artist_id="mara-lind",
        name="Mara Lind",
        state=GrantState.LIVE,
        counts=True,
    )


def test_a_live_key_of_an_artist_to_whom_nothing_points_is_good_and_does_not_count() -> None:
    (key,) = told(a_key(), voice="no_match")
    assert (key.state, key.counts) == (GrantState.LIVE, False)


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"distributor_id": "southwind"}, GrantState.OTHER_GRANTEE),
        ({"revoked_at": A_TIME}, GrantState.REVOKED),
        ({"valid_until": A_TIME}, GrantState.EXPIRED),
        ({"valid_from": A_TIME + timedelta(seconds=1)}, GrantState.NOT_YET_VALID),
    ],
)
def test_a_key_that_is_refused_says_why(changes: dict[str, Any], state: GrantState) -> None:
    (key,) = told(a_key(**changes))
    assert (key.state, key.counts) == (state, False)


def test_a_key_that_nobody_gave_is_not_known_and_names_nobody() -> None:
    (key,) = told(a_key(key_sha256="b" * 64))
    assert key == PresentedKeyFacts(key_sha256=DIGEST)


def test_a_key_that_was_replaced_by_another_word_is_known_by_its_new_digest_alone() -> None:
    registry = Registry(ARTISTS, (), (a_key(),))
    registry.put_key("for-northwind", a_key(key_sha256="c" * 64))
    assert registry.key_with(DIGEST) is None
    assert registry.key_with("c" * 64) is not None
    registry.put_key("for-northwind", None)
    assert registry.key_with("c" * 64) is None


def test_nothing_presented_is_nothing_told() -> None:
    assert told(a_key(), presented=()) == ()
