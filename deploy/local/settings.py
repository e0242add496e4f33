"""The settings of the local stack, each from an environment variable ``TRACKGATE_…``."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

REPO_ROOT = Path(__file__).resolve().parents[2]


class LocalSettings(BaseSettings):
    """Defaults keep clear of the well-known ports, so that a Kafka or Redis of yours is left alone."""

    model_config = SettingsConfigDict(env_prefix="TRACKGATE_", frozen=True, extra="ignore")

    kafka: str | None = Field(default=None, description="bootstrap servers of a broker that runs already")
    redis: str | None = Field(default=None, description="URL of a Redis or Valkey that runs already")
    home: Path = Field(default=REPO_ROOT / ".trackgate", description="data and logs, kept between runs")
    cache: Path = Field(
        default=Path.home() / ".cache" / "trackgate", description="downloads, shared by checkouts"
    )
    kafka_port: int = Field(default=19192, ge=1, le=65535)
    kafka_controller_port: int = Field(default=19193, ge=1, le=65535)
    kafka_heap_mb: int = Field(default=384, ge=256, le=4096)
    redis_port: int = Field(default=16479, ge=1, le=65535)
    min_free_mb: int = Field(default=1024, ge=0, description="free disk below which nothing is started")
    start_timeout_s: float = Field(default=90.0, gt=0)
