"""Consent over time, for any dates."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.registry.domain import Refused, grant, live_at, revoke
from services.registry.forms import GrantForm
from shared.events import ConsentGrant, GrantUse, ProtectedArtist

moments = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone
NOW = datetime(2000, 1, 1, tzinfo=UTC)
ADA = ProtectedArtist(
    event_id="a", occurred_at=NOW, artist_id="ada", name="Ada", biometric_consent="signed on paper, 2000"
)


def given_from(start: datetime, end: datetime) -> ConsentGrant | Refused:
    form = GrantForm(
        artist_id="ada",
        grantee="*",
        uses=(GrantUse.SAMPLING,),
        valid_from=start,
        valid_until=end,
        granted_by="Ada",
    )
    return grant("g", form, current=None, artists={"ada": ADA}, distributors={}, now=NOW, by="rita")


@given(moments, moments)
def test_a_grant_is_given_for_some_time_and_at_most_ten_years(start: datetime, end: datetime) -> None:
    outcome = given_from(start, end)
    if isinstance(outcome, ConsentGrant):
        assert timedelta(0) < end - start <= timedelta(days=3653)
    else:
        assert end <= start or end <= NOW or end - start >= timedelta(days=3652)


@given(moments, st.timedeltas(timedelta(microseconds=1), timedelta(days=3650)), moments, moments)
def test_it_is_live_from_its_start_until_its_end_or_its_revocation(
    start: datetime, length: timedelta, at: datetime, revoked_at: datetime
) -> None:
    outcome = given_from(start, start + length)
    assert isinstance(outcome, ConsentGrant)
    assert live_at(outcome, at) == (start <= at < start + length)
    assert live_at(revoke(outcome, now=revoked_at), at) == (start <= at < min(start + length, revoked_at))


@given(moments, moments)
def test_a_later_revocation_never_revives(first: datetime, second: datetime) -> None:
    outcome = given_from(NOW, NOW + timedelta(days=1))
    assert isinstance(outcome, ConsentGrant)
    assert revoke(revoke(outcome, now=first), now=second).revoked_at == first


def test_ten_years_from_a_leap_day_end_on_the_28th() -> None:
    leap = datetime(2004, 2, 29, tzinfo=UTC)
    assert isinstance(given_from(leap, datetime(2014, 2, 28, tzinfo=UTC)), ConsentGrant)
    assert isinstance(given_from(leap, datetime(2014, 3, 1, tzinfo=UTC)), Refused)
