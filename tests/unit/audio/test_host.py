"""The process that forks decoders: what it gives them, and what it does when somebody goes."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from shared.audio import (
    DecodedAudio,
    DecodeFailure,
    DecodeLimits,
    Inspected,
    decode_audio,
    hosting,
    inspect_audio,
    sandbox,
)
from shared.audio.hosting import DecoderHost, DecoderHosts
from shared.errors import SystemicError
from shared.processes import cpu_seconds
from tests.unit.audio.sound import encoded, flac_of_silence, tone

ENDLESS = DecodeLimits(
    max_expansion=1e9, max_seconds=1e9, max_frames=1 << 60, max_decoded_bytes=1 << 60, wall_seconds=60.0
)


@pytest.fixture
def hosts(monkeypatch: pytest.MonkeyPatch) -> Iterator[DecoderHosts]:
    own = DecoderHosts(files_per_host=3)
    monkeypatch.setattr(sandbox, "hosts", own)
    yield own
    own.close()


@pytest.fixture
def track(tmp_path: Path) -> Path:
    path = tmp_path / "track"
    path.write_bytes(encoded(tone(1.0), "FLAC"))
    return path


@pytest.fixture(scope="module")
def endless(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("host") / "endless"
    flac_of_silence(path, 90 * 3600, promised=0)
    return path


def host_of(hosts: DecoderHosts) -> psutil.Process:
    return psutil.Process(hosts.current()._process.pid)


def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def gone(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.status() == psutil.STATUS_ZOMBIE
    return True


def test_many_files_are_decoded_by_one_host(hosts: DecoderHosts, track: Path) -> None:
    assert isinstance(inspect_audio(track), Inspected)
    first = host_of(hosts).pid
    assert isinstance(inspect_audio(track), Inspected)
    assert host_of(hosts).pid == first


def test_a_host_is_replaced_when_it_is_old_and_ends(hosts: DecoderHosts, track: Path) -> None:
    inspect_audio(track)
    first = host_of(hosts)
    for _ in range(3):
        assert isinstance(inspect_audio(track), Inspected)
    assert host_of(hosts).pid != first.pid
    until(lambda: gone(first))


def test_a_host_that_was_killed_is_replaced_unnoticed(hosts: DecoderHosts, track: Path) -> None:
    inspect_audio(track)
    host_of(hosts).kill()
    assert isinstance(inspect_audio(track), Inspected)


def test_a_decode_whose_host_is_killed_starts_again(hosts: DecoderHosts, endless: Path) -> None:
    answers = []
    limits = DecodeLimits(**(vars(ENDLESS) | {"cpu_seconds": 1}))
    waiting = threading.Thread(target=lambda: answers.append(inspect_audio(endless, limits)))
    waiting.start()
    until(lambda: bool(host_of(hosts).children()))
    first = host_of(hosts)
    child = first.children()[0]
    first.kill()
    until(lambda: gone(child))
    until(lambda: host_of(hosts).pid != first.pid)
    waiting.join()
    assert isinstance(answers[0], DecodeFailure)
    assert answers[0].kind == "out_of_resources"


def test_a_host_that_cannot_start_is_our_outage_and_says_why(
    hosts: DecoderHosts, track: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hosting, "_LIBRARIES", ())
    with pytest.raises(SystemicError, match="No module named 'shared'"):
        inspect_audio(track)


def test_a_child_holds_its_file_its_pipes_and_nothing_of_the_hosts(
    hosts: DecoderHosts, endless: Path
) -> None:
    other = threading.Thread(
        target=inspect_audio, args=(endless, DecodeLimits(**(vars(ENDLESS) | {"wall_seconds": 3.0})))
    )
    other.start()
    until(lambda: bool(host_of(hosts).children()))
    child = host_of(hosts).children()[0]
    folder = Path(f"/proc/{child.pid}/fd")
    until(lambda: (folder / "3").exists() and (folder / "3").readlink() == endless)
    until(lambda: child.cpu_times().user > 0.05)  # it decodes: what it gave up is given up
    descriptors = {entry.name: str(entry.readlink()) for entry in folder.iterdir()}
    other.join()
    assert set(descriptors) == {"0", "1", "2", "3", "4"}
    assert descriptors["0"] == "/dev/null"
    assert all(descriptors[name].startswith("pipe:") for name in ("1", "2", "4"))


def test_a_child_that_nobody_waits_for_any_more_is_ended(hosts: DecoderHosts, endless: Path) -> None:
    outcome = inspect_audio(endless, DecodeLimits(**(vars(ENDLESS) | {"wall_seconds": 0.5})))
    assert isinstance(outcome, DecodeFailure)
    assert outcome.kind == "timed_out"
    host = host_of(hosts)
    until(lambda: not host.children())
    assert not gone(host)


def test_files_at_the_same_time_get_their_own_answers(hosts: DecoderHosts, tmp_path: Path) -> None:
    answers: dict[int, DecodedAudio | DecodeFailure] = {}
    paths = {}
    for channels in (1, 2, 3, 4):
        paths[channels] = tmp_path / str(channels)
        paths[channels].write_bytes(encoded(tone(2.0, channels=channels), "FLAC"))
    threads = [
        threading.Thread(target=lambda n=n: answers.update({n: decode_audio(paths[n])})) for n in paths
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for channels, answer in answers.items():
        assert isinstance(answer, DecodedAudio)
        assert answer.samples.shape == (88_200, channels)
        assert np.abs(answer.samples - tone(2.0, channels=channels)).max() < 1e-4


def test_what_decoding_costs_counts_as_this_process_own(hosts: DecoderHosts, tmp_path: Path) -> None:
    path = tmp_path / "long"
    path.write_bytes(encoded(tone(60.0), "FLAC"))
    began, alone = cpu_seconds(), time.process_time()
    inspected = inspect_audio(path)
    used, own = cpu_seconds() - began, time.process_time() - alone
    assert isinstance(inspected, Inspected)
    assert inspected.cpu_seconds > 0.0
    assert used - own == pytest.approx(inspected.cpu_seconds, abs=0.011)  # os.times() counts in hundredths


def test_the_host_and_its_child_end_with_the_process_that_they_work_for(endless: Path) -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from pathlib import Path\n"
        "from shared.audio import DecodeLimits, inspect_audio\n"
        "inspect_audio(Path(sys.argv[2]), DecodeLimits(max_expansion=1e9, max_seconds=1e9,"
        " max_frames=1 << 60, max_decoded_bytes=1 << 60))\n"
    )
    root = Path(__file__).resolve().parents[3]
    with subprocess.Popen([sys.executable, "-c", code, str(root), str(endless)]) as worker:
        found: list[psutil.Process] = []

        def working() -> bool:
            found[:] = psutil.Process(worker.pid).children(recursive=True)
            return len(found) == 2

        until(working)
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait()
    until(lambda: all(gone(process) for process in found))


def test_closing_waits_for_the_end(track: Path) -> None:
    own = DecoderHosts()
    process = psutil.Process(own.current()._process.pid)
    own.close()
    assert gone(process)


def test_a_host_without_jobs_ends_when_it_is_retired() -> None:
    host = DecoderHost()
    host.retire()
    until(host.reaped)
