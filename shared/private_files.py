"""Files that hold secrets: for their owner alone, whole or not at all, and on the disk before we go on."""

import contextlib
import os
import secrets
from pathlib import Path

_OWNER_ALONE = 0o600


def write_private(path: Path, content: bytes) -> None:
    """Take the place of what is there: a crash leaves the old content or the new.

    Raises:
        OSError: the folder cannot be made or written.
    """
    _written_beside(path, content).replace(path)
    sync_folder(path.parent)


def make_private(path: Path, content: bytes) -> None:
    """Only where there is no such file: of two processes that start at once, one content stands for both.

    Raises:
        OSError: the folder cannot be made or written.
    """
    new = _written_beside(path, content)
    try:
        with contextlib.suppress(FileExistsError):
            os.link(new, path)
    finally:
        new.unlink()
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Return when the folder's entries are on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _written_beside(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    new = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ALONE)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        new.unlink(missing_ok=True)
        raise
    return new
