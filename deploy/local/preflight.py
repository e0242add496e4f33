"""What must hold before anything is started; each refusal says what to do about it."""

import fcntl
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from deploy.local.errors import PreflightFailed
from deploy.local.ports import PortUse, port_problems

_MB = 1 << 20


def check(*, home: Path, cache: Path, min_free_mb: int, ports: Iterable[PortUse]) -> None:
    """Folders writable, disk not full, ports free.

    Raises:
        PreflightFailed: naming everything that stands in the way at once.
    """
    problems = [
        *folder_problems(home, "TRACKGATE_HOME"),
        *folder_problems(cache, "TRACKGATE_CACHE"),
    ]
    if not problems:
        free = shutil.disk_usage(home).free // _MB
        problems += disk_problems(home, free_mb=free, min_free_mb=min_free_mb)
    problems += port_problems(ports)
    if problems:
        raise PreflightFailed("the local stack cannot start:\n" + "\n".join(f"  - {one}" for one in problems))


def folder_problems(folder: Path, setting: str) -> list[str]:
    """Makes the folder and writes a byte into it, since permission bits do not tell the whole truth."""
    probe = folder / f".write-probe-{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"x")
    except OSError as error:
        return [f"{folder} cannot be written ({error.strerror}): set {setting} to a folder that can"]
    finally:
        with suppress(OSError):
            probe.unlink(missing_ok=True)
    return []


def disk_problems(folder: Path, *, free_mb: int, min_free_mb: int) -> list[str]:
    if free_mb >= min_free_mb:
        return []
    problem = (
        f"the disk of {folder} has {free_mb} MB left and {min_free_mb} MB are wanted: free some space, set "
        "TRACKGATE_HOME to a folder on another disk, or lower TRACKGATE_MIN_FREE_MB"
    )
    return [problem]


@contextmanager
def claim_home(home: Path) -> Iterator[None]:
    """Holds ``home`` for this process, so that no two stacks write to the same data.

    Raises:
        PreflightFailed: another stack has it; the message names its process.
    """
    home.mkdir(parents=True, exist_ok=True)
    with (home / "stack.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise PreflightFailed(
                f"a stack runs on {home} already (process {file.read().strip() or 'unknown'}): stop it with "
                "Ctrl-C, or set TRACKGATE_HOME to another folder and move the ports"
            ) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
