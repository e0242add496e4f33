"""Which grant stands, and what each of the others lacks."""

from datetime import timedelta
from typing import Any

import pytest

from services.policy.consent import GENERATED_USES, Consent, Delivery, covers_territories, weigh
from services.policy.vocabulary import GrantState
from shared.events import ConsentGrant, Declaration
from tests.support.events import A_TIME
from tests.support.policy import DAY, a_grant

RECORDING = "SEABC2600002"


def a_delivery(**declared: object) -> Delivery:
    declaration = Declaration.model_validate(
        {"title": "Song", "display_artist": "Somebody", "isrc": RECORDING, "territories": ["SE"]} | declared
    )
    return Delivery(distributor_id="northwind", declaration=declaration, uses=GENERATED_USES)


def standing(*grants: ConsentGrant) -> str | None:
    consent = weigh(grants, a_delivery(), A_TIME)
    return consent.standing.grant_id if consent.standing else None


def test_without_grants_nothing_is_allowed() -> None:
    assert weigh((), a_delivery(), A_TIME) == Consent((), None)


@pytest.mark.parametrize(
    ("lacking", "state"),
    [
        ({"grantee": "southwind"}, GrantState.OTHER_GRANTEE),
        ({"uses": ("training",)}, GrantState.OTHER_USE),
        ({"isrcs": ("SEABC2600001",)}, GrantState.OTHER_RECORDING),
        ({"territories": ("NO",)}, GrantState.OTHER_TERRITORY),
        ({"revoked_at": A_TIME}, GrantState.REVOKED),
        ({"valid_from": A_TIME + timedelta(microseconds=1)}, GrantState.NOT_YET_VALID),
        ({"valid_until": A_TIME}, GrantState.EXPIRED),
    ],
)
def test_a_grant_that_does_not_cover_says_what_it_lacks(lacking: dict[str, Any], state: GrantState) -> None:
    consent = weigh([a_grant(**lacking)], a_delivery(), A_TIME)
    assert consent.standing is None
    assert [grant.state for grant in consent.considered] == [state]


def test_validity_includes_its_first_moment_and_not_its_last() -> None:
    assert standing(a_grant(valid_from=A_TIME)) == "g1"
    assert standing(a_grant(valid_until=A_TIME + timedelta(microseconds=1))) == "g1"
    assert standing(a_grant(valid_until=A_TIME)) is None


def test_a_revocation_in_the_future_has_not_happened() -> None:
    assert standing(a_grant(revoked_at=A_TIME + timedelta(microseconds=1))) == "g1"


def test_a_grant_must_outlast_the_day_of_release() -> None:
    delivery = a_delivery(release_date=(A_TIME + 30 * DAY).date())
    ends_before = weigh([a_grant(valid_until=A_TIME + 29 * DAY)], delivery, A_TIME)
    assert [grant.state for grant in ends_before.considered] == [GrantState.EXPIRES_BEFORE_RELEASE]
    assert weigh([a_grant(valid_until=A_TIME + 31 * DAY)], delivery, A_TIME).standing is not None


def test_the_more_specific_grant_stands() -> None:
    general = a_grant("a-general", grantee="*")
    named = a_grant("b-named")
    recording = a_grant("c-recording", isrcs=(RECORDING,))
    local = a_grant("d-local", isrcs=(RECORDING,), territories=("SE",))
    assert standing(general) == "a-general"
    assert standing(general, named) == "b-named"
    assert standing(recording, named, general) == "c-recording"
    assert standing(general, local, recording, named) == "d-local"


def test_a_more_specific_grant_that_is_not_live_hides_no_other() -> None:
    assert standing(a_grant("general", grantee="*"), a_grant("named", revoked_at=A_TIME)) == "general"


def test_between_equal_grants_the_newest_stands() -> None:
    assert standing(a_grant("a", occurred_at=A_TIME - DAY), a_grant("b", occurred_at=A_TIME - 2 * DAY)) == "a"


@pytest.mark.parametrize(
    ("granted", "wanted", "covered"),
    [
        (["Worldwide"], ["SE"], True),
        (["Worldwide"], ["Worldwide"], True),
        (["SE", "NO"], ["NO"], True),
        (["SE"], ["SE", "NO"], False),
        (["SE"], ["Worldwide"], False),
        ([], ["SE"], False),
    ],
)
def test_territories_are_covered_when_all_of_them_are(
    granted: list[str],
    wanted: list[str],
    covered: bool,  # noqa: FBT001 - a column of the table
) -> None:
    assert covers_territories(granted, wanted) is covered
