"""The object store in a local folder (or a shared volume): ``<root>/[<room>/]sha256/ab/cd/<hex>``."""

import asyncio
import contextlib
import hashlib
import os
import re
import tempfile
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from pathlib import Path
from typing import BinaryIO

from shared.errors import ObjectMissing, ObjectTooLarge, SettingsError, StoreUnavailable
from shared.objects.store import StoredObject

_URI = re.compile(r"^trackgate://(?:([a-z]+)/)?sha256/([0-9a-f]{64})$")
_PIECE_BYTES = 512 * 1024
_ROOM = re.compile(r"^[a-z]+$")


class FolderStore:
    """Objects appear under their final name only when they are complete and on the disk (fsync, rename).

    ``room`` keeps what this store writes apart from what others write: the same bytes in two rooms are two
    objects, so that removing one leaves the other. Every store reads every room.
    """

    def __init__(self, root: Path, *, room: str | None = None) -> None:
        if room is not None and not _ROOM.match(room):
            raise ValueError("a room's name is lower-case letters")
        self._root = root
        self._room = room
        self._incoming = root / "incoming"
        try:
            self._incoming.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SettingsError(f"TRACKGATE_STORE: cannot make {root}: {error}") from error

    async def put(self, chunks: AsyncIterable[bytes], *, limit_bytes: int) -> StoredObject:
        digest = hashlib.sha256()
        size = 0
        with _storing():
            descriptor, name = tempfile.mkstemp(dir=self._incoming)
        temporary = Path(name)
        try:
            with os.fdopen(descriptor, "wb", buffering=0) as file:
                async for piece in _gathered(chunks):
                    size += sum(map(len, piece))
                    if size > limit_bytes:
                        raise ObjectTooLarge(f"more than {limit_bytes} bytes")
                    with _storing():
                        await asyncio.to_thread(_take, file, digest, piece)
                with _storing():
                    await asyncio.to_thread(os.fsync, file.fileno())
            with _storing():
                await asyncio.to_thread(_keep, temporary, self._path(self._room, digest.hexdigest()))
        finally:
            await asyncio.to_thread(temporary.unlink, missing_ok=True)
        place = f"{self._room}/" if self._room else ""
        return StoredObject(f"trackgate://{place}sha256/{digest.hexdigest()}", digest.hexdigest(), size)

    async def remove(self, uri: str) -> None:
        """Remove an object of this store's own room, durably; one that is gone already is no error.

        Raises:
            ObjectMissing: the address is not one that this store writes.
            StoreUnavailable: it could not be removed.
        """
        matched = _URI.match(uri)
        if matched is None or matched[1] != self._room:
            raise ObjectMissing("not an object that this store wrote")
        try:
            await asyncio.to_thread(_forget, self._path(matched[1], matched[2]))
        except OSError as error:
            raise StoreUnavailable(f"cannot remove from the object store: {error.strerror}") from error

    def local_path(self, uri: str) -> Path:
        matched = _URI.match(uri)
        if matched is None:
            raise ObjectMissing("not an address of this object store")
        path = self._path(matched[1], matched[2])
        try:
            path.stat()
        except FileNotFoundError:
            if not self._incoming.is_dir():
                raise StoreUnavailable("the object store's folder is not there") from None
            raise ObjectMissing(f"no object {uri}") from None
        except OSError as error:
            raise StoreUnavailable(f"cannot read the object store: {error.strerror}") from error
        return path

    def _path(self, room: str | None, sha256: str) -> Path:
        return self._root / (room or "") / "sha256" / sha256[:2] / sha256[2:4] / sha256


@contextlib.contextmanager
def _storing() -> Iterator[None]:
    """Only what the disk says is the store's outage; an error of the body's sender stays the sender's."""
    try:
        yield
    except OSError as error:
        raise StoreUnavailable(f"cannot write to the object store: {error.strerror}") from error


async def _gathered(chunks: AsyncIterable[bytes]) -> AsyncIterator[list[bytes]]:
    """Chunks by the half megabyte: a hop to a thread for each of the network's costs more than the disk."""
    piece: list[bytes] = []
    held = 0
    async for chunk in chunks:
        piece.append(chunk)
        held += len(chunk)
        if held >= _PIECE_BYTES:
            yield piece
            piece, held = [], 0
    if piece:
        yield piece


def _take(file: BinaryIO, digest: "hashlib._Hash", piece: list[bytes]) -> None:
    for chunk in piece:
        digest.update(chunk)
        view = memoryview(chunk)
        while view:
            view = view[file.write(view) :]


def _keep(temporary: Path, final: Path) -> None:
    """Move the complete file to its final name, durably."""
    final.parent.mkdir(parents=True, exist_ok=True)
    temporary.replace(final)
    _sync(final.parent)


def _forget(final: Path) -> None:
    if final.exists():
        final.unlink()
        _sync(final.parent)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
