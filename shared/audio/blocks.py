# ruff: noqa: PLR2004 - the numbers are widths of samples in bits
"""Samples in blocks: PCM by numpy alone, everything else by libsndfile through a window."""

import hashlib
from collections.abc import Iterator

import numpy as np
import soundfile
from numpy.typing import NDArray

from shared.audio.outcome import FailureKind
from shared.audio.stream import CodedStream, PcmStream, Refused
from shared.audio.window import Source, Window

BLOCK_FRAMES = 65_536

Block = NDArray[np.generic]


class PcmBlocks:
    """Yields (frames, channels): integers left-aligned in the 16 or 32 bits that hold them, or float32.

    Samples times ``scale`` have full scale 1.
    """

    def __init__(self, source: Source, stream: PcmStream) -> None:
        self._source = source
        self._stream = stream
        self.sample_rate = stream.sample_rate
        self.channels = stream.channels
        self.scale = 1.0 if stream.kind == "f" else _integer_scale(stream.bits)

    @property
    def promised(self) -> int:
        """Frames that are there: the header's size was held against the file's."""
        return self._stream.length * 8 // (self._stream.channels * self._stream.bits)

    @property
    def length(self) -> int:
        return self.promised

    def __iter__(self) -> Iterator[Block]:
        return self.stretch(0, self.promised)

    def stretch(self, start: int, count: int) -> Iterator[Block]:
        """``count`` frames from ``start``, which must be there."""
        stream = self._stream
        align = stream.channels * stream.bits // 8
        for at in range(start, start + count, BLOCK_FRAMES):
            frames = min(BLOCK_FRAMES, start + count - at)
            raw = self._source.at(stream.start + at * align, frames * align)
            yield _samples(raw, stream).reshape(-1, stream.channels)


def _samples(raw: bytes, stream: PcmStream) -> Block:
    if stream.kind == "f":
        with np.errstate(over="ignore"):
            return np.frombuffer(raw, f"<f{stream.bits // 8}").astype(np.float32, copy=False)
    if stream.kind == "u":
        return (np.frombuffer(raw, np.uint8).astype(np.int16) - 128) << 8
    if stream.bits == 24:
        wide = np.zeros((len(raw) // 3, 4), np.uint8)
        wide[:, 1:] = np.frombuffer(raw, np.uint8).reshape(-1, 3)
        return wide.view("<i4").reshape(-1)
    return np.frombuffer(raw, f"<i{stream.bits // 8}")


def _integer_scale(bits: int) -> float:
    return 2.0**-15 if bits <= 16 else 2.0**-31


class _InOrder(soundfile.SoundFile):  # type: ignore[misc] # the package has no types
    """Read once, front to back: ``soundfile`` then neither clips at the promised length nor seeks."""

    def seekable(self) -> bool:
        return False


class CodedBlocks:
    """Yields (frames, channels): FLAC's integers exactly, as PcmBlocks does, and float32 for lossy codecs.

    Without ``digest`` FLAC's MD5 is left alone, which is a third of what decoding FLAC costs: for bytes that
    were inspected before. A block is valid until the next one is asked for.

    Raises:
        Refused: libsndfile disagrees about the type, fails, or the count or the digest is not the promised.
    """

    def __init__(self, source: Source, stream: CodedStream, *, digest: bool = True) -> None:
        self._stream = stream
        self._digest = stream.md5 if digest else None
        self._window = Window(source, stream.start, stream.end, stream.patches)
        try:
            self._file = _InOrder(self._window)
        except soundfile.LibsndfileError as error:
            raise Refused(FailureKind.MALFORMED, f"the {stream.container} file cannot be opened") from error
        name, subtypes = stream.opens_as
        if self._file.format != name or self._file.subtype not in subtypes:
            raise Refused(FailureKind.MALFORMED, "two readers disagree about what the file is")
        self.sample_rate: int = self._file.samplerate
        self.channels: int = self._file.channels
        self._exact = stream.container == "flac"
        self.scale = _integer_scale(stream.bits) if self._exact else 1.0
        self._promised: int | None = self._file.frames if stream.container == "ogg" else stream.promised

    @property
    def promised(self) -> int | None:
        return self._promised

    @property
    def length(self) -> int | None:
        """Frames that decoding gives, where known: an MP3 file promises its encoder's padding as well."""
        return None if self._promised is None else min(self._promised, self._file.frames)

    def __iter__(self) -> Iterator[Block]:
        buffer = np.empty((BLOCK_FRAMES, self.channels), self._width())
        digest = hashlib.md5(usedforsecurity=False)
        decoded = 0
        while True:
            try:
                block = self._file.read(BLOCK_FRAMES, out=buffer)
            except soundfile.LibsndfileError as error:
                raise self._broke(decoded) from error
            if not len(block):
                break
            decoded += len(block)
            if self._digest is not None:
                digest.update(_packed(block, self._stream.bits))
            yield block
        self._check(decoded, digest.digest())

    def stretch(self, start: int, count: int) -> Iterator[Block]:
        """``count`` frames from ``start``, sought: nothing before and behind is checked.

        Where an MP3 stream ends a few frames before its promise, silence fills the rest.
        """
        buffer = np.empty((BLOCK_FRAMES, self.channels), self._width())
        left = count
        try:
            self._file.seek(start)
            while left > 0 and len(block := self._file.read(min(left, BLOCK_FRAMES), out=buffer)):
                left -= len(block)
                yield block
        except soundfile.LibsndfileError as error:
            raise self._broke(start + count - left) from error
        if left > self._stream.slack:
            raise self._broke(start + count - left)
        if left > 0:
            yield np.zeros((left, self.channels), self._width())

    def _width(self) -> type[np.generic]:
        if not self._exact:
            return np.float32
        return np.int16 if self._stream.bits <= 16 else np.int32

    def _broke(self, decoded: int) -> Refused:
        seconds = decoded / self.sample_rate
        return Refused(
            FailureKind.TRUNCATED if self._window.exhausted else FailureKind.MALFORMED,
            f"decoding the {self._stream.container} file broke off after {seconds:.1f} s: "
            "it is cut, damaged, or holds foreign bytes",
        )

    def _check(self, decoded: int, digest: bytes) -> None:
        promised = self._promised
        if promised is not None and decoded < promised - self._stream.slack:
            raise Refused(
                FailureKind.TRUNCATED, f"the file promises {promised} samples a channel and holds {decoded}"
            )
        if promised is not None and decoded > promised + self._stream.slack:
            raise Refused(
                FailureKind.MALFORMED, f"the file promises {promised} samples a channel and holds {decoded}"
            )
        if self._digest is not None and digest != self._digest:
            raise Refused(FailureKind.CHECKSUM, "the samples are not those the FLAC file's MD5 was made of")


def _packed(block: Block, bits: int) -> bytes | memoryview:
    """What FLAC digests: little-endian, interleaved, each sample in whole bytes (RFC 9639, 8.2)."""
    if bits == 16:
        return np.ascontiguousarray(block, "<i2").data
    if bits == 8:
        return (block.view(np.int16) >> 8).astype(np.int8).tobytes()
    return np.ascontiguousarray(block.astype("<i4").view(np.uint8).reshape(-1, 4)[:, 1:]).tobytes()
