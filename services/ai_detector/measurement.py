"""What a measurement says, and the values that say it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from services.ai_detector import lattice
from services.ai_detector.features import Reading
from shared.events.finding import PartReading, Verdict

_EVIDENT_Z = 6.0  # below this the best spacing is what chance gives, and naming a decoder would mislead


class Obstacle(StrEnum):
    """Why nothing could be measured."""

    TOO_SHORT = "too_short"
    SILENT = "silent"
    BAND_LIMITED = "band_limited"
    NOT_FINITE = "not_finite"


@dataclass(frozen=True, slots=True)
class PassageScore:
    """A stretch of the track, in seconds from its start, scored by itself; less reliable than the whole."""

    start: float
    end: float
    score: float
    probability: float
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Measurement:
    """`score`, `probability`, `threshold` and `reading` are None exactly when the verdict is `not_measured`.

    `human_share` is the share of human tracks that score at least as high, `bandwidth_hz` the top of the
    analysed band, `opinions` what each kind of evidence adds to the score. `passages` follow each other
    through the track; `ranges` are those joined that stand out even though the track was looked at in so many
    places.
    """

    verdict: Verdict
    model_version: str
    seconds_measured: float
    obstacle: Obstacle | None = None
    score: float | None = None
    probability: float | None = None
    threshold: float | None = None
    human_share: float | None = None
    bandwidth_hz: float | None = None
    reading: Reading | None = None
    opinions: Mapping[str, float] = field(default_factory=dict)
    passages: tuple[PassageScore, ...] = field(default=())
    ranges: tuple[PassageScore, ...] = field(default=())
    parts: tuple[PartReading, ...] = field(default=())

    @property
    def spacing_hz(self) -> float | None:
        """Spacing of the comb found, None where none stands out."""
        if self.reading is None or self.reading.features.lattice_low_z < _EVIDENT_Z:
            return None
        return self.reading.spacing_hz

    @property
    def origins(self) -> tuple[lattice.Origin, ...]:
        """Which rates and stride products give that spacing; several decoders share one."""
        return () if self.spacing_hz is None else lattice.origins(self.spacing_hz)
