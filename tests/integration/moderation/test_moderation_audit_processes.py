"""Several processes that write one audit log, one of them killed in the middle."""

import asyncio
import signal
import sys
from pathlib import Path

from shared.audit.chain import Whole
from shared.audit.file import AuditFile, verify_file
from shared.clock import SystemClock

WRITER = """
import asyncio, sys
from pathlib import Path
from shared.audit.file import AuditFile
from shared.clock import SystemClock

async def main(path, name, count):
    audit = AuditFile(Path(path), SystemClock(), setting="AUDIT")
    print("ready", flush=True)
    for start in range(0, count, 10):
        await asyncio.gather(*(audit.record("heard", reviewer_id=name, token=start + n) for n in range(10)))
        if start == 0:
            print("wrote", flush=True)

asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
"""


async def a_writer(path: Path, name: str, count: int) -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WRITER, str(path), name, str(count), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert await process.stdout.readuntil(b"ready\n")
    return process


async def test_processes_that_share_the_log_never_fork_the_chain(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    writers = [await a_writer(path, f"r{number}", 200) for number in range(3)]
    killed = await a_writer(path, "killed", 1_000_000)
    assert killed.stdout is not None
    await asyncio.wait_for(killed.stdout.readuntil(b"wrote\n"), 60)
    killed.send_signal(signal.SIGKILL)
    for process in (killed, *writers):
        await asyncio.wait_for(process.communicate(), 60)
    audit = AuditFile(path, SystemClock(), setting="AUDIT")
    await audit.record("heard", reviewer_id="after")
    audit.close()
    found = verify_file(path)
    assert isinstance(found, Whole)
    lines = path.read_text().splitlines()
    assert found.head.seq == len(lines)
    for number in range(3):
        assert sum(f'"reviewer_id":"r{number}"' in line for line in lines) == 200
