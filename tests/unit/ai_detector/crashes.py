"""Work for a process pool that goes wrong in a real process."""

import os
import signal
from pathlib import Path

from services.ai_detector.adapters.measuring_process import measure_file
from services.ai_detector.meter import Metered


def dies(path: Path, sha256: str | None) -> Metered:
    """End this process as the kernel does when memory runs out; measure what does not ask for it."""
    if path.name == "deadly":
        os.kill(os.getpid(), signal.SIGKILL)
    return measure_file(path, sha256)
