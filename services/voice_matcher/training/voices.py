"""Openly licensed voices and music from Debian packages, as labelled 16 kHz segments.

One folder (or, for fillets, one actor's letter) is taken as one voice: an assumption, the packages do not
say. Folders that may hold the same person share a ``person``; pairs across them are neither same nor
different and are left out of every trial: Allison (English and Spanish), and the four kajongg readers
(English and German).
"""

import random
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import soxr

RATE = 16_000
SEGMENT_SECONDS = 9.0
MOST_SEGMENTS = 8
SILENCE_DB = -38.0

ASTERISK = (
    "asterisk-core-sounds-en-g722",
    "asterisk-core-sounds-es-g722",
    "asterisk-core-sounds-fr-g722",
    "asterisk-core-sounds-it-g722",
    "asterisk-core-sounds-ru-g722",
    "asterisk-prompt-es-co",
    "asterisk-prompt-fr-armelle",
    "asterisk-prompt-it-menardi-wav",
)
MUSIC = (
    "wesnoth-1.16-music",
    "ufoai-music",
    "nexuiz-music",
    "singularity-music",
    "colobot-common-sounds",
    "hyperrogue-music",
    "marsshooter-data",
    "pushover-data",
    "warzone2100-music",
)
SOUND = {".ogg", ".wav", ".g722", ".gsm", ".opus"}


@dataclass(frozen=True)
class Voice:
    """``name`` is one folder of one package; ``person`` is shared by folders that may be the same human."""

    name: str
    package: str
    person: str
    files: tuple[Path, ...]


def _sounds(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.suffix in SOUND and p.is_file())


def _grouped(
    package: str, files: list[Path], key: dict[Path, str], person: dict[str, str]
) -> Iterator[Voice]:
    for name in sorted(set(key.values())):
        own = tuple(f for f in files if key.get(f) == name)
        yield Voice(f"{package}/{name}", package, person.get(name, f"{package}/{name}"), own)


def catalogue(root: Path) -> list[Voice]:
    """All voices under ``root``, the folder into which the Debian packages were unpacked."""
    voices = []
    for package in ASTERISK:
        files = [f for f in _sounds(root / package) if "silence" not in f.parts]
        person = "allison" if package.endswith(("en-g722", "es-g722")) else package
        voices.append(Voice(package, "asterisk", person, tuple(files)))
    files = _sounds(root / "kajongg")
    key = {f: ("de-" if f.parent.parent.name == "de" else "en-") + f.parent.name for f in files}
    voices += _grouped("kajongg", files, key, {name: f"kajongg/{name[3:]}" for name in key.values()})
    files = _sounds(root / "klettres-data")
    voices += _grouped("klettres", files, {f: f.parents[1].name for f in files}, {})
    files = _sounds(root / "ktuberling-data")
    voices += _grouped("ktuberling", files, {f: f.parent.name.split("@")[0] for f in files}, {})
    for language in ("cs", "nl"):
        files = _sounds(root / f"fillets-ng-data-{language}")
        key = {
            f: f"{language}-{f.name.split('-')[1]}" for f in files if f.name.split("-")[1:2] in (["m"], ["v"])
        }
        voices += _grouped("fillets", files, key, {})
    return voices


def decode(path: Path, rate: int = RATE, seconds: float | None = None, start: float = 0.0) -> np.ndarray:
    """(frames, channels) float32 at ``rate``."""
    parts = []
    with av.open(
        str(path), format="gsm" if path.suffix == ".gsm" else None, metadata_errors="replace"
    ) as container:
        stream = container.streams.audio[0]
        if start:
            container.seek(int(start / stream.time_base), stream=stream)
        own_rate, got = stream.rate, 0
        for frame in container.decode(stream):
            block = frame.to_ndarray()
            if block.dtype.kind == "i":
                block = block.astype(np.float32) / np.iinfo(block.dtype).max
            channels = frame.layout.nb_channels
            block = block.T if frame.format.is_planar else block.reshape(-1, channels)
            parts.append(np.asarray(block, np.float32))
            got += block.shape[0]
            if seconds is not None and got > seconds * own_rate:
                break
    samples = np.concatenate(parts) if parts else np.zeros((0, 1), np.float32)
    if seconds is not None:
        samples = samples[: int(seconds * own_rate)]
    return soxr.resample(samples, own_rate, rate).astype(np.float32) if len(samples) else samples


def without_silence(signal: np.ndarray) -> np.ndarray:
    """Drop 20 ms blocks more than 38 dB under the loudest, and bring the rest to -23 dBFS."""
    blocks = signal[: signal.size // 320 * 320].reshape(-1, 320)
    if not len(blocks):
        return signal[:0]
    level = 10 * np.log10((blocks**2).mean(1) + 1e-12)
    kept = blocks[level > level.max() + SILENCE_DB].reshape(-1)
    rms = np.sqrt((kept**2).mean()) + 1e-9
    return np.clip(kept * (10 ** (-23 / 20) / rms), -1, 1)


def segments(voice: Voice) -> list[np.ndarray]:
    """Up to 8 segments of 9 s, each from prompts of its own; none when there is too little voice."""
    files = list(voice.files)
    random.Random(zlib.crc32(voice.name.encode())).shuffle(files)  # noqa: S311 - an order that repeats
    size, made, pending = int(SEGMENT_SECONDS * RATE), [], np.zeros(0, np.float32)
    for path in files:
        try:
            clean = without_silence(decode(path).mean(1))
        except (av.error.FFmpegError, IndexError):
            continue
        pending = np.concatenate([pending, clean])
        if pending.size >= size:
            made.append(pending[:size].astype(np.float32))
            pending = pending[:0]
        if len(made) == MOST_SEGMENTS:
            break
    return made if len(made) >= 2 else []


def music_files(root: Path) -> list[Path]:
    """Instrumental pieces, not jingles."""
    return [f for package in MUSIC for f in _sounds(root / package) if f.stat().st_size > 400_000]


def music(root: Path, seconds: float, most: int) -> list[tuple[str, np.ndarray]]:
    """Stereo excerpts from 30 s into instrumental pieces: (name, (frames, 2) at 16 kHz), none silent."""
    files = music_files(root)
    random.Random(1).shuffle(files)  # noqa: S311 - an order that repeats
    found: list[tuple[str, np.ndarray]] = []
    for path in files:
        if len(found) == most:
            break
        try:
            excerpt = decode(path, seconds=seconds + 1.0, start=30.0)[: int(seconds * RATE)]
        except (av.error.FFmpegError, IndexError):
            continue
        if excerpt.shape == (int(seconds * RATE), 2) and np.sqrt((excerpt**2).mean()) > 0.01:
            found.append((str(path.relative_to(root)), excerpt))
    return found


def mix(voice: np.ndarray, band: np.ndarray, ratio_db: float) -> np.ndarray:
    """Voice in the centre over stereo music of the same length, ``ratio_db`` of voice to music."""
    gain = np.sqrt((voice**2).mean()) / (np.sqrt((band**2).mean()) + 1e-9) * 10 ** (-ratio_db / 20)
    mixed = voice[:, None] + gain * band
    return (mixed / max(1.0, float(np.abs(mixed).max()))).astype(np.float32)
