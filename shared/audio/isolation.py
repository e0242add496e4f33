"""What a process can take from itself before it looks at bytes that someone sent.

Called once, in the child, after all imports and with a single thread. Each measure is taken where the
kernel permits it; what held is reported, nothing is assumed.
"""

import ctypes
import os
import resource
import signal
import struct

MEASURES = ("limits", "dies-with-parent", "no-network", "no-new-privileges", "no-files", "nobody")

_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38
_CLONE_NEWNET, _CLONE_NEWUSER = 0x40000000, 0x10000000
_LANDLOCK_CREATE_RULESET, _LANDLOCK_RESTRICT_SELF = 444, 446
_LANDLOCK_FS_V1 = 0x1FFF
"""All file-system rights of Landlock ABI 1 (linux/landlock.h): execute, write, read, list, remove, make."""
_NOBODY = 65_534


def isolate(*, memory_bytes: int, cpu_seconds: int) -> tuple[str, ...]:
    """Take everything away that decoding does not need, for good. Returns the measures that held.

    Left are: the descriptors that are open, memory up to ``memory_bytes`` of address space, and
    ``cpu_seconds`` of processor time, after which the kernel ends the process with SIGXCPU.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    held = {
        "dies-with-parent": libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) == 0,
        "no-network": _leave_network(libc),
        "no-new-privileges": libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0,
        "no-files": _close_file_system(libc),
        "nobody": _become_nobody(),
        "limits": _limit(memory_bytes, cpu_seconds),
    }
    return tuple(name for name in MEASURES if held[name])


def _leave_network(libc: ctypes.CDLL) -> bool:
    """A network namespace of its own, with nothing in it; without privileges, inside a user namespace."""
    unshare = getattr(libc, "unshare", None)
    if unshare is None:
        return False
    return bool(unshare(_CLONE_NEWNET) == 0 or unshare(_CLONE_NEWUSER | _CLONE_NEWNET) == 0)


def _close_file_system(libc: ctypes.CDLL) -> bool:
    """Landlock with a rule set that handles every right and grants none."""
    attribute = struct.pack("<Q", _LANDLOCK_FS_V1)
    ruleset = libc.syscall(_LANDLOCK_CREATE_RULESET, attribute, ctypes.c_size_t(len(attribute)), 0)
    if ruleset < 0:
        return False
    try:
        return bool(libc.syscall(_LANDLOCK_RESTRICT_SELF, ruleset, 0) == 0)
    finally:
        os.close(ruleset)


def _become_nobody() -> bool:
    """Root gives up its user, and with it every capability. Others are already what they are."""
    if os.geteuid() != 0:
        return True
    try:
        os.setgroups([])
        os.setgid(_NOBODY)
        os.setuid(_NOBODY)
    except OSError:
        return False
    return True


def _limit(memory_bytes: int, cpu_seconds: int) -> bool:
    wanted = [
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_FSIZE, 0, 0),
        (resource.RLIMIT_NOFILE, 0, 0),
        (resource.RLIMIT_CPU, cpu_seconds, cpu_seconds + 1),
        (resource.RLIMIT_AS, memory_bytes, memory_bytes),
    ]
    if os.geteuid() != 0:
        wanted.append((resource.RLIMIT_NPROC, 0, 0))
    held = True
    for limit, soft, hard in wanted:
        try:
            resource.setrlimit(limit, (soft, hard))
        except (OSError, ValueError):
            held = False
    return held
