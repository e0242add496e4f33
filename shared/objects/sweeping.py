"""What lies in a store's folder, and removing it without harm to who puts the same bytes again meanwhile."""

import contextlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from shared.errors import StoreUnavailable

_NAME = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Lying:
    """``put_at``: the last time that somebody put these bytes; putting them again renews it."""

    sha256: str
    bytes: int
    put_at: datetime


class FolderSweep:
    """The objects of one FolderStore's folder; those in its rooms are not its business. Methods block.

    Raises:
        StoreUnavailable: from every method, when the folder cannot be read or written.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._leaving = root / "leaving"

    def lying(self) -> Iterator[Lying]:
        """Every object, in no order. What appears or goes meanwhile may or may not be among them."""
        with _reading():
            for path in (self._root / "sha256").glob("??/??/*"):
                with contextlib.suppress(FileNotFoundError):
                    stat = path.stat()
                    if _NAME.fullmatch(path.name):
                        yield Lying(path.name, stat.st_size, datetime.fromtimestamp(stat.st_mtime, UTC))

    def remove(self, sha256: str, *, put_before: datetime) -> bool:
        """Whether it went. One that was put again since ``put_before`` stays, or comes back at once.

        It is moved aside before it is judged: bytes that are put from then on are a file of their own.
        """
        final = self._root / "sha256" / sha256[:2] / sha256[2:4] / sha256
        aside = self._leaving / sha256
        with _reading():
            self._leaving.mkdir(exist_ok=True)
            try:
                final.rename(aside)
            except FileNotFoundError:
                return False
            if aside.stat().st_mtime >= put_before.timestamp():
                with contextlib.suppress(FileExistsError):
                    os.link(aside, final)
                aside.unlink()
                return False
            aside.unlink()
            return True

    def left_behind(self, *, before: datetime) -> Iterator[Path]:
        """Parts of bodies whose process died: nothing was written to them since ``before``."""
        with _reading():
            for path in (self._root / "incoming").iterdir():
                with contextlib.suppress(FileNotFoundError):
                    if path.stat().st_mtime < before.timestamp():
                        yield path

    def bring_back(self) -> int:
        """What a sweep that was cut off had moved aside goes back to its place; returns how much that was."""
        brought = 0
        with _reading():
            for aside in self._leaving.iterdir() if self._leaving.is_dir() else ():
                final = self._root / "sha256" / aside.name[:2] / aside.name[2:4] / aside.name
                with contextlib.suppress(FileExistsError):
                    os.link(aside, final)
                aside.unlink()
                brought += 1
        return brought


@contextlib.contextmanager
def _reading() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        raise StoreUnavailable(f"cannot sweep the object store: {error.strerror}{where}") from error
