"""What all routes share: what they answer from, who asks, and refusals as problems."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, TypeVar, cast

from fastapi import Depends, Request

from services.registry.artist_keys import NO_KEY, ArtistKeys
from services.registry.artists import NO_ARTIST, NO_PROPOSAL, ONLY_REGISTRARS, Artists
from services.registry.bearer import person_of
from services.registry.domain import Refused
from services.registry.handlers import NO_DISTRIBUTOR, NO_GRANT, Distributors, Grants
from services.registry.people import Person
from services.registry.ports import Ledger
from services.registry.webhooks import NO_WEBHOOK, NOT_SET_UP, Webhooks
from shared.clock import Clock
from shared.events import (
    ConsentGrant,
    DistributorRegistered,
    EnrolmentProposed,
    ProtectedArtist,
    VoiceprintSealed,
)
from shared.http import FieldError, Problem, ProblemError

T = TypeVar("T")

_CONFLICTS = frozenset(
    {
        *("already-enrolled", "already-registered", "grant-revoked", "grant-of-another", "key-exists"),
        *(
            "proposal-changed",
            "not-pending",
            "same-person",
            "checks-missing",
            "references-unfit",
            "doubts-unanswered",
        ),
    }
)
_MISSING = frozenset(
    one.code for one in (NO_ARTIST, NO_GRANT, NO_DISTRIBUTOR, NO_WEBHOOK, NO_PROPOSAL, NO_KEY)
)


@dataclass(frozen=True)
class Registry:
    """Everything that routes and pages answer from, open. ``templates`` is live, and nothing opens them."""

    artists: Artists
    grants: Grants
    distributors: Distributors
    webhooks: Webhooks
    artist_keys: ArtistKeys
    artist_ledger: Ledger[ProtectedArtist]
    proposal_ledger: Ledger[EnrolmentProposed]
    grant_ledger: Ledger[ConsentGrant]
    distributor_ledger: Ledger[DistributorRegistered]
    templates: Mapping[str, VoiceprintSealed]
    clock: Clock

    def template_made_at(self, artist_id: str) -> datetime | None:
        """When the artist's voice was last measured for all workers."""
        sealed = self.templates.get(artist_id)
        return None if sealed is None else sealed.occurred_at


def registry_of(request: Request) -> Registry:
    return cast("Registry", request.app.state.registry)


Open = Annotated[Registry, Depends(registry_of)]
Caller = Annotated[Person, Depends(person_of)]


def granted(outcome: T | Refused) -> T:
    """The outcome, or its refusal as a problem."""
    if not isinstance(outcome, Refused):
        return outcome
    errors = (FieldError(field=outcome.field, reason=outcome.reason),) if outcome.field else ()
    raise ProblemError(
        Problem.of(
            outcome.code,
            title="The registry refuses this",
            status=_status(outcome.code),
            detail=outcome.reason,
            errors=errors,
        )
    )


def found(record: T | None, missing: Refused) -> T:
    return granted(record if record is not None else missing)


def only_about(artist_id: str, caller: Person, missing: Refused = NO_ARTIST) -> None:
    """Of an artist whom the caller does not speak for, nothing is told: not even that there is one."""
    if not caller.sees(artist_id):
        granted(missing)


def administering(caller: Caller) -> Person:
    """For routes about distributors: not for those who speak for artists."""
    if not caller.may_administer:
        granted(ONLY_REGISTRARS)
    return caller


def _status(code: str) -> int:
    if code in _MISSING:
        return 404
    if code in _CONFLICTS:
        return 409
    if code == ONLY_REGISTRARS.code:
        return 403
    return 503 if code == NOT_SET_UP.code else 422
