"""Real recordings as tracks of a wanted length, each delivery with bytes of its own."""

import uuid
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from shared.errors import SettingsError

RATE = 44_100
_STREAMINFO_END = 4 + 4 + 34
_LAST_BLOCK, _APPLICATION = 0x80, 2
_OURS = b"TGbn"


@dataclass(frozen=True)
class Recording:
    """A stereo FLAC of 16 bits at 44.1 kHz."""

    content: bytes
    seconds: float

    def unique(self) -> bytes:
        """The same audio as other bytes: an application block with a number of its own (RFC 9639, 8.4)."""
        nonce = _OURS + uuid.uuid4().bytes
        head = bytearray(self.content[:_STREAMINFO_END])
        last = head[4] & _LAST_BLOCK
        head[4] &= ~_LAST_BLOCK
        block = bytes([_APPLICATION | last]) + len(nonce).to_bytes(3) + nonce
        return bytes(head) + block + self.content[_STREAMINFO_END:]


def recordings(folder: Path, work: Path, *, seconds: float, variants: int) -> list[Recording]:
    """``variants`` tracks of ``seconds``, spliced from the recordings in ``folder``, each from another start.

    Only recordings at 44.1 kHz are taken, so that nothing is resampled and detectors see what was recorded.

    Raises:
        SettingsError: the folder holds none.
    """
    parts = [_stereo(path) for path in sorted(folder.iterdir()) if path.is_file()]
    found = [part for part in parts if part is not None]
    if not found:
        raise SettingsError(f"no recording at {RATE} Hz in {folder}; name another with --audio")
    whole = np.concatenate(found)
    wanted = int(seconds * RATE)
    made = []
    for variant in range(variants):
        start = variant * whole.shape[0] // variants
        track = np.take(whole, range(start, start + wanted), axis=0, mode="wrap")
        file = work / f"variant-{variant}.flac"
        soundfile.write(file, track, RATE, format="FLAC", subtype="PCM_16")
        made.append(Recording(file.read_bytes(), seconds))
        file.unlink()
    return made


def _stereo(path: Path) -> "np.ndarray[tuple[int, int], np.dtype[np.int16]] | None":
    try:
        samples, rate = soundfile.read(path, dtype="int16", always_2d=True)
    except soundfile.LibsndfileError:  # some samples are broken on purpose
        return None
    if rate != RATE:
        return None
    return np.ascontiguousarray(
        np.repeat(samples, 2, axis=1)[:, :2] if samples.shape[1] == 1 else samples[:, :2]
    )
