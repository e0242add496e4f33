"""The model files as objects: networks, gates, backgrounds, calibration. All are verified before use."""

import io
from functools import cache
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict

from services.voice_matcher.domain import Calibration
from services.voice_matcher.embedding import DIMENSIONS, CamPlusPlus, Resemblyzer, WaveNetwork
from services.voice_matcher.index import Yardstick
from services.voice_matcher.listening import Listener
from services.voice_matcher.manifest import read_manifest, read_verified
from services.voice_matcher.scoring import Background
from services.voice_matcher.voice_activity import LinearScore


class ScaleFile(BaseModel):
    """Thresholds and probability of one scale of scores, with the trials they come from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    match: float
    possible: float
    slope: float
    intercept: float
    prior: float
    impostor_trials: int
    target_trials: int

    def calibration(self) -> Calibration:
        return Calibration(**self.model_dump())


class CalibrationFile(BaseModel):
    """``calibration.json``: the scales of scores against the shipped background and within a batch."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    background: ScaleFile
    batch: ScaleFile
    weights: dict[str, float]
    measured_on: str


@cache
def _numbers() -> dict[str, Any]:
    with np.load(io.BytesIO(read_verified("background.npz")), allow_pickle=False) as archive:
        return {name: np.asarray(archive[name]) for name in archive.files}


def load_linear(name: str) -> LinearScore:
    weights = np.asarray(_numbers()[f"{name}.weights"], np.float64)
    return LinearScore(weights, float(_numbers()[f"{name}.bias"]))


def load_listener(third: WaveNetwork | None = None) -> Listener:
    """The networks, ready to listen, and a third beside them. Blocks for about a second.

    Raises:
        SettingsError: a model file is missing or not the recorded one.
    """
    return Listener(
        CamPlusPlus(read_verified("campplus.onnx")),
        Resemblyzer(read_verified("resemblyzer.onnx")),
        load_linear("movement"),
        load_linear("voice"),
        third,
    )


def load_backgrounds() -> dict[str, Background]:
    """By network.

    Raises:
        SettingsError: a model file is missing or not the recorded one.
    """
    parts = ("upload_mean", "reference_mean", "whitening", "strangers_uploaded", "strangers_enrolled")
    return {
        network: Background(
            **{part: np.asarray(_numbers()[f"{network}.{part}"], np.float32) for part in parts},
            manner=load_linear(f"{network}.manner"),
            speech_excess=float(_numbers()["speech_excess"]),
        )
        for network in DIMENSIONS
    }


def load_yardstick() -> Yardstick:
    """What turns embeddings into verdicts.

    Raises:
        SettingsError: a model file is missing or not the recorded one.
    """
    file = _calibration_file()
    return Yardstick(load_backgrounds(), file.weights, file.background.calibration())


def load_batch_calibration() -> Calibration:
    """What scores mean that were normalised within a batch.

    Raises:
        SettingsError: a model file is missing or not the recorded one.
    """
    return _calibration_file().batch.calibration()


def _calibration_file() -> CalibrationFile:
    return CalibrationFile.model_validate_json(read_verified("calibration.json"))


def verify_models() -> None:
    """Read every shipped file once.

    Raises:
        SettingsError: one is missing or not the recorded one.
    """
    for name in read_manifest().files:
        read_verified(name)


def model_version() -> str:
    """Names the whole set of model files; every finding carries it."""
    return read_manifest().version
