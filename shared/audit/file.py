"""Who did and heard what: a chain of records in a file, on the disk before the deed goes on."""

import asyncio
import fcntl
import os
from pathlib import Path

import structlog

from shared.audit.chain import (
    EMPTY,
    MAX_LINE_BYTES,
    Broken,
    Checkpoint,
    Value,
    Whole,
    chained,
    checkpoint_of,
    entry_of,
    verify,
)
from shared.clock import Clock
from shared.errors import SettingsError, SystemicError

log = structlog.get_logger()
ANNOUNCE_EVERY = 1000
"""Records between two checkpoints in the service's own log, which is kept elsewhere."""


class AuditFile:
    """Append-only.

    Processes on one machine may share the file: each appends under an exclusive lock, after the record that
    is the last one then, so the chain never forks. A network file system must have such locks.

    Entries that come while others are being written go to the disk together, with one fsync.
    """

    def __init__(self, path: Path, clock: Clock, *, setting: str) -> None:
        """``setting`` is the variable that names ``path``, for what is said of it.

        Raises:
            SettingsError: the file cannot be written, or is not an audit log of ours.
        """
        self._clock = clock
        self._waiting: list[tuple[dict[str, Value], asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None
        self._known = (0, EMPTY)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
            _sync_folder(path.parent)
        except OSError as error:
            raise SettingsError(f"{setting}: cannot write {path}: {error.strerror}") from error
        try:
            head = self._append([])
        except SystemicError as error:
            os.close(self._file)
            raise SettingsError(f"{setting}: {path}: {error}") from error
        log.info("audit log", checkpoint=str(head))

    async def record(self, deed: str, **about: Value) -> None:
        """Returns when the record is on the disk. Who did it is among ``about``.

        Raises:
            SystemicError: it could not be written; the deed must not happen.
        """
        entry = entry_of(self._clock.now().isoformat(), deed, about)
        written = asyncio.get_running_loop().create_future()
        self._waiting.append((entry, written))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_waiting())
        await written

    def close(self) -> None:
        os.close(self._file)

    async def _write_waiting(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            failure: Exception | None = None
            try:
                await asyncio.to_thread(self._append, [entry for entry, _ in batch])
            except Exception as error:  # noqa: BLE001 - whatever it is, those who wait must learn of it
                failure = error
            for _, written in batch:
                if written.done():  # the request was given up; its record stays
                    continue
                if failure is None:
                    written.set_result(None)
                else:
                    written.set_exception(SystemicError(str(failure)))
        self._writing = None

    def _append(self, entries: list[dict[str, Value]]) -> Checkpoint:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX)
            try:
                return self._append_locked(entries)
            finally:
                fcntl.flock(self._file, fcntl.LOCK_UN)
        except OSError as error:
            raise SystemicError(f"the audit log cannot be written: {error.strerror}") from error

    def _append_locked(self, entries: list[dict[str, Value]]) -> Checkpoint:
        size = os.fstat(self._file).st_size
        known_size, head = self._known
        lines: list[bytes] = []
        if size != known_size:
            head, torn = self._last(size)
            if torn:
                # Never acknowledged: its process died while writing it, and its deed did not happen.
                size -= torn
                os.ftruncate(self._file, size)
                mended = entry_of(self._clock.now().isoformat(), "log_mended", {"torn_bytes": torn})
                entries = [mended, *entries]
        before = head.seq
        for entry in entries:
            line, head = chained(entry, head)
            lines.append(line)
        whole = b"".join(lines)
        if whole:
            self._write(whole, size)
        self._known = (size + len(whole), head)
        if before // ANNOUNCE_EVERY != head.seq // ANNOUNCE_EVERY:
            log.info("audit log", checkpoint=str(head))
        return head

    def _write(self, whole: bytes, size: int) -> None:
        try:
            done = 0
            while done < len(whole):
                done += os.write(self._file, whole[done:])
            os.fdatasync(self._file)
        except OSError:
            # What was written in part was told to nobody.
            os.ftruncate(self._file, size)
            self._known = (-1, EMPTY)
            raise

    def _last(self, size: int) -> tuple[Checkpoint, int]:
        """The last whole record, and how many bytes of a torn one follow it."""
        tail = os.pread(self._file, 2 * MAX_LINE_BYTES, max(0, size - 2 * MAX_LINE_BYTES))
        whole, newline, rest = tail.rpartition(b"\n")
        if not newline:
            if size > len(tail):
                raise SystemicError("the audit log ends in something that is not a record")
            return EMPTY, len(rest)
        found = checkpoint_of(whole.rpartition(b"\n")[2])
        if isinstance(found, Broken):
            raise SystemicError(
                f"the last line of the audit log {found.why}; move it away, keep it, and start a new one"
            )
        return found, len(rest)


def verify_file(path: Path, checkpoint: Checkpoint | None = None) -> Whole | Broken:
    """Raises SettingsError: the file cannot be read."""
    try:
        with path.open("rb") as file:
            return verify(file, checkpoint)
    except OSError as error:
        raise SettingsError(f"cannot read {path}: {error.strerror}") from error


def _sync_folder(folder: Path) -> None:
    """A file that was just made survives a power cut only when its folder is on the disk too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
