"""Keys that an artist gives to those who deliver for them: told once, kept as a digest, revoked at once."""

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from services.registry.domain import Refused, may_deliver, next_word, refuse_period
from services.registry.forms import ArtistKeyForm
from services.registry.ports import Ledger, MakeKey
from shared.clock import Clock
from shared.events import ArtistKeyGiven, ArtistStatus, DistributorRegistered, ProtectedArtist

NO_KEY = Refused("artist-key-not-found", "no such artist key")


@dataclass(frozen=True)
class NewArtistKey:
    """``key`` is told this once."""

    given: ArtistKeyGiven
    key: str


class ArtistKeys:
    def __init__(
        self,
        keys: Ledger[ArtistKeyGiven],
        artists: Ledger[ProtectedArtist],
        distributors: Ledger[DistributorRegistered],
        make_key: MakeKey,
        clock: Clock,
    ) -> None:
        self._keys = keys
        self._artists = artists
        self._distributors = distributors
        self._make_key = make_key
        self._clock = clock
        self._writing = asyncio.Lock()

    @property
    def current(self) -> Mapping[str, ArtistKeyGiven]:
        return self._keys.current

    async def give(self, artist_id: str, form: ArtistKeyForm) -> NewArtistKey | Refused:
        async with self._writing:
            refusal = self._refuse(artist_id, form)
            if refusal is not None:
                return refusal
            key, now = self._make_key(artist_id), self._clock.now()
            given = ArtistKeyGiven(
                event_id="",
                occurred_at=now,
                key_id=form.key_id,
                artist_id=artist_id,
                key_sha256=hashlib.sha256(key.encode()).hexdigest(),
                distributor_id=form.distributor_id,
                valid_from=now,
                valid_until=form.valid_until,
            )
            given = next_word(given, None)
            await self._keys.record(given)
            return NewArtistKey(given, key)

    async def revoke(self, key_id: str) -> ArtistKeyGiven | Refused:
        """What was delivered with it is no longer the artist's own, from now on."""
        async with self._writing:
            current = self._keys.current.get(key_id)
            if current is None:
                return NO_KEY
            if current.revoked_at is not None:
                return current
            now = self._clock.now()
            revoked = current.model_copy(update={"revoked_at": now, "occurred_at": now})
            revoked = next_word(revoked, current)
            await self._keys.record(revoked)
            return revoked

    def _refuse(self, artist_id: str, form: ArtistKeyForm) -> Refused | None:
        artist = self._artists.current.get(artist_id)
        if artist is None or artist.status is not ArtistStatus.ACTIVE:
            return Refused("unknown-artist", f"no protected artist {artist_id!r}", "artist_id")
        if form.key_id in self._keys.current:
            return Refused("key-exists", "an artist key is given once: take another id", "key_id")
        if form.distributor_id is not None and not may_deliver(
            form.distributor_id, self._distributors.current
        ):
            reason = f"no active distributor {form.distributor_id!r}"
            return Refused("unknown-distributor", reason, "distributor_id")
        now = self._clock.now()
        return refuse_period(now, form.valid_until, now)
