"""Samples on their way from the child: integers of 16 bits where the source holds no more, else float32.

Half the bytes through the pipe, and the parent never holds the samples twice.
"""

from collections import deque

import numpy as np

from shared.audio.outcome import Samples

NARROW, WIDE = 2, 4
"""Bytes of a sample on its way."""
_FULL_SCALE = np.float32(2.0**-15)


class Received:
    """Bytes as they came, in order."""

    def __init__(self) -> None:
        self._chunks: deque[bytes] = deque()
        self._bytes = 0

    def __len__(self) -> int:
        return self._bytes

    def extend(self, chunk: bytes) -> None:
        self._chunks.append(chunk)
        self._bytes += len(chunk)

    def samples(self, width: int) -> Samples:
        """All of them as float32 with full scale 1, shape (n,); the bytes are given up on the way.

        The length must be a multiple of ``width``, which is NARROW or WIDE.
        """
        found = np.empty(self._bytes // width, np.float32)
        at, rest = 0, b""
        while self._chunks:
            raw = rest + self._chunks.popleft() if rest else self._chunks.popleft()
            count = len(raw) // width
            target = found[at : at + count]
            if width == NARROW:
                np.multiply(np.frombuffer(raw, "<i2", count), _FULL_SCALE, out=target, casting="unsafe")
            else:
                target[:] = np.frombuffer(raw, "<f4", count)
            at, rest = at + count, raw[count * width :]
        self._bytes = 0
        return found
