"""Which recordings there are, what they are, and which must stay together in a split."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from services.ai_detector.spectrum import Floats

AUDIO = {".ogg", ".mp3", ".opus", ".wav", ".flac", ".m4a"}
_MIN_BYTES = 250_000
_MIN_SECONDS = 20.0
_MOST_PER_PACKAGE = 45
_NO_MUSIC_IN = {"ambient", "dialogs", "voices", "Voices"}
_ONLY_IN = {"berusky2-data": "music", "megaglest-data": "music", "scorched3d-data": "music"}
"""Folders of packages whose other audio is wind, rain and machines."""
WHOLE_SECONDS = 90.0
DEBIAN_MUSIC = (
    "0ad-data",
    "adonthell-data",
    "amoebax-data",
    "ardentryst",
    "asc-music",
    "asterisk-moh-opsound-wav",
    "berusky2-data",
    "colobot-common-sounds",
    "davegnukem-data",
    "drascula-music",
    "extremetuxracer-data",
    "fillets-ng-data",
    "flare-game",
    "freecol",
    "freedink-data",
    "freedroidrpg-data",
    "fretsonfire-songs-muldjord",
    "fretsonfire-songs-sectoid",
    "frozen-bubble-data",
    "glob2-data",
    "hedgewars-data",
    "hex-a-hop-data",
    "hyperrogue-music",
    "krank",
    "lincity-ng-data",
    "lordsawar-data",
    "lugaru-data",
    "marsshooter-data",
    "megaglest-data",
    "mrrescue",
    "naev-data",
    "nexuiz-music",
    "noiz2sa-data",
    "openarena-088-data",
    "openclonk-data",
    "planetblupi-music-ogg",
    "plee-the-bear-data",
    "powermanga-data",
    "pushover-data",
    "scorched3d-data",
    "singularity-music",
    "starfighter-data",
    "supertux-data",
    "supertuxkart-data",
    "trackballs-data",
    "tuxmath-data",
    "ufoai-music",
    "unknown-horizons",
    "warmux-data",
    "warzone2100-music",
    "wesnoth-1.16-music",
    "widelands-data",
    "wizznic-data",
    "wordwarvi-sound",
    "xmoto-data",
    "zaz-data",
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
    """Human music in packages unpacked by name under a folder; identical files count once.

    At most 45 recordings of a package, evenly chosen, and none under 20 seconds.
    """
    found, seen = [], set()
    for package in DEBIAN_MUSIC:
        paths = []
        for path in sorted((unpacked / package).rglob("*")):
            if path.suffix.lower() not in AUDIO or not path.is_file() or path.stat().st_size < _MIN_BYTES:
                continue
            folders = set(path.relative_to(unpacked).parts)
            if _NO_MUSIC_IN & folders or _ONLY_IN.get(package, package) not in folders:
                continue
            key = (path.stat().st_size, path.read_bytes()[:65_536])
            if key not in seen and duration(path) >= _MIN_SECONDS:
                seen.add(key)
                paths.append(path)
        kept = np.unique(
            np.linspace(0, len(paths) - 1, min(len(paths), _MOST_PER_PACKAGE)).round().astype(int)
        )
        found += [
            Recording(paths[i], False, "human", f"debian/{package}", "see the package's copyright file")
            for i in kept
        ]
    return found


def from_extra(root: Path) -> list[Recording]:
    """A platform's own catalogue: `manifest.csv` (file, label human|generated, source[, licence]) or folders.

    Without a manifest the folders `human/` and `generated/` are read, each sub-folder being one source.

    Raises:
        FileNotFoundError: neither is there.
    """
    table = root / "manifest.csv"
    if table.exists():
        with table.open(newline="") as lines:
            return [
                _extra(
                    root / row["file"],
                    row["source"],
                    row.get("licence"),
                    generated=row["label"] in ("generated", "ai"),
                )
                for row in csv.DictReader(lines)
            ]
    found = []
    for label in ("human", "generated"):
        for path in sorted((root / label).rglob("*")):
            if path.suffix.lower() in AUDIO:
                source = path.relative_to(root / label).parts[0] if path.parent != root / label else label
                found.append(_extra(path, source, None, generated=label == "generated"))
    if not found:
        raise FileNotFoundError(f"{root}: no manifest.csv, and no audio in human/ or generated/")
    return found


def _extra(path: Path, source: str, licence: str | None, *, generated: bool) -> Recording:
    maker = source if generated else "human"
    return Recording(path, generated, maker, f"extra/{source}", licence or "the operator's own")


def load(path: Path, start: float, seconds: float) -> tuple[Floats, int] | None:
    """PCM (samples, channels) from `start`; None, with a printed reason, where libsndfile cannot read."""
    if path.suffix == ".m4a":
        return _through_ffmpeg(path, start, seconds)
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


def _through_ffmpeg(path: Path, start: float, seconds: float) -> tuple[Floats, int]:
    import av  # noqa: PLC0415 - only for those who train; the package is in the `train` extra

    with av.open(str(path)) as source:
        rate = int(source.streams.audio[0].codec_context.sample_rate)
        frames = av.AudioResampler(format="fltp")
        parts = [p.to_ndarray() for frame in source.decode(audio=0) for p in frames.resample(frame)]
    pcm = np.concatenate(parts, axis=1).T[int(start * rate) : int((start + seconds) * rate), :2]
    return np.ascontiguousarray(pcm, dtype=np.float32), rate


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
    """Seconds by header, 0 where the file cannot be read."""
    if path.suffix == ".m4a":
        import av  # noqa: PLC0415 - as above

        with av.open(str(path)) as source:
            return float((source.duration or 0) / av.time_base)
    try:
        info = soundfile.info(path)
    except soundfile.LibsndfileError:
        return 0.0
    return float(info.frames / info.samplerate)
