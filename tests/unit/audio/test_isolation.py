"""What a decoder that was taken over could still do: tried from inside an isolated process."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ATTEMPTS = """
import errno, json, os, socket, sys
sys.path.insert(0, sys.argv[1])
from shared.audio.isolation import isolate

def attempt(deed):
    try:
        deed()
    except (OSError, MemoryError) as error:
        return type(error).__name__
    return "done"

held = isolate(memory_bytes=256 << 20, cpu_seconds=5)
out = {
    "held": held,
    "read a file": attempt(lambda: os.open("/etc/passwd", os.O_RDONLY)),
    "write a file": attempt(lambda: os.open("/tmp/trackgate-escape", os.O_WRONLY | os.O_CREAT)),
    "open a socket": attempt(lambda: socket.socket()),
    "start a program": attempt(lambda: os.execv("/bin/true", ["true"])),
    "take a gigabyte": attempt(lambda: bytearray(1 << 30)),
    "become root": attempt(lambda: os.setuid(0)) if os.geteuid() != 0 else "done",
}
os.write(1, json.dumps(out).encode())
"""


@pytest.fixture(scope="module")
def deeds() -> dict[str, object]:
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run(
        [sys.executable, "-I", "-c", ATTEMPTS, str(root)], capture_output=True, check=True, timeout=30
    )
    answers: dict[str, object] = json.loads(done.stdout)
    return answers


@pytest.mark.parametrize(
    ("deed", "measure"),
    [
        ("read a file", "no-files"),
        ("write a file", "no-files"),
        ("open a socket", "limits"),
        ("start a program", "no-files"),
        ("take a gigabyte", "limits"),
        ("become root", "nobody"),
    ],
)
def test_an_isolated_process_cannot(deeds: dict[str, object], deed: str, measure: str) -> None:
    held = deeds["held"]
    assert isinstance(held, list)
    if measure not in held:
        pytest.skip(f"this kernel does not grant {measure}, and isolate() says so")
    assert deeds[deed] != "done"
