"""The port through which the core measures files: decoding and processes live behind it."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from services.ai_detector.measurement import Measurement
from shared.events.finding import Provenance


class Failing(StrEnum):
    """What went wrong where there should have been a measurement."""

    UNDECODABLE = "undecodable"
    OTHER_BYTES = "other_bytes"
    CRASHED = "crashed"


@dataclass(frozen=True, slots=True)
class Failure:
    """`detail` quotes no user content."""

    kind: Failing
    detail: str


@dataclass(frozen=True, slots=True)
class Metered:
    """What came of measuring one file, and the CPU seconds of decoding and measuring it.

    `provenance` is what the file declares of itself; None where it declares nothing. `remarks` are sentences
    about the file that bear on the measurement.
    """

    result: Measurement | Failure
    cpu_seconds: float
    provenance: Provenance | None = None
    remarks: tuple[str, ...] = ()


class Meter(Protocol):
    async def measure(self, path: Path, *, sha256: str | None) -> Metered:
        """Decode and measure a file without blocking the event loop.

        A file whose SHA-256 is not `sha256` is a Failure: nothing is claimed of other bytes; None takes what
        is there. So is one whose measuring kills its process twice.
        """
        ...
