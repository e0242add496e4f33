"""The artists' keys: a folder with one file for each, wrapped by the master key.

The folder is kept apart from Kafka on purpose: a log keeps what it was told, and here forgetting is the
point. Destroying an artist's key makes every copy of the template unreadable, in every segment, replica and
backup of the broker. What a disk or a backup of this folder may still hold of a destroyed file is wrapped by
the master key, and unreadable once that was rotated.
"""

import contextlib
import fcntl
import json
import os
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from shared.errors import SettingsError, SystemicError
from shared.private_files import sync_folder, write_private
from shared.voiceprints.master import MasterKey
from shared.voiceprints.sealing import KEY_BYTES, Unopened, seal, unseal

_ARTIST = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")
_LOCK = ".lock"


@dataclass(frozen=True)
class ArtistKey:
    """``key_id`` names this key for good: one that is made after it was destroyed has another."""

    key_id: str
    key: bytes


class Keyring:
    """Every method blocks for a few milliseconds and may be called from several processes at once.

    ``masters`` is asked anew whenever a file names a master key that is not known yet: a rotation needs no
    restart. All methods raise SystemicError where the folder cannot be read or written.
    """

    def __init__(self, folder: Path, masters: Callable[[], tuple[MasterKey, ...]]) -> None:
        """Raises SettingsError: the folder cannot be made."""
        self._folder = folder
        self._read_masters = masters
        self._masters = masters()
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise SettingsError(
                f"TRACKGATE_VOICEPRINT_KEYS: cannot make {folder}: {error.strerror}"
            ) from error

    def find(self, artist_id: str) -> ArtistKey | None:
        """None: no key was made, or it was destroyed."""
        with self._accessible():
            try:
                return self._unwrap(artist_id, self._path(artist_id).read_bytes())
            except FileNotFoundError:
                return None

    def make(self, artist_id: str) -> ArtistKey:
        """The artist's key, made now if there is none."""
        with self._accessible(), self._locked():
            path = self._path(artist_id)
            if path.exists():
                return self._unwrap(artist_id, path.read_bytes())
            self._masters = self._read_masters()  # a rotation may have passed: the old one wraps nothing more
            made = ArtistKey(secrets.token_hex(8), secrets.token_bytes(KEY_BYTES))
            write_private(path, self._wrap(artist_id, made))
            return made

    def destroy(self, artist_id: str) -> bool:
        """Whether there was one. On return it is gone from the folder, durably."""
        with self._accessible(), self._locked():
            path = self._path(artist_id)
            if not path.exists():
                return False
            with path.open("r+b") as file:  # what the file system keeps in place is not left behind
                file.write(os.urandom(path.stat().st_size))
                file.flush()
                os.fsync(file.fileno())
            path.unlink()
            sync_folder(self._folder)
            return True

    def rewrap(self) -> int:
        """Wrap every key under the first of the master keys; returns how many were under another."""
        with self._accessible(), self._locked():
            self._masters = self._read_masters()
            changed = 0
            for path in sorted(self._folder.glob("*.json")):
                content = path.read_bytes()
                kept = self._unwrap(path.stem, content)
                if json.loads(content)["master"] == self._masters[0].name:
                    continue
                write_private(path, self._wrap(path.stem, kept))
                changed += 1
            return changed

    def _wrap(self, artist_id: str, made: ArtistKey) -> bytes:
        master = self._masters[0]
        wrapped = seal(master.key, made.key, artist_id, made.key_id)
        return json.dumps({"key_id": made.key_id, "master": master.name, "wrapped": wrapped}).encode()

    def _unwrap(self, artist_id: str, content: bytes) -> ArtistKey:
        try:
            kept = json.loads(content)
            key_id, name, wrapped = str(kept["key_id"]), str(kept["master"]), str(kept["wrapped"])
        except (ValueError, KeyError, TypeError) as error:
            raise SystemicError(f"the key of {artist_id} is damaged") from error
        master = self._master(name)
        if master is None:
            raise SystemicError(
                f"the key of {artist_id} is wrapped by a master key ({name}) that is not here"
            )
        key = unseal(master.key, wrapped, artist_id, key_id)
        if isinstance(key, Unopened):
            raise SystemicError(f"the key of {artist_id} is damaged: {key.why}")
        return ArtistKey(key_id, key)

    def _master(self, name: str) -> MasterKey | None:
        known = {one.name: one for one in self._masters}
        if name not in known:
            self._masters = self._read_masters()
            known = {one.name: one for one in self._masters}
        return known.get(name)

    def _path(self, artist_id: str) -> Path:
        if not _ARTIST.fullmatch(artist_id):
            raise ValueError("not an artist id")
        return self._folder / f"{artist_id}.json"

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """A rotation in another process must not bring back what is destroyed here."""
        descriptor = os.open(self._folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    @contextlib.contextmanager
    def _accessible(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise SystemicError(f"the folder of the artists' keys: {error.strerror}") from error
