"""What an hour of a core costs, as somebody stated it."""

from dataclasses import dataclass

_HOUR = 3600.0


@dataclass(frozen=True)
class Price:
    of_a_core_hour: float
    currency: str

    @property
    def of_a_second(self) -> float:
        return self.of_a_core_hour / _HOUR

    @property
    def stated(self) -> str:
        return f"{self.of_a_core_hour:g} {self.currency} for an hour of a core"
