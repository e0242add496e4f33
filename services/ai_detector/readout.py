"""From scalars to a calibrated probability and a verdict, with the trained numbers that ship as JSON."""

import bisect
from functools import cached_property
from pathlib import Path
from typing import Annotated, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from services.ai_detector.features import MEASUREMENT, Opinion, Reading, columns, opinion
from services.ai_detector.trees import Forest, Trees
from shared.errors import SettingsError
from shared.events.finding import Verdict

SHIPPED = Path(__file__).parent / "model" / "weights.json"


class Condition(BaseModel):
    """Scores from which a verdict holds for so much audio of so wide a band, and the human music behind.

    It holds from `from_seconds` of audio and `from_hz` of band upward, until a condition that asks for more.
    `human_scores` are held-out scores, ascending, of `human_recordings` recordings, each cut and delivered in
    several ways; `human_likely` and `human_inconclusive` count the recordings that reach the thresholds in
    any of these.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    from_seconds: Annotated[float, Field(ge=0)]
    from_hz: Annotated[float, Field(ge=0)]
    likely: float
    inconclusive: float
    human_recordings: Annotated[int, Field(gt=0)]
    human_likely: Annotated[int, Field(ge=0)]
    human_inconclusive: Annotated[int, Field(ge=0)]
    human_scores: Annotated[tuple[float, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.inconclusive > self.likely:
            raise ValueError("the inconclusive band must begin below the likely one")
        return self

    def verdict(self, score: float) -> Verdict:
        """What a score means."""
        if score >= self.likely:
            return Verdict.LIKELY_GENERATED
        return Verdict.INCONCLUSIVE if score >= self.inconclusive else Verdict.NOT_DETECTED

    def human_share_at_least(self, score: float) -> float:
        """Share of the human scores that are at least this, never less than 1 / (n + 1)."""
        count = len(self.human_scores)
        return (count - bisect.bisect_left(self.human_scores, score) + 1) / (count + 1)


class Readout(BaseModel):
    """Boosted trees on what was read.

    Their sum, `score`, is log-odds; `slope` and `offset` turn it into calibrated log-odds at equal priors.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str
    measurement: int
    trees: Trees
    slope: Annotated[float, Field(gt=0)]
    offset: float
    conditions: Annotated[tuple[Condition, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if not set(self.trees.columns) <= set(columns()):
            raise ValueError("weights were trained for other columns than this code measures")
        if self.measurement != MEASUREMENT:
            raise ValueError(f"weights belong to measurement {self.measurement}, this code is {MEASUREMENT}")
        starts = [(condition.from_hz, condition.from_seconds) for condition in self.conditions]
        if starts[0] != (0, 0) or starts != sorted(set(starts)):
            raise ValueError("conditions must begin at 0 Hz and 0 seconds and ascend")
        return self

    @classmethod
    def load(cls, path: Path = SHIPPED) -> Self:
        """Read trained numbers.

        Raises:
            SettingsError: the file is absent, or does not fit this code.
        """
        try:
            return cls.model_validate_json(path.read_text())
        except (OSError, ValidationError) as error:
            raise SettingsError(f"AI detector weights {path.name}: {error}") from error

    def score(self, reading: Reading) -> float:
        """Log-odds before calibration; higher is more like generated music. Always finite."""
        return self._forest.score(reading.columns[self._chosen])

    def contributions(self, reading: Reading) -> dict[str, float]:
        """What each kind of evidence adds to the score; with `expected` they sum to it."""
        parts = self._forest.contributions(reading.columns[self._chosen])
        total = dict.fromkeys(Opinion, 0.0)
        for column, part in zip(self.trees.columns, parts, strict=True):
            total[opinion(column)] += float(part)
        return {kind.value: value for kind, value in total.items()}

    @property
    def expected(self) -> float:
        """The score of a row of which nothing is known."""
        return self._forest.expected

    @cached_property
    def _forest(self) -> Forest:
        return Forest(self.trees)

    @cached_property
    def _chosen(self) -> NDArray[np.intp]:
        place = {name: i for i, name in enumerate(columns())}
        return np.array([place[name] for name in self.trees.columns], dtype=np.intp)

    def probability(self, score: float) -> float:
        """Calibrated probability at equal priors; not the share of flagged tracks that are generated."""
        return float(1.0 / (1.0 + np.exp(-np.clip(self.slope * score + self.offset, -30.0, 30.0))))

    def condition(self, seconds: float, bandwidth_hz: float) -> Condition:
        """The thresholds for so much audio of such a band: the less there is, the more chance can do."""
        return next(
            c for c in reversed(self.conditions) if seconds >= c.from_seconds and bandwidth_hz >= c.from_hz
        )
