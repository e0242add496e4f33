"""Subfingerprints as bytes, the way AcoustID takes them (base64url of these is what ``fpcalc`` prints).

What changes from one to the next: the distances between the set bits of their exclusive or, in 3 bits each,
0 ending a subfingerprint; distances of 7 and more go on in 5 bits at the end. In front, the algorithm (one
byte) and the number of subfingerprints (three, the highest first).
"""

import numpy as np
from numpy.typing import NDArray

from shared.fingerprint.subfingerprints import Subfingerprints

ALGORITHM = 1
"""Algorithm 2, counted from 0."""
_HEADER = 4
_LONG = 7
_BITS = 32


class CompressionError(ValueError):
    """These bytes are no compressed fingerprint of algorithm 2."""


def compress(found: Subfingerprints) -> bytes:
    changes = found ^ np.concatenate([np.zeros(1, np.uint32), found[:-1]])
    row, bit = np.nonzero(changes[:, None] >> np.arange(_BITS, dtype=np.uint32) & np.uint32(1))
    first = np.concatenate([[True], row[1:] != row[:-1]]) if row.size else np.empty(0, bool)
    gaps = np.where(first, bit + 1, np.diff(bit, prepend=0)).astype(np.uint8)
    ends = np.bincount(row, minlength=len(found)).cumsum()
    normal = np.insert(np.minimum(gaps, _LONG), ends, 0)
    long = gaps[gaps >= _LONG] - _LONG
    header = bytes([ALGORITHM]) + len(found).to_bytes(3, "big")
    return header + _pack(normal, 3) + _pack(long, 5)


def decompress(content: bytes) -> Subfingerprints:
    """Undo ``compress``.

    Raises:
        CompressionError: another algorithm, or bytes that end early or break the format.
    """
    if len(content) < _HEADER or content[0] != ALGORITHM:
        raise CompressionError("this is no fingerprint of algorithm 2")
    count = int.from_bytes(content[1:_HEADER], "big")
    normal = _unpack(content[_HEADER:], 3)
    ends = np.flatnonzero(normal == 0)[:count]
    if len(ends) < count:
        raise CompressionError(f"promises {count} subfingerprints and holds {len(ends)}")
    if count == 0:
        return np.empty(0, np.uint32)
    normal = normal[: ends[-1] + 1].astype(np.int64)
    long = normal == _LONG
    rest = _unpack(content[_HEADER + (normal.size * 3 + 7) // 8 :], 5)
    if rest.size < long.sum():
        raise CompressionError("ends in the middle of its long distances")
    normal[long] += rest[: long.sum()]
    row = np.repeat(np.arange(count), np.diff(ends, prepend=-1))
    total = normal.cumsum()
    before = np.concatenate([[0], total[ends[:-1]]])
    bit = (total - before[row] - 1)[normal > 0]
    if bit.size and bit.max() >= _BITS:
        raise CompressionError("a bit beyond the 32nd is set")
    changes = np.zeros(count, np.uint32)
    np.bitwise_or.at(changes, row[normal > 0], np.uint32(1) << bit.astype(np.uint32))
    return np.asarray(np.bitwise_xor.accumulate(changes), np.uint32)


def _pack(values: NDArray[np.uint8], width: int) -> bytes:
    bits = values[:, None] >> np.arange(width, dtype=np.uint8) & np.uint8(1)
    return np.packbits(bits.reshape(-1), bitorder="little").tobytes()


def _unpack(content: bytes, width: int) -> NDArray[np.uint8]:
    bits = np.unpackbits(np.frombuffer(content, np.uint8), bitorder="little")
    whole = bits[: bits.size // width * width].reshape(-1, width)
    return np.asarray(whole @ (1 << np.arange(width, dtype=np.uint8)), np.uint8)
