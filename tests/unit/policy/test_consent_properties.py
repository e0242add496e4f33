"""Consent for any dates, territories, uses and parties: nothing is allowed that somebody did not allow."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from services.policy.consent import WORLDWIDE, Delivery, weigh, weigh_keys
from services.policy.vocabulary import GrantState
from shared.events import ArtistKeyGiven, ConsentGrant, Declaration, GrantUse

START = datetime(2026, 1, 1, tzinfo=UTC)
moments = st.integers(0, 400).map(lambda days: START + timedelta(days=days))
lands = st.sampled_from(["SE", "NO", "DK", "FI"])
territories = st.just((WORLDWIDE,)) | st.sets(lands, min_size=1, max_size=4).map(lambda s: tuple(sorted(s)))
uses = st.sets(st.sampled_from(list(GrantUse)), min_size=1).map(lambda s: tuple(sorted(s)))
recordings = st.sampled_from(["SEABC2600001", "SEABC2600002"])
parties = st.sampled_from(["northwind", "southwind"])


@st.composite
def grants(draw: st.DrawFn, number: int = 0) -> ConsentGrant:
    start = draw(moments)
    return ConsentGrant(
        event_id=f"e{number}",
        occurred_at=draw(moments),
        grant_id=f"g{number}",
        artist_id="mara",
        grantee=draw(parties | st.just("*")),
        uses=draw(uses),
        isrcs=draw(st.sets(recordings, max_size=2).map(tuple)),
        territories=draw(territories),
        valid_from=start,
        valid_until=start + timedelta(days=draw(st.integers(1, 200))),
        revoked_at=draw(st.none() | moments),
    )


several = st.integers(0, 6).flatmap(lambda count: st.tuples(*(grants(number) for number in range(count))))


@st.composite
def deliveries(draw: st.DrawFn) -> Delivery:
    return Delivery(
        distributor_id=draw(parties),
        declaration=Declaration(
            title="Song",
            display_artist="Somebody",
            isrc=draw(st.none() | recordings),
            territories=draw(territories),
            release_date=draw(st.none() | moments.map(datetime.date)),
        ),
        uses=frozenset(draw(uses)),
    )


def allows(grant: ConsentGrant, delivery: Delivery, at: datetime) -> bool:
    """The rules once more, in the words of the contract."""
    release = delivery.declaration.release_date or date.min
    heard_from = max(at, datetime.combine(release, time.min, tzinfo=UTC)) if release > date.min else at
    everywhere = WORLDWIDE in grant.territories
    return (
        grant.grantee in {"*", delivery.distributor_id}
        and any(use in grant.uses for use in delivery.uses)
        and (len(grant.isrcs) == 0 or delivery.declaration.isrc in grant.isrcs)
        and (everywhere or all(land in grant.territories for land in delivery.declaration.territories))
        and grant.valid_from <= at
        and heard_from < grant.valid_until
        and not (grant.revoked_at is not None and grant.revoked_at <= at)
    )


def standing(given: Iterable[ConsentGrant], delivery: Delivery, at: datetime) -> str | None:
    found = weigh(given, delivery, at).standing
    return None if found is None else found.grant_id


@given(several, deliveries(), moments)
def test_there_is_consent_exactly_where_a_grant_allows_it(
    given_grants: tuple[ConsentGrant, ...], delivery: Delivery, at: datetime
) -> None:
    allowing = {grant.grant_id for grant in given_grants if allows(grant, delivery, at)}
    stands = standing(given_grants, delivery, at)
    assert (stands is None) == (not allowing)
    assert stands is None or stands in allowing


@given(several, deliveries(), moments, st.randoms())
def test_the_order_in_which_grants_are_known_decides_nothing(
    given_grants: tuple[ConsentGrant, ...], delivery: Delivery, at: datetime, random: object
) -> None:
    shuffled = list(given_grants)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert weigh(shuffled, delivery, at) == weigh(given_grants, delivery, at)


@given(several, deliveries(), moments)
def test_no_grant_that_stands_is_less_specific_than_another_that_is_live(
    given_grants: tuple[ConsentGrant, ...], delivery: Delivery, at: datetime
) -> None:
    live = {grant.grant_id: grant for grant in given_grants if allows(grant, delivery, at)}
    stands = standing(given_grants, delivery, at)
    if stands is None:
        return
    mine = live[stands]
    for other in live.values():
        assert not (other.grantee != "*" and mine.grantee == "*")
        if (other.grantee == "*") == (mine.grantee == "*"):
            assert not (other.isrcs and not mine.isrcs)
            if bool(other.isrcs) == bool(mine.isrcs):
                assert not (WORLDWIDE not in other.territories and WORLDWIDE in mine.territories)


@given(several, deliveries(), moments)
def test_asking_for_less_is_allowed_where_more_was(
    given_grants: tuple[ConsentGrant, ...], delivery: Delivery, at: datetime
) -> None:
    if standing(given_grants, delivery, at) is None:
        return
    for land in delivery.declaration.territories:
        fewer = delivery.declaration.model_copy(update={"territories": (land,)})
        smaller = Delivery(delivery.distributor_id, fewer, delivery.uses)
        assert standing(given_grants, smaller, at) is not None


@given(several, deliveries(), moments, moments)
def test_a_revocation_takes_away_and_never_gives(
    given_grants: tuple[ConsentGrant, ...], delivery: Delivery, at: datetime, when: datetime
) -> None:
    revoked = [
        grant.model_copy(update={"revoked_at": min(when, grant.revoked_at or when)}) for grant in given_grants
    ]
    if standing(given_grants, delivery, at) is None or when <= at:
        assert standing(revoked, delivery, at) is None
    else:
        assert standing(revoked, delivery, at) == standing(given_grants, delivery, at)


@settings(max_examples=300)
@given(several, deliveries(), moments)
def test_nothing_changes_before_the_time_that_is_told(
    given_grants: tuple[ConsentGrant, ...], delivery: Delivery, at: datetime
) -> None:
    """The moment at which a decision is looked at again is never too late."""
    if delivery.declaration.release_date is not None:
        return  # a release that passes only ever adds time to a grant that lives already
    consent = weigh(given_grants, delivery, at)
    told = [grant.changes_at for grant in consent.considered if grant.changes_at is not None]
    assert all(moment > at for moment in told)
    until = min(told, default=START + timedelta(days=1000))
    moment = at
    while moment < until and moment < START + timedelta(days=700):
        assert standing(given_grants, delivery, moment) == standing(given_grants, delivery, at)
        moment += timedelta(days=7)


@st.composite
def keys(draw: st.DrawFn) -> ArtistKeyGiven:
    start = draw(moments)
    return ArtistKeyGiven(
        event_id="k",
        occurred_at=start,
        key_id="k",
        artist_id="mara",
        key_sha256=draw(st.sampled_from(["a", "b"])) * 64,
        distributor_id=draw(st.none() | parties),
        valid_from=start,
        valid_until=start + timedelta(days=draw(st.integers(1, 200))),
        revoked_at=draw(st.none() | moments),
    )


@given(keys(), parties, st.sets(st.sampled_from(["a" * 64, "c" * 64])), moments)
def test_a_key_opens_for_whom_it_was_given_while_it_lives_and_is_presented(
    key: ArtistKeyGiven, distributor: str, presented: set[str], at: datetime
) -> None:
    declaration = Declaration(
        title="Song", display_artist="Mara", artist_keys_sha256=tuple(sorted(presented))
    )
    found = weigh_keys([key], Delivery(distributor, declaration, frozenset()), at)
    lives = key.valid_from <= at < key.valid_until and not (
        key.revoked_at is not None and key.revoked_at <= at
    )
    opens = lives and key.key_sha256 in presented and key.distributor_id in {None, distributor}
    assert (found.standing is not None) == opens
    assert all(one.state is not GrantState.LIVE for one in found.considered) or opens
    if key.key_sha256 not in presented:
        assert found.considered == ()
