"""The parent's side of a decode: start the child, read bounded answers, end it in time, whatever it does."""

import contextlib
import fcntl
import json
import os
import selectors
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from shared.audio.limits import DecodeLimits, Excerpt
from shared.audio.outcome import DecodeFailure, FailureKind, Isolation
from shared.audio.transport import Received
from shared.errors import ObjectMissing, StoreUnavailable, SystemicError

_LIBRARIES = tuple(
    dict.fromkeys(
        (
            str(Path(__file__).resolve().parents[2]),
            str(Path(np.__file__).resolve().parents[1]),
            str(Path(soundfile.__file__).resolve().parent),
        )
    )
)
_BOOT = (
    "import json, sys\n"
    "job = json.loads(sys.argv[1])\n"
    "sys.path += job['libraries']\n"
    "from shared.audio.child import main\n"
    "main(job)\n"
)
_REPORT_BYTES = 16 * 1024
_REPORT_LINES = 2
_PIPE_BYTES = 1 << 18
_READ_BYTES = 1 << 16
"""Larger reads cost a fresh mapping of memory each, at no gain."""


@dataclass(frozen=True)
class ChildReport:
    """What the child said (not yet believed), how isolated it was, and its samples."""

    result: dict[str, Any]
    isolation: Isolation
    pcm: Received


@contextlib.contextmanager
def opened(path: Path) -> Iterator[int]:
    """The one time that a path is opened: everything after works on the descriptor.

    Raises:
        ObjectMissing: no such file.
        StoreUnavailable: it cannot be read, or is no regular file.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise ObjectMissing(f"no file {path.name}") from error
    except OSError as error:
        raise StoreUnavailable(f"cannot open {path.name}: {error.strerror}") from error
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise StoreUnavailable(f"{path.name} is no regular file")
        yield descriptor
    finally:
        os.close(descriptor)


def run_child(descriptor: int, limits: DecodeLimits, excerpt: Excerpt | None) -> ChildReport | DecodeFailure:
    """Decode an open file in a child of its own. Blocks, ``limits.wall_seconds`` at most.

    Raises:
        SystemicError: the child could not be started or did not get as far as looking at the file.
    """
    deadline = time.monotonic() + limits.wall_seconds
    report_end, child_end = os.pipe()
    job = {
        "libraries": _LIBRARIES,
        "audio": descriptor,
        "report": child_end,
        "limits": asdict(limits),
        "excerpt": None if excerpt is None else asdict(excerpt),
    }
    try:
        child = subprocess.Popen(
            [sys.executable, "-I", "-S", "-B", "-c", _BOOT, json.dumps(job)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            pass_fds=(descriptor, child_end),
            env={"OPENBLAS_NUM_THREADS": "1"},
            cwd="/",
            start_new_session=True,
        )
    except OSError as error:
        os.close(report_end)
        raise SystemicError(f"the decoder could not be started: {error.strerror}") from error
    finally:
        os.close(child_end)
    with child:
        try:
            said = _listen(child, report_end, limits, deadline)
            child.wait(max(0.0, deadline - time.monotonic()))
        except (TimeoutError, subprocess.TimeoutExpired):
            return DecodeFailure(
                FailureKind.TIMED_OUT, f"decoding did not end within {limits.wall_seconds:g} seconds"
            )
        finally:
            os.close(report_end)
            child.kill()
    if isinstance(said, DecodeFailure):
        return said
    return _understand(child.returncode, said, limits)


@dataclass
class _Said:
    pcm: Received
    report: bytearray
    noise: bytearray


def _listen(
    child: "subprocess.Popen[bytes]", report_end: int, limits: DecodeLimits, deadline: float
) -> _Said | DecodeFailure:
    """Everything the child says, until it closes all three pipes."""
    said = _Said(Received(), bytearray(), bytearray())
    assert child.stdout is not None  # noqa: S101 - PIPE was asked for
    assert child.stderr is not None  # noqa: S101 - PIPE was asked for
    _widen(child.stdout.fileno())
    with selectors.DefaultSelector() as waiting:
        waiting.register(child.stdout.fileno(), selectors.EVENT_READ, said.pcm)
        waiting.register(child.stderr.fileno(), selectors.EVENT_READ, said.noise)
        waiting.register(report_end, selectors.EVENT_READ, said.report)
        while waiting.get_map():
            ready = waiting.select(max(0.0, deadline - time.monotonic()))
            if not ready:
                raise TimeoutError
            for key, _ in ready:
                chunk = os.read(key.fd, _READ_BYTES)
                if not chunk:
                    waiting.unregister(key.fd)
                elif key.data is not said.noise or len(said.noise) < _REPORT_BYTES:
                    key.data.extend(chunk)
            if len(said.pcm) > limits.max_decoded_bytes or len(said.report) > _REPORT_BYTES:
                return DecodeFailure(
                    FailureKind.TOO_LARGE, f"decodes to more than {limits.max_decoded_bytes} bytes"
                )
    return said


def _widen(pipe: int) -> None:
    """A pipe that holds more wakes both ends less often; where it cannot be had, it is slower and no more."""
    with contextlib.suppress(OSError, AttributeError):
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


def _understand(status: int, said: _Said, limits: DecodeLimits) -> ChildReport | DecodeFailure:
    lines = said.report.splitlines()
    if not lines:
        last = said.noise.decode(errors="replace").strip().splitlines()
        raise SystemicError(f"the decoder did not start (status {status}): {last[-1] if last else 'silent'}")
    if -status in {signal.SIGXCPU, signal.SIGKILL}:
        return DecodeFailure(
            FailureKind.OUT_OF_RESOURCES,
            f"decoding needs more than {limits.cpu_seconds} s of processor or the memory there is",
        )
    if status != 0 or len(lines) != _REPORT_LINES:
        return DecodeFailure(FailureKind.CRASHED, f"the decoder broke down on this file (status {status})")
    try:
        isolation, result = json.loads(lines[0]), json.loads(lines[1])
        held = tuple(str(measure) for measure in isolation["isolation"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return DecodeFailure(FailureKind.CRASHED, "the decoder answered nonsense about this file")
    return ChildReport(result, Isolation(held), said.pcm)
