"""Music and speech of people out of Debian packages: downloaded and unpacked, never installed."""

import subprocess
import tempfile
import zipfile
from pathlib import Path

from services.ai_detector.training import speech
from services.ai_detector.training.corpus import AUDIO, DEBIAN_MUSIC

_SMALLEST_ARCHIVE = 400_000


def fetch_debian(into: Path) -> list[str]:
    """Unpack what is not there yet into folders named after packages; those that could not be had.

    Uses the machine's own `apt-get download` and `dpkg -x`, some 4.5 GB in all. Blocks.
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
            unpack_archives(unfinished)
            unfinished.rename(target)
    return missing


def unpack_archives(folder: Path) -> None:
    """Take the audio out of zip files of whatever name (.pk3, .jar), as games keep it; the rest goes away.

    An archive `music.pk3` becomes the folder `music.pk3.unpacked`.
    """
    for archive in sorted(folder.rglob("*")):
        if archive.is_symlink() or not archive.is_file() or archive.stat().st_size < _SMALLEST_ARCHIVE:
            continue
        if not zipfile.is_zipfile(archive):
            continue
        with zipfile.ZipFile(archive) as opened:
            audio = [m for m in opened.namelist() if Path(m).suffix.lower() in AUDIO]
            opened.extractall(archive.with_name(f"{archive.name}.unpacked"), members=audio)
        archive.unlink()
