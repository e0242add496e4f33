"""Whether an artist's consent covers a delivery. Deny by default; the most specific live grant stands."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time

from services.policy.facts import GrantFacts
from services.policy.vocabulary import GrantState
from shared.events import ArtistKeyGiven, ConsentGrant, Declaration, GrantUse

EVERYONE = "*"
WORLDWIDE = "Worldwide"
GENERATED_USES = frozenset({GrantUse.CLONED_VOCAL, GrantUse.VOICE_CONVERSION})
RECORDED_USES = GENERATED_USES | {GrantUse.SAMPLING}


@dataclass(frozen=True)
class Delivery:
    """What a grant is held against. Any one of ``uses`` suffices."""

    distributor_id: str
    declaration: Declaration
    uses: frozenset[GrantUse]


@dataclass(frozen=True)
class Consent:
    """The grants (or keys) of one artist that were considered, and the live one that stands, if any."""

    considered: tuple[GrantFacts, ...]
    standing: GrantFacts | None


def weigh(grants: Iterable[ConsentGrant], delivery: Delivery, at: datetime) -> Consent:
    """Judge every grant at the time ``at`` and choose the one that stands.

    More specific is: named for the grantee rather than for everyone, then for recordings rather than for a
    catalogue, then for fewer territories; between equals the newest, then the grant id.
    """
    judged = [
        (grant, state_of(grant, delivery, at)) for grant in sorted(grants, key=lambda grant: grant.grant_id)
    ]
    considered = tuple(_facts(grant, state, at) for grant, state in judged)
    live = [grant for grant, state in judged if state is GrantState.LIVE]
    if not live:
        return Consent(considered, None)
    return Consent(considered, _facts(max(live, key=_specificity), GrantState.LIVE, at))


def weigh_keys(keys: Iterable[ArtistKeyGiven], delivery: Delivery, at: datetime) -> Consent:
    """Judge the artist's keys that were presented with the delivery; a live one makes it the artist's own."""
    presented = set(delivery.declaration.artist_keys_sha256)
    judged = tuple(
        GrantFacts(
            grant_id=key.key_id,
            event_id=key.event_id,
            state=state,
            label_required=False,
            changes_at=_changes_at(key, state, at),
        )
        for key in sorted(keys, key=lambda key: key.key_id)
        if key.key_sha256 in presented
        for state in (key_state(key, delivery, at),)
    )
    return Consent(judged, next((one for one in judged if one.state is GrantState.LIVE), None))


def key_state(key: ArtistKeyGiven, delivery: Delivery, at: datetime) -> GrantState:
    checks = (
        (key.distributor_id in {None, delivery.distributor_id}, GrantState.OTHER_GRANTEE),
        (key.revoked_at is None or at < key.revoked_at, GrantState.REVOKED),
        (key.valid_from <= at, GrantState.NOT_YET_VALID),
        (at < key.valid_until, GrantState.EXPIRED),
    )
    return next((state for holds, state in checks if not holds), GrantState.LIVE)


def state_of(grant: ConsentGrant, delivery: Delivery, at: datetime) -> GrantState:
    """Why the grant does not cover the delivery at ``at``, or LIVE.

    A grant that ends before the release does not cover it: nobody could hear the track while it holds.
    """
    checks = (
        (grant.grantee in {EVERYONE, delivery.distributor_id}, GrantState.OTHER_GRANTEE),
        (bool(delivery.uses.intersection(grant.uses)), GrantState.OTHER_USE),
        (not grant.isrcs or delivery.declaration.isrc in grant.isrcs, GrantState.OTHER_RECORDING),
        (
            covers_territories(grant.territories, delivery.declaration.territories),
            GrantState.OTHER_TERRITORY,
        ),
        (grant.revoked_at is None or at < grant.revoked_at, GrantState.REVOKED),
        (grant.valid_from <= at, GrantState.NOT_YET_VALID),
        (at < grant.valid_until, GrantState.EXPIRED),
        (_release(delivery.declaration, at) < grant.valid_until, GrantState.EXPIRES_BEFORE_RELEASE),
    )
    return next((state for holds, state in checks if not holds), GrantState.LIVE)


def covers_territories(granted: Iterable[str], wanted: Iterable[str]) -> bool:
    """Whether every wanted territory is granted; wanting the whole world needs a worldwide grant."""
    allowed = set(granted)
    return WORLDWIDE in allowed or set(wanted) <= allowed


def _release(declaration: Declaration, at: datetime) -> datetime:
    if declaration.release_date is None:
        return at
    return max(at, datetime.combine(declaration.release_date, time.min, tzinfo=UTC))


def _specificity(grant: ConsentGrant) -> tuple[bool, bool, bool, int, datetime, str]:
    worldwide = WORLDWIDE in grant.territories
    return (
        grant.grantee != EVERYONE,
        bool(grant.isrcs),
        not worldwide,
        -len(grant.territories),
        grant.occurred_at,
        grant.grant_id,
    )


def _facts(grant: ConsentGrant, state: GrantState, at: datetime) -> GrantFacts:
    return GrantFacts(
        grant_id=grant.grant_id,
        event_id=grant.event_id,
        state=state,
        label_required=grant.label_required,
        changes_at=_changes_at(grant, state, at),
    )


def _changes_at(grant: ConsentGrant | ArtistKeyGiven, state: GrantState, at: datetime) -> datetime | None:
    if state is GrantState.LIVE:
        ends = (grant.valid_until, grant.revoked_at)
        return min(end for end in ends if end is not None and end > at)
    return grant.valid_from if state is GrantState.NOT_YET_VALID else None
