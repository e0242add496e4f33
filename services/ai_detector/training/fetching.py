"""Music and speech of people out of Debian packages: downloaded and unpacked, never installed."""

import subprocess
import tempfile
from pathlib import Path

from services.ai_detector.training import speech
from services.ai_detector.training.corpus import DEBIAN_MUSIC


def fetch_debian(into: Path) -> list[str]:
    """Unpack what is not there yet into folders named after packages; those that could not be had.

    Uses the machine's own `apt-get download` and `dpkg -x`, some 2.5 GB in all. Blocks.
    """
    missing = []
    for package in dict.fromkeys((*DEBIAN_MUSIC, *speech.PACKAGES)):
        target = into / package
        if target.exists():
            continue
        with tempfile.TemporaryDirectory() as folder:
            got = subprocess.run(["apt-get", "download", package], cwd=folder, check=False)
            archives = list(Path(folder).glob("*.deb"))
            if got.returncode != 0 or not archives:
                missing.append(package)
                continue
            unfinished = target.with_name(f"{package}.part")
            subprocess.run(["dpkg", "-x", str(archives[0]), str(unfinished)], check=True)
            unfinished.rename(target)
    return missing
