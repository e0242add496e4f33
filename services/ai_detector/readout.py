"""From scalars to a calibrated probability and a verdict, with the trained numbers that ship as JSON."""

import bisect
from pathlib import Path
from typing import Annotated, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from services.ai_detector.features import MEASUREMENT, Features, names
from shared.errors import SettingsError
from shared.events.finding import Verdict

SHIPPED = Path(__file__).parent / "model" / "weights.json"


class Condition(BaseModel):
    """Scores from which a verdict holds for audio of at least so many seconds, and the human music behind.

    `human_scores` are held-out scores, ascending, of `human_recordings` recordings, each cut and treated in
    several ways; `human_likely` and `human_inconclusive` count the recordings that reach the thresholds in
    any of these.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    from_seconds: Annotated[float, Field(ge=0)]
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
    """A logistic regression on clipped, standardised scalars, in the order of `features`.

    `score` is its log-odds; `slope` and `offset` turn that into calibrated log-odds at equal priors.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str
    measurement: int
    features: tuple[str, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    centre: tuple[float, ...]
    scale: tuple[Annotated[float, Field(gt=0)], ...]
    weights: tuple[float, ...]
    intercept: float
    slope: Annotated[float, Field(gt=0)]
    offset: float
    conditions: Annotated[tuple[Condition, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if not set(self.features) <= set(names()):
            raise ValueError("weights were trained for other features than this code measures")
        if self.measurement != MEASUREMENT:
            raise ValueError(f"weights belong to measurement {self.measurement}, this code is {MEASUREMENT}")
        if {len(part) for part in (self.low, self.high, self.centre, self.scale, self.weights)} != {
            len(self.features)
        }:
            raise ValueError("every feature needs one weight, bound, centre and scale")
        starts = [condition.from_seconds for condition in self.conditions]
        if starts[0] != 0 or starts != sorted(set(starts)):
            raise ValueError("conditions must begin at 0 seconds and ascend")
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

    def score(self, features: Features) -> float:
        """Log-odds before calibration; higher is more like generated music. Finite for finite features."""
        return float(sum(self.contributions(features).values()) + self.intercept)

    def contributions(self, features: Features) -> dict[str, float]:
        """What each scalar adds to the score; with the intercept they sum to it."""
        bounded = np.clip(features.chosen(self.features), self.low, self.high)
        parts = (bounded - self.centre) / self.scale * self.weights
        return dict(zip(self.features, (float(part) for part in parts), strict=True))

    def probability(self, score: float) -> float:
        """Calibrated probability at equal priors; not the share of flagged tracks that are generated."""
        return float(1.0 / (1.0 + np.exp(-np.clip(self.slope * score + self.offset, -30.0, 30.0))))

    def condition(self, seconds: float) -> Condition:
        """The thresholds for so much audio: the less there is, the more chance can do."""
        return next(c for c in reversed(self.conditions) if seconds >= c.from_seconds)
