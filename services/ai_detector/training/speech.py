"""Speech of people, alone and over music, as negatives: prompts are short, so they are joined into clips.

Voices recorded for telephones and games are narrow, dry and often through an old codec; a detector that has
only heard music takes them for a machine's.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile
import soxr

from services.ai_detector.spectrum import Floats
from services.ai_detector.training import corpus

PACKAGES = (
    "asterisk-core-sounds-en-g722",
    "asterisk-core-sounds-es-g722",
    "asterisk-core-sounds-fr-g722",
    "asterisk-core-sounds-it-g722",
    "asterisk-core-sounds-ru-g722",
    "fillets-ng-data-cs",
    "fillets-ng-data-nl",
    "klettres-data",
    "ktuberling-data",
)
_SECONDS = 24.0
_CLIPS = 6
_SUFFIXES = {".g722", ".ogg", ".wav"}
_RATE = {".g722": 16_000}
_FEWEST_BYTES = 8_000


def from_debian(unpacked: Path, into: Path, music: list[corpus.Recording]) -> list[corpus.Recording]:
    """Six clips of each package, every second one over music; written once as FLAC under `into`."""
    found = []
    for package in PACKAGES:
        paths = sorted(
            path
            for path in (unpacked / package).rglob("*")
            if path.suffix in _SUFFIXES and path.is_file() and path.stat().st_size > _FEWEST_BYTES
        )
        for clip in range(_CLIPS if paths else 0):
            target = into / package / f"{clip}.flac"
            if not target.exists():
                _write(target, paths, music if clip % 2 else [])
            found.append(
                corpus.Recording(
                    target, False, "human", f"debian/{package}", "see the package's copyright file"
                )
            )
    return found


def _write(target: Path, paths: list[Path], music: list[corpus.Recording]) -> None:
    name = f"{target.parent.name}/{target.name}"
    rng = np.random.default_rng(int(hashlib.sha256(name.encode()).hexdigest()[:8], 16))
    spoken, rate = _joined(paths, rng)
    if music:
        loaded = corpus.load(music[int(rng.integers(len(music)))].path, 5.0, _SECONDS)
        if loaded is not None and loaded[0].shape[0] > 5 * loaded[1]:
            spoken, rate = _over(spoken, rate, *loaded, rng)
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_suffix(".part.flac")
    peak = max(float(np.abs(spoken).max()), 1e-6)
    soundfile.write(unfinished, 0.7 * spoken / peak, rate)
    unfinished.replace(target)


def _joined(paths: list[Path], rng: np.random.Generator) -> tuple[Floats, int]:
    """Prompts in a random order with short pauses, until there is enough; all at the first one's rate."""
    parts, rate, length = [], 0, 0
    for path in (paths[int(i)] for i in rng.permutation(len(paths))):
        for pcm, own in _read(path):
            rate = rate or own
            part = soxr.resample(pcm, own, rate) if own != rate else pcm
            pause = np.zeros(int(rng.uniform(0.1, 0.5) * rate), dtype=np.float32)
            parts += [part, pause]
            length += part.size + pause.size
        if rate and length > _SECONDS * rate:
            break
    return np.concatenate(parts)[: int(_SECONDS * rate), None], rate


def _read(path: Path) -> Iterator[tuple[Floats, int]]:
    """The file as mono; nothing where it cannot be read."""
    if path.suffix == ".g722":
        import av  # noqa: PLC0415 - only for those who train; the package is in the `train` extra

        decoder = av.CodecContext.create("g722", "r")
        decoder.sample_rate = _RATE[path.suffix]
        decoder.layout = "mono"
        parts = [
            frame.to_ndarray().reshape(-1)
            for packet in (av.Packet(path.read_bytes()), None)
            for frame in decoder.decode(packet)
        ]
        yield (np.concatenate(parts) / 32_768).astype(np.float32), _RATE[path.suffix]
        return
    try:
        pcm, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except soundfile.LibsndfileError:
        return
    yield pcm.mean(axis=1), int(rate)


def _over(
    spoken: Floats, rate: int, music: Floats, music_rate: int, rng: np.random.Generator
) -> tuple[Floats, int]:
    """The speech, 0-12 dB above the music, at the music's rate and in its channels."""
    voice = soxr.resample(spoken, rate, music_rate) if rate != music_rate else spoken
    length = min(voice.shape[0], music.shape[0])
    voice, music = voice[:length], music[:length]
    gain = np.std(voice) / (np.std(music) + 1e-9) * 10 ** (-rng.uniform(0, 12) / 20)
    return (voice + np.float32(gain) * music).astype(np.float32), music_rate
