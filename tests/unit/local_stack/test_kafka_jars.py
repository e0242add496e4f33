"""Kafka's jars are the pinned ones or none at all, however the download goes."""

import errno
import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from deploy.local.errors import ChecksumMismatch, JarsUnavailable, PreflightFailed
from deploy.local.kafka_jars import FetchProgress, JarLock, PinnedJar, fetch_jars, load_lock

BODIES = {"alpha": b"first jar", "beta": b"second jar, longer", "gamma": b"third"}


def pinned(artifact: str) -> PinnedJar:
    body = BODIES[artifact]
    return PinnedJar(
        coordinate=f"org.example:{artifact}:1.0", bytes=len(body), sha256=hashlib.sha256(body).hexdigest()
    )


LOCK = JarLock(kafka_version="4.4.0", jars=tuple(pinned(artifact) for artifact in BODIES))


class FolderSource:
    """Serves bodies from memory, as a Maven client would leave them on disk."""

    def __init__(
        self, bodies: dict[str, bytes], *, name: str = "fake", fails_after: int | None = None
    ) -> None:
        self.name = name
        self.bodies = bodies
        self.fails_after = fails_after
        self.error: OSError = ConnectionResetError("connection reset")
        self.asked: list[str] = []

    def unavailable(self) -> str | None:
        return None

    def fetch(self, jars: Sequence[PinnedJar], staging: Path) -> Iterator[tuple[PinnedJar, Path]]:
        for count, jar in enumerate(jars):
            if self.fails_after == count:
                raise self.error
            self.asked.append(jar.artifact)
            path = staging / f"{jar.artifact}.part"
            path.write_bytes(self.bodies[jar.artifact])
            yield jar, path


class AbsentSource(FolderSource):
    def unavailable(self) -> str | None:
        return "no such command"


def jars_in(lib: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in lib.iterdir()}


def test_every_pinned_jar_is_fetched_once_and_found_again_without_a_download(tmp_path: Path) -> None:
    source = FolderSource(BODIES)
    lib = fetch_jars(LOCK, tmp_path, [source])
    again = FolderSource(BODIES)

    assert jars_in(lib) == {f"{artifact}-1.0.jar": body for artifact, body in BODIES.items()}
    assert fetch_jars(LOCK, tmp_path, [again]) == lib
    assert again.asked == []


def test_a_jar_with_another_checksum_is_refused_by_name_and_not_kept(tmp_path: Path) -> None:
    source = FolderSource({**BODIES, "beta": b"not what is pinned"})

    with pytest.raises(ChecksumMismatch, match=r"org\.example:beta:1\.0") as caught:
        fetch_jars(LOCK, tmp_path, [source])

    found = hashlib.sha256(b"not what is pinned").hexdigest()
    assert found in str(caught.value)
    assert pinned("beta").sha256 in str(caught.value)
    assert not list(tmp_path.rglob("beta*"))


def test_a_wrong_checksum_does_not_lead_to_the_next_source(tmp_path: Path) -> None:
    honest = FolderSource(BODIES, name="second")

    with pytest.raises(ChecksumMismatch):
        fetch_jars(LOCK, tmp_path, [FolderSource({**BODIES, "alpha": b"tampered"}), honest])

    assert honest.asked == []


def test_an_interrupted_fetch_goes_on_where_it_stopped(tmp_path: Path) -> None:
    with pytest.raises(JarsUnavailable, match="connection reset"):
        fetch_jars(LOCK, tmp_path, [FolderSource(BODIES, fails_after=1)])
    resumed = FolderSource(BODIES)

    lib = fetch_jars(LOCK, tmp_path, [resumed])

    assert resumed.asked == ["beta", "gamma"]
    assert len(jars_in(lib)) == 3


def test_the_next_source_delivers_what_the_first_could_not(tmp_path: Path) -> None:
    second = FolderSource(BODIES, name="second")

    fetch_jars(LOCK, tmp_path, [FolderSource(BODIES, fails_after=1), second])

    assert second.asked == ["beta", "gamma"]


