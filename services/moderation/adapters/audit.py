"""Who did and heard what: one JSON line each, appended to a file and on the disk before the deed goes on."""

import asyncio
import json
import os
from pathlib import Path

from shared.clock import Clock
from shared.errors import SettingsError, SystemicError


class AuditFile:
    """Append-only; several processes may share the file (each line is one ``O_APPEND`` write).

    Entries name people and things by id. Titles, artists, notes and audio never go in.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self._clock = clock
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        except OSError as error:
            raise SettingsError(
                f"TRACKGATE_MODERATION_AUDIT: cannot write {path}: {error.strerror}"
            ) from error

    async def record(self, deed: str, *, reviewer_id: str, **about: str | int | None) -> None:
        """Returns when the line is on the disk.

        Raises:
            SystemicError: it could not be written; the deed must not happen.
        """
        entry = {"at": self._clock.now().isoformat(), "deed": deed, "reviewer_id": reviewer_id, **about}
        await asyncio.to_thread(self._append, json.dumps(entry).encode() + b"\n")

    def close(self) -> None:
        os.close(self._file)

    def _append(self, line: bytes) -> None:
        try:
            os.write(self._file, line)
            os.fdatasync(self._file)
        except OSError as error:
            raise SystemicError(f"the audit log cannot be written: {error.strerror}") from error
