"""The voices of all protected artists as rows of arrays: 1 KB each, added and removed in place."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from services.voice_matcher.domain import ReferenceVoice
from services.voice_matcher.fbank import Floats
from services.voice_matcher.scoring import Background, Level, enrolled_level
from services.voice_matcher.sketch import Codes, Sketcher

T = TypeVar("T", bound=np.generic)
_GROWTH = 1.5


@dataclass(frozen=True)
class Chosen:
    """Some rows, ready to be scored: centred unit vectors (n, d) and the strangers' level, by network."""

    vectors: Mapping[str, Floats]
    levels: Mapping[str, Level]


class VoiceRows:
    """One row is the mean of a group of references, centred; half precision costs a cosine 0.0001.

    Removal puts the last row into the gap, so a row's number is good until the next change.
    """

    def __init__(self, backgrounds: Mapping[str, Background], sketcher: Sketcher) -> None:
        self._backgrounds = backgrounds
        self._sketcher = sketcher
        self._spans = dict(_spans(backgrounds))
        self._vectors = np.empty((0, sum(b.upload_mean.size for b in backgrounds.values())), np.float16)
        self._levels = np.empty((0, 2 * len(backgrounds)), np.float32)
        self._codes = sketcher.codes(np.empty((0, self._vectors.shape[1]), np.float32))
        self._owners: list[str] = []

    def __len__(self) -> int:
        return len(self._owners)

    @property
    def codes(self) -> Codes:
        return self._codes[: len(self)]

    def owner(self, row: int) -> str:
        return self._owners[row]

    def add(self, owners: Sequence[str], groups: Sequence[Sequence[ReferenceVoice]]) -> range:
        """Append a row for each group; the numbers of the new rows."""
        start, end = len(self), len(self) + len(owners)
        self._make_room(end)
        centred = {network: self._centred(network, groups) for network in self._backgrounds}
        for number, (network, span) in enumerate(self._spans.items()):
            level = enrolled_level(centred[network], self._backgrounds[network])
            self._vectors[start:end, span] = centred[network]
            self._levels[start:end, 2 * number] = level.mean
            self._levels[start:end, 2 * number + 1] = level.deviation
        self._codes[start:end] = self._sketcher.codes(self._sketcher.fused(centred))
        self._owners.extend(owners)
        return range(start, end)

    def remove(self, row: int) -> str | None:
        """Take a row out; whose last row has got its number, None if nobody's."""
        last = len(self) - 1
        moved = self._owners.pop()
        for array in (self._vectors, self._levels, self._codes):
            array[row] = array[last]
            array[last] = 0
        if row == last:
            return None
        self._owners[row] = moved
        return moved

    def chosen(self, rows: NDArray[np.int64] | slice) -> Chosen:
        vectors = self._vectors[: len(self)][rows].astype(np.float32)
        levels = self._levels[: len(self)][rows].astype(np.float64)
        return Chosen(
            {network: vectors[:, span] for network, span in self._spans.items()},
            {
                network: Level(levels[:, 2 * number], levels[:, 2 * number + 1])
                for number, network in enumerate(self._spans)
            },
        )

    def _centred(self, network: str, groups: Sequence[Sequence[ReferenceVoice]]) -> Floats:
        means = np.array(
            [np.mean([voice.vectors[network] for voice in group], axis=0) for group in groups], np.float32
        )
        return self._backgrounds[network].centre_reference(means)

    def _make_room(self, rows: int) -> None:
        if rows <= len(self._vectors):
            return
        capacity = max(rows, int(len(self._vectors) * _GROWTH))
        self._vectors = _grown(self._vectors, capacity)
        self._levels = _grown(self._levels, capacity)
        self._codes = _grown(self._codes, capacity)


def _grown(array: NDArray[T], capacity: int) -> NDArray[T]:
    grown = np.zeros((capacity, array.shape[1]), array.dtype)
    grown[: len(array)] = array
    return grown


def _spans(backgrounds: Mapping[str, Background]) -> Iterator[tuple[str, slice]]:
    start = 0
    for network, background in backgrounds.items():
        yield network, slice(start, start + background.upload_mean.size)
        start += background.upload_mean.size
