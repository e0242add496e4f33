"""Keeps started processes running: one thread starts crashed ones again, as the restart policy allows."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from deploy.local.errors import StackUnhealthy
from deploy.local.process import ChildProcess, Warden
from deploy.local.restart import GiveUp, RestartAfter, RestartPolicy, decide_restart

_WATCH_S = 0.1


class ChildState(StrEnum):
    RUNNING = "running"
    RESTARTING = "restarting"
    GIVEN_UP = "given_up"


class ChildStatus(BaseModel):
    """``last_exit`` is the status of the last crash: negative for a signal, None before any."""

    model_config = ConfigDict(frozen=True)

    name: str
    state: ChildState
    pid: int
    restarts: int
    last_exit: int | None

    def __str__(self) -> str:
        match self.state:
            case ChildState.RUNNING:
                return f"runs again as process {self.pid}, restart {self.restarts}"
            case ChildState.RESTARTING:
                return f"ended with status {self.last_exit} and is about to be started again"
            case ChildState.GIVEN_UP:
                return f"ended with status {self.last_exit} and is not started again: it did so too often"


@dataclass
class _Watched:
    child: ChildProcess
    state: ChildState = ChildState.RUNNING
    crashes: list[float] = field(default_factory=list)
    restart_at: float = 0.0
    restarts: int = 0
    last_exit: int | None = None

    def status(self) -> ChildStatus:
        return ChildStatus(
            name=self.child.spec.name,
            state=self.state,
            pid=self.child.pid,
            restarts=self.restarts,
            last_exit=self.last_exit,
        )


class Supervisor:
    """``on_change`` is called from the watching thread with each status that changed."""

    def __init__(
        self,
        warden: Warden,
        policy: RestartPolicy,
        on_change: Callable[[ChildStatus], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._warden = warden
        self._policy = policy
        self._on_change = on_change
        self._clock = clock
        self._watched: list[_Watched] = []
        self._lock = threading.Lock()
        self._halt = threading.Event()
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._watch, name="stack-supervisor", daemon=True)

    def adopt(self, child: ChildProcess) -> None:
        """Take over a running process: restart it when it ends, stop it in ``stop``."""
        with self._lock:
            self._watched.append(_Watched(child))

    def start(self) -> None:
        self._thread.start()

    def statuses(self) -> tuple[ChildStatus, ...]:
        with self._lock:
            return tuple(watched.status() for watched in self._watched)

    def check(self) -> None:
        """Raises StackUnhealthy when a process used up its restarts, with the end of its log."""
        if self._failure is not None:
            raise StackUnhealthy(f"the supervisor itself failed: {self._failure!r}") from self._failure
        with self._lock:
            lost = [watched for watched in self._watched if watched.state is ChildState.GIVEN_UP]
            if lost:
                raise StackUnhealthy("\n".join(_lost_message(watched, self._policy) for watched in lost))

    def stop(self) -> None:
        """Ends the watching, asks every process to stop, the last adopted first, and waits for all."""
        self._halt.set()
        if self._thread.is_alive():
            self._thread.join()
        for watched in reversed(self._watched):
            watched.child.ask_to_stop()
        for watched in reversed(self._watched):
            watched.child.stop()
        self._watched.clear()

    def _watch(self) -> None:
        try:
            while not self._halt.wait(_WATCH_S):
                with self._lock:
                    changed = [watched.status() for watched in self._watched if self._tend(watched)]
                for status in changed:
                    self._on_change(status)
        except Exception as error:  # noqa: BLE001 - it must reach whoever calls check, not die with the thread
            self._failure = error

    def _tend(self, watched: _Watched) -> bool:
        """True when its state changed."""
        match watched.state:
            case ChildState.RUNNING if watched.child.exit_code() is not None:
                watched.last_exit = watched.child.stop()
                self._after_crash(watched)
            case ChildState.RESTARTING if self._clock() >= watched.restart_at:
                watched.child = ChildProcess(watched.child.spec, self._warden)
                watched.restarts += 1
                watched.state = ChildState.RUNNING
            case _:
                return False
        return True

    def _after_crash(self, watched: _Watched) -> None:
        now = self._clock()
        watched.crashes.append(now)
        match decide_restart(self._policy, watched.crashes):
            case GiveUp():
                watched.state = ChildState.GIVEN_UP
            case RestartAfter(seconds=seconds):
                watched.state = ChildState.RESTARTING
                watched.restart_at = now + seconds


def _lost_message(watched: _Watched, policy: RestartPolicy) -> str:
    spec = watched.child.spec
    return (
        f"{spec.name} ended more than {policy.max_restarts} times within {policy.window_s:.0f} s, last with "
        f"status {watched.last_exit}, and is not started again. The end of {spec.log}:\n"
        f"{watched.child.log_tail()}"
    )
