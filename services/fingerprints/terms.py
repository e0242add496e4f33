"""Which words of a fingerprint are looked up, and what the answers say about where recordings agree."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shared.fingerprint import Subfingerprints

LEAST_VOTES = 3
"""Words that must agree on an offset before recordings are compared bit by bit."""
MOST_COMPARED = 40
"""Recordings that are compared, those with most votes first."""
_MIX = np.uint32(2_246_822_519)
_NEAR = 3
"""Offsets that count as one: a word may be a moment early, and speeds differ."""


@dataclass(frozen=True)
class Words:
    """``values`` at ``positions`` of a fingerprint, each value once, where it comes first."""

    values: NDArray[np.uint32]
    positions: NDArray[np.uint16]

    def sampled(self, one_in: int) -> "Words":
        """One word in so many, chosen by its value, so that the same are chosen of every recording."""
        kept = (self.values * _MIX >> np.uint32(16)) % np.uint32(one_in) == 0
        return Words(self.values[kept], self.positions[kept])

    def with_neighbours(self) -> "Words":
        """Each word, and each that differs from it in one bit."""
        flips = np.concatenate([np.zeros(1, np.uint32), np.uint32(1) << np.arange(32, dtype=np.uint32)])
        return Words((self.values[:, None] ^ flips).reshape(-1), np.repeat(self.positions, len(flips)))


@dataclass(frozen=True)
class Found:
    """Words of ours in other recordings: ``number`` says which, at ``there``; ours is at ``here``."""

    here: NDArray[np.int64]
    number: NDArray[np.int64]
    there: NDArray[np.int64]


@dataclass(frozen=True)
class Lead:
    """``here[anchor]`` may be ``there[anchor + offset]`` of recording ``number``."""

    number: int
    anchor: int
    offset: int
    votes: int


def words_of(sound: Subfingerprints) -> Words:
    values, first = np.unique(sound, return_index=True)
    order = np.argsort(first)
    return Words(values[order], first[order].astype(np.uint16))


def leads(found: Found) -> tuple[Lead, ...]:
    """One for each recording that enough words agree on, most votes first."""
    if not found.number.size:
        return ()
    offset = found.there - found.here
    best: dict[int, Lead] = {}
    for shift in (0, 1):  # overlapping bins, so that no agreement is cut by an edge
        place = np.stack([found.number, (offset + shift * _NEAR) // (2 * _NEAR)])
        bins, which, votes = np.unique(place, axis=1, return_inverse=True, return_counts=True)
        for column in np.flatnonzero(votes >= LEAST_VOTES):
            number = int(bins[0, column])
            if number in best and best[number].votes >= votes[column]:
                continue
            inside = np.flatnonzero(which.reshape(-1) == column)
            middle = inside[np.argsort(found.here[inside])[len(inside) // 2]]
            best[number] = Lead(number, int(found.here[middle]), int(offset[middle]), int(votes[column]))
    return tuple(sorted(best.values(), key=lambda lead: -lead.votes)[:MOST_COMPARED])