def test_when_no_source_delivers_the_message_holds_each_ones_answer(tmp_path: Path) -> None:
    with pytest.raises(JarsUnavailable) as caught:
        fetch_jars(
            LOCK, tmp_path, [AbsentSource({}, name="mvn"), FolderSource({}, name="jgo", fails_after=0)]
        )

    message = str(caught.value)
    assert "mvn: no such command" in message
    assert "jgo: connection reset" in message
    assert "TRACKGATE_KAFKA" in message


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES])
def test_a_full_or_forbidden_disk_is_not_taken_for_an_unreachable_repository(
    tmp_path: Path, number: int
) -> None:
    source = FolderSource(BODIES, fails_after=0)
    source.error = OSError(number, "as the system says")

    with pytest.raises(PreflightFailed, match="TRACKGATE_CACHE"):
        fetch_jars(LOCK, tmp_path, [source])


def test_a_truncated_jar_in_the_cache_is_fetched_again(tmp_path: Path) -> None:
    lib = fetch_jars(LOCK, tmp_path, [FolderSource(BODIES)])
    (lib / "gamma-1.0.jar").write_bytes(BODIES["gamma"][:-1])
    source = FolderSource(BODIES)

    fetch_jars(LOCK, tmp_path, [source])

    assert source.asked == ["gamma"]


def test_a_jar_altered_without_a_change_of_size_is_fetched_again(tmp_path: Path) -> None:
    lib = fetch_jars(LOCK, tmp_path, [FolderSource(BODIES)])
    (lib / "gamma-1.0.jar").write_bytes(b"THIRD")
    source = FolderSource(BODIES)

    fetch_jars(LOCK, tmp_path, [source])

    assert source.asked == ["gamma"]


def test_a_damaged_jar_that_cannot_be_fetched_anew_is_never_put_on_the_class_path(tmp_path: Path) -> None:
    lib = fetch_jars(LOCK, tmp_path, [FolderSource(BODIES)])
    (lib / pinned("beta").filename).write_bytes(b"damaged")
    with pytest.raises(JarsUnavailable, match="1 of 3 jars"):
        fetch_jars(LOCK, tmp_path, [FolderSource(BODIES, fails_after=0)])


def test_a_stray_file_does_not_stay_on_the_class_path(tmp_path: Path) -> None:
    lib = fetch_jars(LOCK, tmp_path, [FolderSource(BODIES)])
    (lib / "stray.jar").write_bytes(b"anything")

    fetch_jars(LOCK, tmp_path, [FolderSource(BODIES)])

    assert "stray.jar" not in jars_in(lib)


def test_progress_counts_jars_and_bytes_up_to_the_total(tmp_path: Path) -> None:
    seen: list[FetchProgress] = []
    fetch_jars(LOCK, tmp_path, [FolderSource(BODIES, fails_after=1), FolderSource(BODIES)], seen.append)

    assert [step.done_jars for step in seen] == [1, 2, 3]
    assert [step.done_bytes for step in seen] == sorted(step.done_bytes for step in seen)
    assert seen[-1].done_bytes == seen[-1].total_bytes == sum(len(body) for body in BODIES.values())


def test_the_committed_list_holds_a_whole_broker_of_one_version() -> None:
    lock = load_lock()
    by_artifact = {jar.artifact: jar for jar in lock.jars}

    assert len(by_artifact) == len(lock.jars)
    kafka = {jar.version for jar in lock.jars if jar.group == "org.apache.kafka"}
    assert kafka == {lock.kafka_version}
    assert {
        "kafka_2.13",
        "kafka-clients",
        "kafka-raft",
        "slf4j-api",
        "log4j-slf4j-impl",
    } <= by_artifact.keys()
    assert by_artifact["log4j-slf4j-impl"].version == by_artifact["log4j-core"].version
