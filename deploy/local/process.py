"""Child processes that are stopped by the ids that were started, and by nothing else.

Each child leads a session of its own: a Ctrl-C in the terminal reaches only the stack, which then stops its
children in order. Should the stack itself be killed, the warden stops them (see ``warden.py``).
"""

import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from deploy.local.errors import NotReady

_WARDEN_SCRIPT = Path(__file__).with_name("warden.py")
_POLL_S = 0.05
_LOG_TAIL_LINES = 25


class ProcessSpec(BaseModel):
    """``env`` is added to the environment of the stack; ``grace_s`` lies between SIGTERM and SIGKILL."""

    model_config = ConfigDict(frozen=True)

    name: str
    argv: tuple[str, ...] = Field(min_length=1)
    log: Path
    env: Mapping[str, str] = {}
    cwd: Path | None = None
    grace_s: float = Field(default=15.0, ge=0)


class Warden:
    """The parent's end of the warden; one is enough for any number of children."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_WARDEN_SCRIPT), str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def watch(self, pid: int, grace_s: float) -> None:
        self._tell(f"+{pid} {grace_s}\n")

    def forget(self, pid: int) -> None:
        self._tell(f"-{pid}\n")

    def close(self) -> None:
        """Ends the warden, which first stops every child it still watches. Blocks for their grace at most."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait()

    def _tell(self, line: str) -> None:
        if self._process.stdin is None or self._process.poll() is not None:
            return
        self._process.stdin.write(line.encode())
        self._process.stdin.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class ChildProcess:
    def __init__(self, spec: ProcessSpec, warden: Warden) -> None:
        """Starts the process; its output, both streams, is appended to ``spec.log``."""
        self.spec = spec
        self._warden = warden
        self._stopped = False
        spec.log.parent.mkdir(parents=True, exist_ok=True)
        with spec.log.open("ab") as log:
            self._process = subprocess.Popen(
                spec.argv,
                cwd=spec.cwd,
                env={**os.environ, **spec.env},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        warden.watch(self.pid, spec.grace_s)

    @property
    def pid(self) -> int:
        return self._process.pid

    def exit_code(self) -> int | None:
        """None while it runs; negative for the signal that ended it."""
        return self._process.poll()

    def log_tail(self, lines: int = _LOG_TAIL_LINES) -> str:
        return log_tail(self.spec.log, lines)

    def ask_to_stop(self) -> None:
        """SIGTERM to the process, not to its group: what it started is its own to stop. Does not block."""
        if self._process.poll() is None:
            self._process.terminate()

    def stop(self) -> int:
        """SIGTERM, the grace, then SIGKILL to the group, for what the process left behind. Blocks.

        A second call signals nothing, as the id may be another's by then.
        """
        if self._stopped:
            return self._process.wait()
        self._stopped = True
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(self.spec.grace_s)
            except subprocess.TimeoutExpired:
                self._kill_group()
        self._kill_group()
        code = self._process.wait()
        self._warden.forget(self.pid)
        return code

    def _kill_group(self) -> None:
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            return


def start_and_wait(
    spec: ProcessSpec, warden: Warden, ready: Callable[[], bool], *, timeout_s: float
) -> ChildProcess:
    """Starts the process and blocks until ``ready()``; stops it again when that fails. Raises NotReady."""
    child = ChildProcess(spec, warden)
    try:
        wait_ready(child, ready, timeout_s=timeout_s)
    except BaseException:
        child.stop()
        raise
    return child


def start_new_log(log: Path) -> None:
    """The log of the run before is kept beside it, as ``.1``."""
    if log.exists():
        log.replace(log.with_name(f"{log.name}.1"))


def log_tail(log: Path, lines: int = _LOG_TAIL_LINES) -> str:
    if not log.is_file():
        return "(no log)"
    with log.open(encoding="utf-8", errors="replace") as file:
        return "".join(f"  | {line.rstrip()}\n" for line in deque(file, maxlen=lines))


def wait_ready(child: ChildProcess, ready: Callable[[], bool], *, timeout_s: float) -> float:
    """Blocks until ``ready()``; returns the seconds that took.

    Raises:
        NotReady: the process ended, or the deadline passed; the message holds the end of its log.
    """
    started = time.monotonic()
    while True:
        code = child.exit_code()
        if code is not None:
            raise NotReady(f"{child.spec.name} ended with status {code} {_where(child)}")
        if ready():
            return time.monotonic() - started
        if time.monotonic() - started > timeout_s:
            raise NotReady(
                f"{child.spec.name} was not ready after {timeout_s:.0f} s "
                f"(TRACKGATE_START_TIMEOUT_S raises that) {_where(child)}"
            )
        time.sleep(_POLL_S)


def _where(child: ChildProcess) -> str:
    return f"before it was ready. The end of {child.spec.log}:\n{child.log_tail()}"
