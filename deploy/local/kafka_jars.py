"""Apache Kafka's jars: a pinned, checksummed list, fetched as Maven artifacts into a cache folder.

The list (``kafka_jars.lock.json``) is made by ``python -m deploy.local.pin_kafka VERSION``. Where the
artifacts come from is the Maven client's business: jgo's built-in repository, or what ``mvn`` is set up with.
"""

import errno
import fcntl
import hashlib
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from pydantic import BaseModel, ConfigDict, Field

from deploy.local.errors import ChecksumMismatch, JarsUnavailable, PreflightFailed

LOCK_FILE = Path(__file__).with_name("kafka_jars.lock.json")
_CHUNK = 1 << 20
_LOCAL_FAULTS = {errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS}


class PinnedJar(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    coordinate: str = Field(pattern=r"^[\w.-]+:[\w.-]+:[\w.-]+$", description="group:artifact:version")
    bytes: int = Field(gt=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")

    @property
    def group(self) -> str:
        return self.coordinate.split(":")[0]

    @property
    def artifact(self) -> str:
        return self.coordinate.split(":")[1]

    @property
    def version(self) -> str:
        return self.coordinate.split(":")[2]

    @property
    def filename(self) -> str:
        return f"{self.artifact}-{self.version}.jar"


class JarLock(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    kafka_version: str
    jars: tuple[PinnedJar, ...]


class FetchProgress(BaseModel):
    """``done_bytes`` of ``total_bytes`` are on disk and verified."""

    model_config = ConfigDict(frozen=True)

    jar: str
    done_jars: int
    total_jars: int
    done_bytes: int
    total_bytes: int


class JarSource(Protocol):
    """A way to the artifacts."""

    name: str

    def unavailable(self) -> str | None:
        """Why this way cannot be tried at all here, or None."""

    def fetch(self, jars: Sequence[PinnedJar], staging: Path) -> Iterator[tuple[PinnedJar, Path]]:
        """Download into ``staging`` and yield each jar as it lands, unverified. Blocks; raises OSError."""


def load_lock(path: Path = LOCK_FILE) -> JarLock:
    return JarLock.model_validate_json(path.read_bytes())


def sha256_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def is_intact(jar: PinnedJar, path: Path) -> bool:
    return path.is_file() and path.stat().st_size == jar.bytes and sha256_of(path) == jar.sha256


def fetch_jars(
    lock: JarLock,
    cache: Path,
    sources: Sequence[JarSource],
    on_progress: Callable[[FetchProgress], None] = lambda _: None,
) -> Path:
    """The folder that holds every jar of ``lock``, each verified by SHA-256; fetches what is missing.

    An interrupted fetch leaves only whole, verified jars behind: the next call goes on from there. Two
    processes may call this at once on one cache; the second waits.

    Raises:
        ChecksumMismatch: a source delivered something else than the pinned jar.
        JarsUnavailable: no source could deliver; the message holds each one's answer.
        PreflightFailed: the disk is full or the cache cannot be written.
    """
    folder = cache / "kafka" / lock.kafka_version
    folder.mkdir(parents=True, exist_ok=True)
    with _exclusive(folder / ".lock"):
        lib = folder / "lib"
        lib.mkdir(exist_ok=True)
        missing = [jar for jar in lock.jars if not is_intact(jar, lib / jar.filename)]
        answers: list[str] = []
        for source in sources:
            if not missing:
                break
            if (reason := source.unavailable()) is not None:
                answers.append(f"{source.name}: {reason}")
                continue
            try:
                _fetch_from(source, lock, missing, folder, on_progress)
            except OSError as error:
                if error.errno in _LOCAL_FAULTS:
                    raise PreflightFailed(
                        f"Kafka's jars cannot be stored in {folder} ({error.strerror}): free some space, or "
                        "set TRACKGATE_CACHE to a folder that can be written"
                    ) from error
                answers.append(f"{source.name}: {error}")
            missing = [jar for jar in missing if not is_intact(jar, lib / jar.filename)]
        if missing:
            raise JarsUnavailable(
                f"{len(missing)} of {len(lock.jars)} jars of Apache Kafka {lock.kafka_version} "
                "cannot be fetched.\n"
                + "".join(f"  {answer}\n" for answer in answers)
                + f"Check the network and try again, copy the jars into {lib}, "
                "or set TRACKGATE_KAFKA to a broker that runs."
            )
        _drop_strays(lock, lib)
        return lib


def _fetch_from(
    source: JarSource,
    lock: JarLock,
    missing: Sequence[PinnedJar],
    folder: Path,
    on_progress: Callable[[FetchProgress], None],
) -> None:
    total_bytes = sum(jar.bytes for jar in lock.jars)
    left_bytes = sum(jar.bytes for jar in missing)
    left_jars = len(missing)
    staging = folder / "staging"
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir()
    try:
        for jar, path in source.fetch(missing, staging):
            found = sha256_of(path)
            if found != jar.sha256:
                path.unlink()
                raise ChecksumMismatch(
                    f"{jar.coordinate}, fetched through {source.name}, has SHA-256 {found}, but {jar.sha256} "
                    "is pinned. It was deleted. Try again; if it stays so, the repository, or something on "
                    "the way to it, delivers another file: do not use it."
                )
            path.replace(folder / "lib" / jar.filename)
            left_bytes -= jar.bytes
            left_jars -= 1
            on_progress(
                FetchProgress(
                    jar=jar.filename,
                    done_jars=len(lock.jars) - left_jars,
                    total_jars=len(lock.jars),
                    done_bytes=total_bytes - left_bytes,
                    total_bytes=total_bytes,
                )
            )
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _drop_strays(lock: JarLock, lib: Path) -> None:
    """Only pinned files may lie on the class path."""
    pinned = {jar.filename for jar in lock.jars}
    for path in lib.iterdir():
        if path.name not in pinned:
            path.unlink()


@contextmanager
def _exclusive(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
