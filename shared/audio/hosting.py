"""The parent's handle on the decoder host: started once for a process, replaced when it is old or gone."""

import atexit
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from shared.errors import SystemicError

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
    "given = json.loads(sys.argv[1])\n"
    "sys.path += given['libraries']\n"
    "from shared.audio.host import serve\n"
    "serve(given['door'])\n"
)
_ENVIRONMENT = {
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(512 << 20),
}
"""A child lives for one file. glibc would give each block's arrays back to the kernel and take them anew:
25,000 page faults in three minutes of audio, a sixth of a decode. The limits hold as before."""
FILES_PER_HOST = 500
"""Children of one host lie at the same addresses of memory, so a host is not kept for ever."""
_LAST_WORDS = 16 * 1024
_PATIENCE_SECONDS = 5.0


class HostGone(Exception):
    """The host ended before it told what became of the child; ``reason`` is the last line it wrote."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class DecoderHost:
    """One running host. May be used by several threads."""

    def __init__(self) -> None:
        """Raises SystemicError when no process can be started."""
        self._lock = threading.Lock()
        self.files = 0
        self._door, inside = socket.socketpair()
        try:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-I",
                    "-S",
                    "-B",
                    "-c",
                    _BOOT,
                    json.dumps({"libraries": _LIBRARIES, "door": inside.fileno()}),
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                bufsize=0,
                pass_fds=(inside.fileno(),),
                env=_ENVIRONMENT,
                cwd="/",
                start_new_session=True,
            )
        except OSError as error:
            self._door.close()
            raise SystemicError(f"the decoder could not be started: {error.strerror}") from error
        finally:
            inside.close()

    def start(self, job: dict[str, Any], descriptors: Sequence[int]) -> socket.socket:
        """Have a child forked for ``job``. The socket tells its end; closing it ends the child.

        Raises:
            HostGone: nobody is there to fork.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(ours, [json.dumps(job).encode()], list(descriptors))
            try:
                with self._lock:
                    socket.send_fds(self._door, [b"."], [theirs.fileno()])
                    self.files += 1
            except OSError as error:
                ours.close()
                raise HostGone(self.last_words()) from error
        return ours

    def last_words(self) -> str:
        """Why a host that is gone went. Waits for its end, and helps where that does not come."""
        self.retire()
        try:
            self._process.wait(_PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stderr is not None  # noqa: S101 - PIPE was asked for
        with self._lock:
            if self._process.stderr.closed:
                return "silent"
            said = self._process.stderr.read(_LAST_WORDS) or b""
            self._process.stderr.close()
        lines = said.decode(errors="replace").strip().splitlines()
        return f"status {self._process.returncode}: {lines[-1] if lines else 'silent'}"

    def retire(self) -> None:
        """No more jobs: the host ends when those that it has are done."""
        with self._lock:
            self._door.close()

    def reaped(self) -> bool:
        """Whether it has ended."""
        if self._process.poll() is None:
            return False
        with self._lock:
            if self._process.stderr is not None:
                self._process.stderr.close()
        return True


class DecoderHosts:
    """The current host of this process and those that finish their last jobs."""

    def __init__(self, files_per_host: int = FILES_PER_HOST) -> None:
        self._files = files_per_host
        self._lock = threading.Lock()
        self._current: DecoderHost | None = None
        self._retired: list[DecoderHost] = []

    def current(self) -> DecoderHost:
        """The host for the next file, a young one.

        Raises:
            SystemicError: none can be started.
        """
        with self._lock:
            self._retired = [host for host in self._retired if not host.reaped()]
            if self._current is not None and self._current.files >= self._files:
                self._current.retire()
                self._retired.append(self._current)
                self._current = None
            if self._current is None:
                self._current = DecoderHost()
            return self._current

    def drop(self, host: DecoderHost) -> None:
        """Never use this one again."""
        with self._lock:
            if self._current is host:
                self._current = None

    def close(self) -> None:
        """End all of them, and wait for it."""
        with self._lock:
            hosts = [*self._retired, *([self._current] if self._current else [])]
            self._current, self._retired = None, []
        for host in hosts:
            host.last_words()


hosts = DecoderHosts()
atexit.register(hosts.close)
