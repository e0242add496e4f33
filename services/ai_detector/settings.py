"""Settings of the AI detector beside those of every worker."""

from enum import StrEnum
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from shared.settings import WorkerSettings


class BackendKind(StrEnum):
    """`comb` is the detector that ships; `huggingface` any audio-classification checkpoint."""

    COMB = "comb"
    HUGGINGFACE = "huggingface"


class DetectorSettings(WorkerSettings):
    ai_processes: int = Field(default=1, ge=1, le=64, description="processes that measure; one core each")
    ai_detector_backend: BackendKind = Field(
        default=BackendKind.COMB,
        description="`comb` (ships with Trackgate) or `huggingface` (needs the extra `hub`)",
    )
    ai_detector_checkpoint: str | None = Field(
        default=None, description="folder or hub name of an audio-classification checkpoint"
    )
    ai_detector_generated_labels: tuple[str, ...] = Field(
        default=(), description="JSON list of the checkpoint's labels that mean generated; empty: known words"
    )
    ai_detector_likely: float = Field(
        default=0.9, gt=0.0, lt=1.0, description="probability from which a checkpoint says likely_generated"
    )
    ai_detector_inconclusive: float = Field(
        default=0.5, gt=0.0, lt=1.0, description="probability from which a checkpoint says inconclusive"
    )
    ai_detector_c2pa_trust: Path | None = Field(
        default=None,
        description="PEM file of certificates that signers of C2PA manifests must chain to",
    )

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.ai_detector_backend is BackendKind.HUGGINGFACE and not self.ai_detector_checkpoint:
            raise ValueError("TRACKGATE_AI_DETECTOR_CHECKPOINT is needed with the back end huggingface")
        if self.ai_detector_inconclusive > self.ai_detector_likely:
            raise ValueError(
                "TRACKGATE_AI_DETECTOR_INCONCLUSIVE must not be above TRACKGATE_AI_DETECTOR_LIKELY"
            )
        return self
