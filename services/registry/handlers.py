"""Requests in, typed outcomes out. One writer at a time for each kind of record."""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from services.registry import domain
from services.registry.domain import Refused
from services.registry.forms import ArtistForm, DistributorForm, GrantForm
from services.registry.ports import Delivered, Ledger, MakeKey, Recordings
from shared.clock import Clock
from shared.errors import ObjectTooLarge
from shared.events import ArtistStatus, ConsentGrant, DistributorRegistered, ProtectedArtist, VoiceReference

NO_ARTIST = Refused("artist-not-found", "no such artist")
NO_GRANT = Refused("grant-not-found", "no such grant")
NO_DISTRIBUTOR = Refused("distributor-not-found", "no such distributor")


@dataclass(frozen=True)
class NewKey:
    """``api_key`` is told this once; only its SHA-256 is kept."""

    distributor: DistributorRegistered
    api_key: str


class Artists:
    def __init__(
        self,
        artists: Ledger[ProtectedArtist],
        distributors: Ledger[DistributorRegistered],
        recordings: Recordings,
        clock: Clock,
        *,
        limit_bytes: int,
    ) -> None:
        self._artists = artists
        self._distributors = distributors
        self._recordings = recordings
        self._clock = clock
        self._limit_bytes = limit_bytes
        self._writing = asyncio.Lock()

    async def enrol(
        self, artist_id: str, form: ArtistForm, files: Sequence[Delivered], *, only_new: bool = False
    ) -> ProtectedArtist | Refused:
        """Store and inspect the recordings, then announce the artist. What is refused is not kept."""
        if files and form.rights_basis is None:
            return Refused("rights-basis-missing", "say why the recordings may be used", "rights_basis")
        async with self._writing:
            current = self._artists.current.get(artist_id)
            if only_new and current is not None:
                return Refused("already-enrolled", f"PUT /v1/artists/{artist_id} changes it", "artist_id")
            stored: list[VoiceReference] = []
            outcome = await self._take(stored, files, form.rights_basis or "") or domain.enrol(
                artist_id,
                form,
                tuple(stored),
                current=current,
                distributors=self._distributors.current,
                now=self._clock.now(),
            )
            if isinstance(outcome, Refused):
                await self._remove_unused(stored)
            elif outcome != current:
                await self._artists.record(outcome)  # when it fails, the broker may have it: recordings stay
            return outcome

    async def withdraw(self, artist_id: str) -> ProtectedArtist | Refused:
        """Stop the search for the voice at once, then remove the recordings. Repeating finishes the rest."""
        async with self._writing:
            current = self._artists.current.get(artist_id)
            if current is None:
                return NO_ARTIST
            if current.status is ArtistStatus.ACTIVE:
                current = domain.withdraw(current, now=self._clock.now())
                await self._artists.record(current)
            return await self._forget(current)

    async def finish_withdrawals(self) -> int:
        """Remove what a crash left behind in the middle of a withdrawal. Returns how many were unfinished."""
        async with self._writing:
            unfinished = [
                artist
                for artist in self._artists.current.values()
                if artist.status is ArtistStatus.WITHDRAWN and artist.references
            ]
            for artist in unfinished:
                await self._forget(artist)
            return len(unfinished)

    async def _forget(self, artist: ProtectedArtist) -> ProtectedArtist:
        if not artist.references:
            return artist
        await self._remove_unused(artist.references)
        forgotten = domain.forget_references(artist, now=self._clock.now())
        await self._artists.record(forgotten)
        return forgotten

    async def _take(
        self, stored: list[VoiceReference], files: Sequence[Delivered], rights_basis: str
    ) -> Refused | None:
        """Store, decode and judge each file, adding it to ``stored``; the first refusal ends it."""
        for file in files:
            try:
                kept = await self._recordings.put(file.chunks, limit_bytes=self._limit_bytes)
            except ObjectTooLarge:
                reason = f"{file.file_name} is larger than {self._limit_bytes} bytes"
                return Refused("recording-too-large", reason, "references")
            reference = VoiceReference(
                uri=kept.uri, sha256=kept.sha256, seconds=0.0, rights_basis=rights_basis
            )
            stored.append(reference)
            found = await self._recordings.inspect(kept.uri, file.file_name)
            refusal = found if isinstance(found, Refused) else domain.judge(found, file.file_name)
            if refusal is not None:
                return refusal
            if not isinstance(found, Refused):
                stored[-1] = reference.model_copy(update={"seconds": found.seconds})
        return None

    async def _remove_unused(self, references: Sequence[VoiceReference]) -> None:
        """Remove recordings that no active artist has; the same bytes may be another artist's too."""
        used = {
            reference.uri
            for artist in self._artists.current.values()
            if artist.status is ArtistStatus.ACTIVE
            for reference in artist.references
        }
        for uri in {reference.uri for reference in references} - used:
            await self._recordings.remove(uri)


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

    async def give(self, grant_id: str, form: GrantForm) -> ConsentGrant | Refused:
        async with self._writing:
            current = self._grants.current.get(grant_id)
            outcome = domain.grant(
                grant_id,
                form,
                current=current,
                artists=self._artists.current,
                distributors=self._distributors.current,
                now=self._clock.now(),
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
