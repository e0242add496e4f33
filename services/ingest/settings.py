"""Settings of ingest: ``TRACKGATE_INGEST_*`` beside the common ones."""

from pydantic import Field

from shared.audio import DecodeLimits
from shared.webhooks.settings import WebhookSettings


class IngestSettings(WebhookSettings):
    ingest_port: int = Field(default=18801, ge=1, le=65535, description="port of the upload API")
    ingest_max_bytes: int = Field(default=2 * 1024**3, ge=1024, description="largest audio file")
    ingest_max_hours: float = Field(default=3.0, gt=0.0, le=24.0, description="longest recording")
    ingest_decoders: int = Field(default=2, ge=1, le=64, description="files decoded at the same time")
    ingest_decode_seconds: float = Field(
        default=180.0, ge=1.0, description="wall clock for decoding one file"
    )
    ingest_publish_seconds: float = Field(
        default=10.0, ge=1.0, le=120.0, description="how long a delivery waits for the broker"
    )

    @property
    def decode_limits(self) -> DecodeLimits:
        return DecodeLimits(max_seconds=self.ingest_max_hours * 3600, wall_seconds=self.ingest_decode_seconds)
