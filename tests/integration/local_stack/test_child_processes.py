"""Children end with the stack, in whatever way the stack ends, and nothing else does."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.local.errors import NotReady, StackUnhealthy
from deploy.local.process import ChildProcess, ProcessSpec, Warden, wait_ready
from deploy.local.restart import RestartPolicy
from deploy.local.supervisor import ChildState, ChildStatus, Supervisor

pytestmark = pytest.mark.integration

SLEEPER = "import time; print('up'); time.sleep(600)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up'); time.sleep(600)"
WITH_GRANDCHILD = (
    "import subprocess, sys, time;"
    "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']);"
    "print(p.pid); time.sleep(600)"
)

MakeSpec = Callable[..., ProcessSpec]
Eventually = Callable[..., None]
Running = Callable[[int], bool]


def printed(child: ChildProcess) -> Callable[[], bool]:
    return lambda: child.spec.log.read_text().endswith("\n")


def test_stop_ends_the_process_and_says_how(warden: Warden, python_child: MakeSpec, running: Running) -> None:
    child = ChildProcess(python_child(SLEEPER), warden)
    wait_ready(child, printed(child), timeout_s=15)

    assert child.stop() == -signal.SIGTERM
    assert not running(child.pid)
    assert child.stop() == -signal.SIGTERM


def test_a_process_that_ignores_sigterm_is_killed_after_its_grace(
    warden: Warden, python_child: MakeSpec
) -> None:
    child = ChildProcess(python_child(STUBBORN, grace_s=0.2), warden)
    wait_ready(child, printed(child), timeout_s=15)

    assert child.stop() == -signal.SIGKILL


def test_what_a_child_started_ends_with_it(
    warden: Warden, python_child: MakeSpec, running: Running, eventually: Eventually
) -> None:
    child = ChildProcess(python_child(WITH_GRANDCHILD), warden)
    wait_ready(child, printed(child), timeout_s=15)
    grandchild = int(child.spec.log.read_text())
    assert running(grandchild)

    child.stop()

    eventually(lambda: not running(grandchild))


def test_a_child_that_ends_before_it_is_ready_is_told_with_its_last_words(
    warden: Warden, python_child: MakeSpec
) -> None:
    child = ChildProcess(python_child("import sys; sys.exit('no such model file')"), warden)

    with pytest.raises(NotReady, match=r"(?s)status 1.*no such model file"):
        wait_ready(child, lambda: False, timeout_s=15)
    child.stop()


def test_a_child_that_is_never_ready_is_told_after_the_deadline(
    warden: Warden, python_child: MakeSpec
) -> None:
    child = ChildProcess(python_child(SLEEPER), warden)

    with pytest.raises(NotReady, match="TRACKGATE_START_TIMEOUT_S"):
        wait_ready(child, lambda: False, timeout_s=0.2)
    child.stop()


PARENT = """
import sys
from pathlib import Path
from deploy.local.process import ChildProcess, ProcessSpec, Warden
warden = Warden()
sources, folder = sys.argv[2:], Path(sys.argv[1])
children = [
    ChildProcess(
        ProcessSpec(name=str(n), argv=(sys.executable, "-u", "-c", s), log=folder / f"{n}.log", grace_s=0.5),
        warden,
    )
    for n, s in enumerate(sources)
]
print(*(child.pid for child in children), flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_children_and_theirs_end_when_the_parent_is_killed(
    signum: signal.Signals, tmp_path: Path, running: Running, eventually: Eventually
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path), WITH_GRANDCHILD, STUBBORN],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as parent:
        assert parent.stdout is not None
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        logs = [tmp_path / "0.log", tmp_path / "1.log"]
        eventually(lambda: all(log.read_text().endswith("\n") for log in logs))
        pids.append(int(logs[0].read_text()))
        assert all(running(pid) for pid in pids)

        parent.send_signal(signum)
        parent.wait(15)

    eventually(lambda: not any(running(pid) for pid in pids))


QUICK = RestartPolicy(first_delay_s=0.05, factor=1.0, max_restarts=2, window_s=60.0)


def test_a_crashed_child_is_started_again_as_another_process(
    warden: Warden, python_child: MakeSpec, running: Running, eventually: Eventually
) -> None:
    seen: list[ChildStatus] = []
    supervisor = Supervisor(warden, QUICK, seen.append)
    child = ChildProcess(python_child(SLEEPER), warden)
    supervisor.adopt(child)
    supervisor.start()

    os.kill(child.pid, signal.SIGKILL)

    eventually(lambda: any(status.restarts == 1 for status in supervisor.statuses()))
    supervisor.check()
    (status,) = supervisor.statuses()
    assert (status.state, status.last_exit) == (ChildState.RUNNING, -signal.SIGKILL)
    assert status.pid != child.pid
    assert running(status.pid)
    supervisor.stop()
    assert not running(status.pid)
    assert [status.state for status in seen] == [ChildState.RESTARTING, ChildState.RUNNING]


def test_a_child_that_keeps_crashing_makes_the_stack_unhealthy_and_is_left_alone(
    warden: Warden, python_child: MakeSpec, eventually: Eventually
) -> None:
    supervisor = Supervisor(warden, QUICK)
    source = "import sys; sys.exit('the model does not load')"
    supervisor.adopt(ChildProcess(python_child(source, name="detector"), warden))
    supervisor.start()

    eventually(lambda: supervisor.statuses()[0].state is ChildState.GIVEN_UP)

    assert supervisor.statuses()[0].restarts == QUICK.max_restarts
    with pytest.raises(
        StackUnhealthy, match=r"(?s)detector ended more than 2 times.*the model does not load"
    ):
        supervisor.check()
    supervisor.stop()


def test_a_failure_of_whoever_is_told_reaches_the_caller_of_check(
    warden: Warden, python_child: MakeSpec, eventually: Eventually
) -> None:
    def broken_pipe(_: ChildStatus) -> None:
        raise BrokenPipeError

    supervisor = Supervisor(warden, QUICK, broken_pipe)
    supervisor.adopt(ChildProcess(python_child("pass"), warden))
    supervisor.start()

    def failed() -> bool:
        try:
            supervisor.check()
        except StackUnhealthy as error:
            return "BrokenPipeError" in str(error)
        return False

    eventually(failed)
    supervisor.stop()


def test_children_end_even_when_the_parent_dies_before_the_warden_has_started(
    tmp_path: Path, running: Running, eventually: Eventually
) -> None:
    dies_at_once = PARENT.replace(
        "sys.stdin.read()", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    )

    ended = subprocess.run(
        [sys.executable, "-c", dies_at_once, str(tmp_path), SLEEPER],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )

    assert ended.returncode == -signal.SIGKILL
    child = int(ended.stdout)
    eventually(lambda: not running(child))
