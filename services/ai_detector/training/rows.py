"""Rows of training and judging as tables."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows as tables; `table` has the columns `names`."""

    names: tuple[str, ...]
    table: Array
    nuisance: Array
    generated: Mask
    family: NDArray[np.str_]
    source: NDArray[np.str_]
    made: Mask
    recording: NDArray[np.str_]

    def only(self, rows: NDArray[np.intp]) -> "Rows":
        """The given rows."""
        return Rows(
            self.names,
            self.table[rows],
            self.nuisance[rows],
            self.generated[rows],
            self.family[rows],
            self.source[rows],
            self.made[rows],
            self.recording[rows],
        )
