"""Which recordings there are, what they are, and which must stay together in a split."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from services.ai_detector.spectrum import Floats

_AUDIO = {".ogg", ".mp3", ".opus", ".wav", ".flac"}
_MIN_BYTES = 300_000
WHOLE_SECONDS = 180.0
DEBIAN_MUSIC = (
    "asc-music",
    "asterisk-moh-opsound-wav",
    "colobot-common-sounds",
    "fretsonfire-songs-muldjord",
    "fretsonfire-songs-sectoid",
    "hyperrogue-music",
    "marsshooter-data",
    "nexuiz-music",
    "planetblupi-music-ogg",
    "pushover-data",
    "singularity-music",
    "ufoai-music",
    "warzone2100-music",
    "wesnoth-1.16-music",
)


@dataclass(frozen=True)
class Recording:
    """`source`, a repository or package, is never split: authors and mastering stay on one side."""

    path: Path
    generated: bool
    generator: str
    source: str
    licence: str

    @property
    def family(self) -> str:
        """What is left out as one: the generator, or for people the source."""
        return self.generator if self.generated else self.source


def from_manifest(root: Path) -> list[Recording]:
    """Read `manifest.csv` (columns file, label, generator, source, licence)."""
    with (root / "manifest.csv").open(newline="") as lines:
        return [
            Recording(
                root / row["file"], row["label"] == "ai", row["generator"], row["source"], row["licence"]
            )
            for row in csv.DictReader(lines)
        ]


def from_debian(unpacked: Path) -> list[Recording]:
    """Human music in packages unpacked by name under a folder; identical files count once."""
    found, seen = [], set()
    for package in DEBIAN_MUSIC:
        for path in sorted((unpacked / package).rglob("*")):
            if path.suffix.lower() not in _AUDIO or not path.is_file() or path.stat().st_size < _MIN_BYTES:
                continue
            key = (path.stat().st_size, path.read_bytes()[:65_536])
            if key not in seen:
                seen.add(key)
                found.append(
                    Recording(path, False, "human", f"debian/{package}", "see the package's copyright file")
                )
    return found


def load(path: Path, start: float, seconds: float) -> tuple[Floats, int] | None:
    """PCM (samples, channels) from `start`; None, with a printed reason, where libsndfile cannot read."""
    try:
        with soundfile.SoundFile(path) as file:
            rate = int(file.samplerate)
            if path.suffix == ".flac":
                _read(file, int(start * rate))  # some in the manifest have no seek table and refuse to seek
            else:
                file.seek(int(start * rate))
            pcm = _read(file, int(seconds * rate))
    except soundfile.LibsndfileError as error:
        print(f"skipped {path.name}: {error}")
        return None
    return np.ascontiguousarray(pcm[:, :2]), rate


def _read(file: soundfile.SoundFile, frames: int) -> Floats:
    """Up to so many frames; what there is where the stream ends before its header says."""
    parts = [np.zeros((0, file.channels), dtype=np.float32)]
    while frames > 0:
        try:
            part = file.read(min(frames, 4 * file.samplerate), dtype="float32", always_2d=True)
        except soundfile.LibsndfileError:
            break
        if part.shape[0] == 0:
            break
        parts.append(part)
        frames -= part.shape[0]
    return np.concatenate(parts)


def duration(path: Path) -> float:
    """Seconds by header, 0 where libsndfile cannot read the file."""
    try:
        info = soundfile.info(path)
    except soundfile.LibsndfileError:
        return 0.0
    return float(info.frames / info.samplerate)
