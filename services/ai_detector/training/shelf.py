"""Measured cuts on disk between runs: decoding and treating cost minutes, reading scalars seconds."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from services.ai_detector.spectrum import Spectra


@dataclass(frozen=True)
class Treated:
    """Spectra of one treated cut; `nuisance` is what must not give the answer away."""

    kind: str
    treatment: str
    nuisance: tuple[float, ...]
    spectra: Spectra


def keep(path: Path, parts: list[Treated]) -> None:
    """Write all cuts of a recording, whole or not at all."""
    arrays: dict[str, np.ndarray] = {}
    for i, part in enumerate(parts):
        s = part.spectra
        arrays[f"{i}.label"] = np.array([part.kind, part.treatment])
        arrays[f"{i}.nuisance"] = np.array(part.nuisance)
        arrays[f"{i}.scale"] = np.array([s.bin_hz, s.rate, s.seconds, s.block_seconds])
        arrays[f"{i}.starts"] = np.array(s.starts)
        arrays[f"{i}.weight"] = s.weight
        arrays[f"{i}.mid"] = s.mid
        arrays[f"{i}.texture"] = s.texture
        arrays[f"{i}.repeats"] = s.repeats
        if s.side is not None:
            arrays[f"{i}.side"] = s.side
    unfinished = path.with_suffix(".part.npz")
    np.savez(unfinished, **arrays)
    unfinished.replace(path)


def fetch(path: Path) -> list[Treated]:
    """Read what `keep` wrote."""
    parts = []
    with np.load(path) as arrays:
        count = sum(1 for name in arrays.files if name.endswith(".label"))
        for i in range(count):
            bin_hz, rate, seconds, block_seconds = arrays[f"{i}.scale"].tolist()
            kind, treatment = arrays[f"{i}.label"].tolist()
            spectra = Spectra(
                bin_hz=bin_hz,
                rate=int(rate),
                seconds=seconds,
                block_seconds=block_seconds,
                starts=tuple(arrays[f"{i}.starts"].tolist()),
                weight=arrays[f"{i}.weight"],
                mid=arrays[f"{i}.mid"],
                side=arrays[f"{i}.side"] if f"{i}.side" in arrays.files else None,
                texture=arrays[f"{i}.texture"],
                repeats=arrays[f"{i}.repeats"],
            )
            parts.append(Treated(kind, treatment, tuple(arrays[f"{i}.nuisance"].tolist()), spectra))
    return parts
