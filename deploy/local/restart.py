"""When a crashed process is started again.

Stream workers crash on purpose, to read again what they did not finish: a crash is routine until it repeats.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field


class RestartPolicy(BaseModel):
    """The delay doubles with each crash inside the window; more than ``max_restarts`` there is too many."""

    model_config = ConfigDict(frozen=True)

    first_delay_s: float = Field(default=0.5, gt=0)
    factor: float = Field(default=2.0, ge=1)
    max_delay_s: float = Field(default=15.0, gt=0)
    max_restarts: int = Field(default=8, ge=0)
    window_s: float = Field(default=300.0, gt=0)


@dataclass(frozen=True)
class RestartAfter:
    seconds: float


@dataclass(frozen=True)
class GiveUp:
    crashes: int
    window_s: float


def decide_restart(policy: RestartPolicy, crashes: Sequence[float]) -> RestartAfter | GiveUp:
    """``crashes`` are monotonic times, the last one being the crash to decide on."""
    recent = [moment for moment in crashes if crashes[-1] - moment <= policy.window_s]
    if len(recent) > policy.max_restarts:
        return GiveUp(crashes=len(recent), window_s=policy.window_s)
    return RestartAfter(min(policy.max_delay_s, policy.first_delay_s * policy.factor ** (len(recent) - 1)))
