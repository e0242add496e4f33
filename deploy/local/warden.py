"""A tiny process that outlives its parent just long enough to stop what the parent started.

It reads ``+PID GRACE`` and ``-PID`` lines on standard input, each PID leading a process group of its own.
When the input ends, as it does however the parent died, SIGKILL included, it sends SIGTERM to the leaders
that are left, waits their grace, and kills their groups. Its session is its own: Ctrl-C does not reach it.

PR_SET_PDEATHSIG would be less code, but it fires when the *thread* that forked ends, is Linux only, and does
not reach the grandchildren (a service's process pool).

Standard library only: it is started as a bare script, so that it costs little to start and to keep.
"""

import contextlib
import os
import select
import signal
import sys
import time
from pathlib import Path

_ORPHAN_CHECK_S = 1.0
_POLL_S = 0.05


def send(pid: int, signum: int, *, group: bool) -> bool:
    """False when there is nobody left to signal."""
    try:
        if group:
            os.killpg(pid, signum)
        else:
            os.kill(pid, signum)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def is_gone(pid: int) -> bool:
    """True for a zombie too: where nobody reaps orphans (a container without an init) they stay."""
    if not send(pid, 0, group=False):
        return True
    try:
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[:1] == [b"Z"]
    except OSError:
        return False


def stop_all(graces: dict[int, float]) -> None:
    started = time.monotonic()
    for pid in graces:
        send(pid, signal.SIGTERM, group=False)
    left = dict(graces)
    while left:
        for pid, grace in list(left.items()):
            if is_gone(pid) or time.monotonic() - started > grace:
                send(pid, signal.SIGKILL, group=True)
                del left[pid]
        time.sleep(_POLL_S)


def read_until_orphaned(parent: int) -> dict[int, float]:
    """Empties the input first even when the parent is gone already: it may die before this has started."""
    graces: dict[int, float] = {}
    buffer = b""
    while True:
        readable, _, _ = select.select([0], [], [], _ORPHAN_CHECK_S)
        if not readable:
            if os.getppid() != parent:
                break
            continue
        chunk = os.read(0, 4096)
        if not chunk:
            break
        *lines, buffer = (buffer + chunk).split(b"\n")
        for line in lines:
            fields = line.split()
            pid = int(fields[0][1:])
            if fields[0].startswith(b"+"):
                graces[pid] = float(fields[1])
            else:
                graces.pop(pid, None)
    return graces


def main() -> None:
    for signum in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(signum, signal.SIG_IGN)
    with contextlib.suppress(OSError):
        os.chdir("/")
    stop_all(read_until_orphaned(int(sys.argv[1])))


if __name__ == "__main__":
    main()
