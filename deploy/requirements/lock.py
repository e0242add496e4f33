"""Pins every dependency with its hashes: one list per image, one to run, one to develop.

``make lock`` after a change of pyproject.toml; needs ``uv`` (in the development environment). The lists hold
no address of an index: whoever installs uses their own.
"""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
LISTS = {
    "run": ("run",),
    "dev": ("run", "dev"),
    "ingest": ("ingest",),
    "ai_detector": ("ai-detector",),
    "voice_matcher": ("voice-matcher",),
    "fingerprints": ("fingerprints",),
    "registry": ("registry",),
    "policy": ("policy",),
    "moderation": ("moderation",),
    "notifier": ("notifier",),
    "cli": ("cli",),
    "evaluate": ("run", "evaluate"),
    "train": ("run", "train"),
    "hub": ("run", "hub"),
}


def command(extras: tuple[str, ...], target: Path) -> list[str]:
    chosen = [argument for extra in extras for argument in ("--extra", extra)]
    options = ["--universal", "--python-version", "3.11", "--generate-hashes", "--no-emit-index-url"]
    quiet = ["--no-annotate", "--no-header", "--no-emit-package", "trackgate", "--quiet"]
    compiling = [sys.executable, "-m", "uv", "pip", "compile", "pyproject.toml"]
    return [*compiling, *chosen, *options, *quiet, "-o", str(target)]


def main() -> int:
    for name, extras in LISTS.items():
        target = HERE / f"{name}.txt"
        print(f"locking {target.name}")
        subprocess.run(command(extras, target), cwd=HERE.parents[1], check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
