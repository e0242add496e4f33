"""The process that has the decoders loaded and forks one child for every file. Never imported by a service.

Starting an interpreter and importing numpy and libsndfile costs 0.12 CPU seconds, half of what decoding
three minutes costs; a fork costs three thousandths. What sandboxes a decode is unchanged: every file has a
process of its own, which takes everything away from itself before it looks at the first byte
(shared.audio.isolation). The host never sees a file's content: it hands descriptors on. It has one thread,
so forking is safe.

Each byte that comes through the door brings the socket of one job, on which the job (JSON) and its
descriptors wait already: the audio, then the pipes for samples, for noise and for the report. The end of
the child is told there; a job whose other end is closed is killed. When the door is closed, the host ends
with its last job.
"""

import fcntl
import gc
import json
import os
import selectors
import signal
import socket
import traceback
from importlib import import_module
from typing import Any

from shared.audio.child import AUDIO, REPORT, main

JOB_BYTES = 64 * 1024
DESCRIPTORS = 4
_KNOCK_BYTES = 1
_LOADED = ("numpy.fft", "soxr", "shared.fingerprint.fingerprinter")
"""What is not loaded before the fork cannot be loaded in a child, which opens no files."""


def serve(door: int) -> None:
    """Work until the door is closed and no child is left."""
    for module in _LOADED:
        import_module(module)
    gc.collect()
    gc.freeze()  # the collector of a child then leaves these pages shared
    _Host(socket.socket(fileno=door)).run()


class _Host:
    def __init__(self, door: socket.socket) -> None:
        self._door = door
        self._waiting = selectors.DefaultSelector()
        self._children: dict[int, socket.socket] = {}
        self._ended, self._wake = socket.socketpair()
        for end in (self._ended, self._wake):
            end.setblocking(False)

    def run(self) -> None:
        signal.signal(signal.SIGCHLD, _noticed)
        signal.set_wakeup_fd(self._wake.fileno(), warn_on_full_buffer=False)
        self._waiting.register(self._door, selectors.EVENT_READ, self._admit)
        self._waiting.register(self._ended, selectors.EVENT_READ, self._reap)
        while self._door.fileno() >= 0 or self._children:
            for key, _ in self._waiting.select():
                key.data()

    def _admit(self) -> None:
        knock, descriptors, _, _ = socket.recv_fds(self._door, _KNOCK_BYTES, 1)
        if not knock:
            self._waiting.unregister(self._door)
            self._door.close()
            return
        control = socket.socket(fileno=descriptors[0])
        job, given, _, _ = socket.recv_fds(control, JOB_BYTES, DESCRIPTORS)
        pid = os.fork()
        if pid == 0:
            _live(json.loads(job), given)
        for descriptor in given:
            os.close(descriptor)
        self._children[pid] = control
        self._waiting.register(control, selectors.EVENT_READ, lambda: self._abandon(pid))

    def _abandon(self, pid: int) -> None:
        """Nobody waits for this child any more. While it is not reaped, its number is still its own."""
        if pid in self._children:
            self._waiting.unregister(self._children[pid])
            os.kill(pid, signal.SIGKILL)

    def _reap(self) -> None:
        self._ended.recv(4096)
        while self._children:
            pid, status, used = os.wait4(-1, os.WNOHANG)
            if pid == 0:
                return
            control = self._children.pop(pid)
            if control in self._waiting.get_map():
                self._waiting.unregister(control)
            told = {
                "status": os.waitstatus_to_exitcode(status),
                "cpu_seconds": used.ru_utime + used.ru_stime,
            }
            try:
                control.send(json.dumps(told).encode())
            except OSError:
                pass  # abandoned
            finally:
                control.close()


def _noticed(_signal: int, _frame: object) -> None:
    """SIGCHLD must have a handler for the wake-up descriptor to be written."""


def _live(job: dict[str, Any], given: list[int]) -> None:
    """The child's whole life: nothing of the host's is left to it but the code. Does not return."""
    status = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        audio, samples, noise, report = (fcntl.fcntl(fd, fcntl.F_DUPFD, 64) for fd in given)
        for found, place in ((samples, 1), (noise, 2), (audio, AUDIO), (report, REPORT)):
            os.dup2(found, place)
        os.closerange(REPORT + 1, os.sysconf("SC_OPEN_MAX"))
        main(job)
        status = 0
    except BaseException:  # noqa: BLE001 - whatever it is, it ends in this process and not in the host's loop
        traceback.print_exc()
    finally:
        os._exit(status)
