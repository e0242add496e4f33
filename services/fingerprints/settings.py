"""Settings of the fingerprints worker: those of every worker."""

from pydantic import Field

from shared.settings import WorkerSettings


class FingerprintsSettings(WorkerSettings):
    health_port: int = Field(default=18816, ge=0, le=65535, description="/healthz and /metrics")
