"""The registry as policy looks things up in it: by artist, by name, by the artist's grants."""

from collections import defaultdict
from collections.abc import Iterable

from services.policy.names import keys_of
from shared.events import ArtistKeyGiven, ArtistStatus, ConsentGrant, ProtectedArtist


class Registry:
    """Indexes over the last word on every artist and grant; fed change by change.

    A withdrawn artist is found by id (so that a match against them is recognised as withdrawn) and no longer
    by name.
    """

    def __init__(
        self,
        artists: Iterable[ProtectedArtist] = (),
        grants: Iterable[ConsentGrant] = (),
        keys: Iterable[ArtistKeyGiven] = (),
    ) -> None:
        self._artists: dict[str, ProtectedArtist] = {}
        self._grants: dict[str, ConsentGrant] = {}
        self._by_name: defaultdict[str, set[str]] = defaultdict(set)
        self._grants_by_artist: defaultdict[str, set[str]] = defaultdict(set)
        self._keys: dict[str, ArtistKeyGiven] = {}
        self._keys_by_artist: defaultdict[str, set[str]] = defaultdict(set)
        self._keys_by_digest: dict[str, ArtistKeyGiven] = {}
        for artist in artists:
            self.put_artist(artist.artist_id, artist)
        for grant in grants:
            self.put_grant(grant.grant_id, grant)
        for key in keys:
            self.put_key(key.key_id, key)

    def put_artist(self, artist_id: str, artist: ProtectedArtist | None) -> None:
        """The new word on an artist; None forgets them."""
        before = self._artists.pop(artist_id, None)
        for key in _name_keys(before):
            self._by_name[key].discard(artist_id)
            if not self._by_name[key]:
                del self._by_name[key]
        if artist is not None:
            self._artists[artist_id] = artist
            for key in _name_keys(artist):
                self._by_name[key].add(artist_id)

    def put_grant(self, grant_id: str, grant: ConsentGrant | None) -> None:
        """The new word on a grant; None forgets it."""
        before = self._grants.pop(grant_id, None)
        if before is not None:
            self._grants_by_artist[before.artist_id].discard(grant_id)
        if grant is not None:
            self._grants[grant_id] = grant
            self._grants_by_artist[grant.artist_id].add(grant_id)

    def put_key(self, key_id: str, key: ArtistKeyGiven | None) -> None:
        """The new word on an artist's key; None forgets it."""
        before = self._keys.pop(key_id, None)
        if before is not None:
            self._keys_by_artist[before.artist_id].discard(key_id)
            self._keys_by_digest.pop(before.key_sha256, None)
        if key is not None:
            self._keys_by_digest[key.key_sha256] = key
            self._keys[key_id] = key
            self._keys_by_artist[key.artist_id].add(key_id)

    def learn(self, change: ProtectedArtist | ConsentGrant | ArtistKeyGiven) -> bool:
        """A change that may have overtaken, or been overtaken by, the registry's own reading of the topic.

        Returns whether it is the last word: False where a newer one is known already.
        """
        known: ProtectedArtist | ConsentGrant | ArtistKeyGiven | None
        match change:
            case ProtectedArtist():
                known = self._artists.get(change.artist_id)
            case ConsentGrant():
                known = self._grants.get(change.grant_id)
            case ArtistKeyGiven():
                known = self._keys.get(change.key_id)
        if known is not None and known.occurred_at > change.occurred_at:
            return False
        match change:
            case ProtectedArtist():
                self.put_artist(change.artist_id, change)
            case ConsentGrant():
                self.put_grant(change.grant_id, change)
            case ArtistKeyGiven():
                self.put_key(change.key_id, change)
        return True

    def name_keys(self, artist_id: str) -> frozenset[str]:
        """The keys that an active artist is found by; empty for one who is not."""
        return _name_keys(self._artists.get(artist_id))

    def artist(self, artist_id: str) -> ProtectedArtist | None:
        return self._artists.get(artist_id)

    def named(self, name: str) -> tuple[ProtectedArtist, ...]:
        """Every active artist with this name or alias, after normalisation; in order of artist id."""
        found = {artist_id for key in keys_of(name) for artist_id in self._by_name.get(key, ())}
        return tuple(self._artists[artist_id] for artist_id in sorted(found))

    def keys_of(self, artist_id: str) -> tuple[ArtistKeyGiven, ...]:
        return tuple(self._keys[key_id] for key_id in sorted(self._keys_by_artist.get(artist_id, ())))

    def key_with(self, key_sha256: str) -> ArtistKeyGiven | None:
        return self._keys_by_digest.get(key_sha256)

    def grants_of(self, artist_id: str) -> tuple[ConsentGrant, ...]:
        return tuple(self._grants[grant_id] for grant_id in sorted(self._grants_by_artist.get(artist_id, ())))


def _name_keys(artist: ProtectedArtist | None) -> frozenset[str]:
    if artist is None or artist.status is not ArtistStatus.ACTIVE:
        return frozenset()
    return frozenset(key for name in (artist.name, *artist.aliases) for key in keys_of(name))
