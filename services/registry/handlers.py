"""Requests in, typed outcomes out. One writer at a time for each kind of record."""

import asyncio
import hashlib
from dataclasses import dataclass

from services.registry import domain
from services.registry.domain import Refused
from services.registry.forms import DistributorForm, GrantForm
from services.registry.people import Person
from services.registry.ports import Ledger, MakeKey
from shared.clock import Clock
from shared.events import ConsentGrant, DistributorRegistered, ProtectedArtist

NO_GRANT = Refused("grant-not-found", "no such grant")
NO_DISTRIBUTOR = Refused("distributor-not-found", "no such distributor")


@dataclass(frozen=True)
class NewKey:
    """``api_key`` is told this once; only its SHA-256 is kept."""

    distributor: DistributorRegistered
    api_key: str


class Grants:
    def __init__(
        self,
        grants: Ledger[ConsentGrant],
        artists: Ledger[ProtectedArtist],
        distributors: Ledger[DistributorRegistered],
        clock: Clock,
    ) -> None:
        self._grants = grants
        self._artists = artists
        self._distributors = distributors
        self._clock = clock
        self._writing = asyncio.Lock()

    async def give(self, grant_id: str, form: GrantForm, *, by: Person) -> ConsentGrant | Refused:
        async with self._writing:
            current = self._grants.current.get(grant_id)
            outcome = domain.grant(
                grant_id,
                form,
                current=current,
                artists=self._artists.current,
                distributors=self._distributors.current,
                now=self._clock.now(),
                by=by.person_id,
            )
            if isinstance(outcome, ConsentGrant) and outcome != current:
                await self._grants.record(outcome)
            return outcome

    async def revoke(self, grant_id: str) -> ConsentGrant | Refused:
        async with self._writing:
            current = self._grants.current.get(grant_id)
            if current is None:
                return NO_GRANT
            revoked = domain.revoke(current, now=self._clock.now())
            if revoked != current:
                await self._grants.record(revoked)
            return revoked


class Distributors:
    def __init__(self, distributors: Ledger[DistributorRegistered], make_key: MakeKey, clock: Clock) -> None:
        self._distributors = distributors
        self._make_key = make_key
        self._clock = clock
        self._writing = asyncio.Lock()

    async def register(self, form: DistributorForm) -> NewKey | Refused:
        async with self._writing:
            key = self._make_key(form.id)
            current = self._distributors.current.get(form.id)
            outcome = domain.register(form, _digest(key), current=current, now=self._clock.now())
            if isinstance(outcome, Refused):
                return outcome
            await self._distributors.record(outcome)
            return NewKey(outcome, key)

    async def replace_key(self, distributor_id: str) -> NewKey | Refused:
        async with self._writing:
            current = self._distributors.current.get(distributor_id)
            if current is None:
                return NO_DISTRIBUTOR
            key = self._make_key(distributor_id)
            changed = domain.replace_key(current, _digest(key), now=self._clock.now())
            await self._distributors.record(changed)
            return NewKey(changed, key)

    async def set_active(self, distributor_id: str, *, active: bool) -> DistributorRegistered | Refused:
        async with self._writing:
            current = self._distributors.current.get(distributor_id)
            if current is None:
                return NO_DISTRIBUTOR
            changed = domain.set_active(current, active=active, now=self._clock.now())
            if changed != current:
                await self._distributors.record(changed)
            return changed


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
