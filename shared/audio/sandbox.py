"""The parent's side of a decode: start the child, read bounded answers, end it in time, whatever it does."""

import contextlib
import fcntl
import json
import os
import selectors
import signal
import socket
import stat
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from shared.audio.hosting import HostGone, hosts
from shared.audio.limits import DecodeLimits, Excerpt
from shared.audio.outcome import DecodeFailure, FailureKind, Isolation
from shared.audio.transport import Received
from shared.errors import ObjectMissing, StoreUnavailable, SystemicError
from shared.processes.cpu import count_elsewhere

_REPORT_BYTES = 64 * 1024
_NOISE_BYTES = 16 * 1024
_REPORT_LINES = 2
_PIPE_BYTES = 1 << 18
_READ_BYTES = 1 << 16
"""Larger reads cost a fresh mapping of memory each, at no gain."""


@dataclass(frozen=True)
class ChildReport:
    """What the child said (not yet believed), how isolated it was, what it cost, and its samples."""

    result: dict[str, Any]
    isolation: Isolation
    cpu_seconds: float
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


def run_child(
    descriptor: int, limits: DecodeLimits, excerpt: Excerpt | None, *, fingerprint: bool = False
) -> ChildReport | DecodeFailure:
    """Decode an open file in a child of its own. Blocks, ``limits.wall_seconds`` at most.

    Raises:
        SystemicError: the child could not be started or did not get as far as looking at the file.
    """
    job = {
        "limits": asdict(limits),
        "excerpt": None if excerpt is None else asdict(excerpt),
        "fingerprint": fingerprint,
    }
    try:
        return _attempt(job, descriptor, limits)
    except HostGone:
        # It may have ended under another file's load, or by somebody's hand; a second end has a reason.
        try:
            return _attempt(job, descriptor, limits)
        except HostGone as gone:
            raise SystemicError(f"the decoder did not start ({gone.reason})") from gone


def _attempt(job: dict[str, Any], descriptor: int, limits: DecodeLimits) -> ChildReport | DecodeFailure:
    deadline = time.monotonic() + limits.wall_seconds
    host = hosts.current()
    try:
        with _Pipes() as pipes, host.start(job, (descriptor, *pipes.inner)) as control:
            pipes.hand_over()
            said = _listen(pipes, limits, deadline)
            if isinstance(said, DecodeFailure):
                return said
            ended = _end(control, deadline)
    except TimeoutError:
        return DecodeFailure(
            FailureKind.TIMED_OUT, f"decoding did not end within {limits.wall_seconds:g} seconds"
        )
    except HostGone:
        hosts.drop(host)
        raise
    if ended is None:
        hosts.drop(host)
        raise HostGone(host.last_words())
    count_elsewhere(ended.cpu_seconds)
    return _understand(ended, said, limits)


@dataclass(frozen=True)
class Ended:
    """How a child ended, as its host saw it: an exit status or minus a signal."""

    status: int
    cpu_seconds: float


def _end(control: socket.socket, deadline: float) -> Ended | None:
    """Wait for the child's end; None when its host went before telling."""
    control.settimeout(max(0.001, deadline - time.monotonic()))
    try:
        told = control.recv(_REPORT_BYTES)
    except ConnectionResetError:
        return None
    return Ended(**json.loads(told)) if told else None


class _Pipes:
    """Pipes for samples, noise and report: ``outer`` ends to read, ``inner`` ends for the child."""

    def __init__(self) -> None:
        ends: list[tuple[int, int]] = []
        try:
            for _ in range(3):
                ends.append(os.pipe())  # noqa: PERF401 - those made so far must be closed when one fails
        except OSError as error:
            for pair in ends:
                os.close(pair[0])
                os.close(pair[1])
            raise SystemicError(f"the decoder could not be started: {error.strerror}") from error
        self.outer = tuple(outer for outer, _ in ends)
        self.inner = tuple(inner for _, inner in ends)
        self._open = {*self.outer, *self.inner}
        _widen(self.outer[0])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close(self._open)

    def hand_over(self) -> None:
        """The child has its ends; ours must go, or no end of file is ever seen."""
        self._close(set(self.inner))

    def _close(self, descriptors: set[int]) -> None:
        self._open = self._open - descriptors
        for descriptor in descriptors:
            os.close(descriptor)


@dataclass
class _Said:
    pcm: Received
    report: bytearray
    noise: bytearray


def _listen(pipes: _Pipes, limits: DecodeLimits, deadline: float) -> _Said | DecodeFailure:
    """Everything the child says, until it closes all three pipes.

    Raises:
        TimeoutError: it does not, until the deadline.
    """
    said = _Said(Received(), bytearray(), bytearray())
    with selectors.DefaultSelector() as waiting:
        for end, heard in zip(pipes.outer, (said.pcm, said.noise, said.report), strict=True):
            waiting.register(end, selectors.EVENT_READ, heard)
        while waiting.get_map():
            ready = waiting.select(max(0.0, deadline - time.monotonic()))
            if not ready:
                raise TimeoutError
            for key, _ in ready:
                chunk = os.read(key.fd, _READ_BYTES)
                if not chunk:
                    waiting.unregister(key.fd)
                elif key.data is not said.noise or len(said.noise) < _NOISE_BYTES:
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


def _understand(ended: Ended, said: _Said, limits: DecodeLimits) -> ChildReport | DecodeFailure:
    status = ended.status
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
    return ChildReport(result, Isolation(held), ended.cpu_seconds, said.pcm)
