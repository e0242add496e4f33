"""Makes recordings for the tests, good and malicious, by our own bytes or by libsndfile's encoders."""

import io
import struct
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

RATE = 44_100


def tone(seconds: float, *, channels: int = 2, rate: int = RATE) -> NDArray[np.float32]:
    """A chord with some noise, different in each channel, (frames, channels), peak about 0.5."""
    count = int(seconds * rate)
    time = np.arange(count) / rate
    noise = np.random.default_rng(7).standard_normal((count, channels)) * 0.02
    pitches = 220.0 * (1 + np.arange(channels) / 4)
    return np.asarray(0.4 * np.sin(2 * np.pi * pitches * time[:, None]) + noise, np.float32)


def encoded(
    samples: NDArray[np.float32], container: str, subtype: str | None = None, rate: int = RATE
) -> bytes:
    """As a file of ``container``; in small writes, because libsndfile's Vorbis encoder dies of large ones."""
    memory = io.BytesIO()
    with soundfile.SoundFile(memory, "w", rate, samples.shape[1], format=container, subtype=subtype) as file:
        for at in range(0, len(samples), 4096):
            file.write(samples[at : at + 4096])
    return memory.getvalue()


def chunk(name: bytes, content: bytes, *, declared: int | None = None) -> bytes:
    size = len(content) if declared is None else declared
    return name + struct.pack("<I", size) + content + b"\0" * (len(content) % 2)


def fmt(tag: int, channels: int, rate: int, bits: int, extra: bytes = b"") -> bytes:
    align = channels * bits // 8
    return chunk(b"fmt ", struct.pack("<HHIIHH", tag, channels, rate, rate * align, align, bits) + extra)


def wav(*chunks: bytes) -> bytes:
    body = b"WAVE" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


_CRC8 = [0] * 256
for _value in range(256):
    _crc = _value
    for _ in range(8):
        _crc = (_crc << 1 ^ 0x07) & 0xFF if _crc & 0x80 else _crc << 1
    _CRC8[_value] = _crc


def _crc16(content: bytes) -> int:
    crc = 0
    for byte in content:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x8005) & 0xFFFF if crc & 0x8000 else crc << 1
    return crc


def flac_of_silence(path: Path, seconds: float, *, promised: int | None = None, block: int = 65_535) -> None:
    """A FLAC file of digital silence, 44.1 kHz stereo, 16 bits, in constant subframes of ``block`` samples.

    About 16 bytes for one and a half seconds: an expansion of 16 000. ``promised`` is what STREAMINFO says;
    0 is "unknown", None the truth.
    """
    frames = int(seconds * RATE) // block
    total = frames * block if promised is None else promised
    packed = RATE << 44 | (2 - 1) << 41 | (16 - 1) << 36 | total
    info = struct.pack(">HH", block, block) + b"\0" * 6 + struct.pack(">Q", packed) + b"\0" * 16
    with path.open("wb") as file:
        file.write(b"fLaC\x80\0\0\x22" + info)
        for number in range(frames):
            header = bytes([0xFF, 0xF8, 0x79, 0x18]) + _coded_number(number) + struct.pack(">H", block - 1)
            crc = 0
            for byte in header:
                crc = _CRC8[crc ^ byte]
            body = header + bytes([crc]) + b"\0\0\0" * 2
            file.write(body + struct.pack(">H", _crc16(body)))


def _coded_number(number: int) -> bytes:
    """FLAC's frame number, which is coded like UTF-8."""
    return chr(number).encode("utf-8", "surrogatepass")
