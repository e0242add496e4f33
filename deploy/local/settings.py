"""The settings of the local stack, each from an environment variable ``TRACKGATE_…``."""

from pathlib import Path

from pydantic import Field

from shared.settings import Settings

REPO_ROOT = Path(__file__).resolve().parents[2]


class LocalSettings(Settings):
    """Default ports keep clear of the well-known ones, so that a Kafka or Redis of yours is left alone.

    ``TRACKGATE_KAFKA`` and ``TRACKGATE_REDIS`` name servers that run already; where they are not set, the
    stack starts its own and hands their addresses to the services.
    """

    home: Path = Field(default=REPO_ROOT / ".trackgate", description="data and logs, kept between runs")
    cache: Path = Field(
        default=Path.home() / ".cache" / "trackgate", description="downloads, shared by all checkouts"
    )
    kafka_port: int = Field(default=19192, ge=1, le=65535, description="port of the local broker")
    kafka_controller_port: int = Field(
        default=19193, ge=1, le=65535, description="port of the local broker's controller"
    )
    kafka_heap_mb: int = Field(default=384, ge=256, le=512, description="heap of the local broker")
    redis_port: int = Field(default=16479, ge=1, le=65535, description="port of the local Valkey")
    min_free_mb: int = Field(default=1024, ge=0, description="free disk below which nothing is started")
    start_timeout_s: float = Field(default=90.0, gt=0, description="for each process of the stack")

    @property
    def external_kafka(self) -> str | None:
        return self.kafka if "kafka" in self.model_fields_set else None

    @property
    def external_redis(self) -> str | None:
        return self.redis if "redis" in self.model_fields_set else None

    @property
    def store_folder(self) -> Path:
        """Where the services keep audio: ``TRACKGATE_STORE``, else a folder below ``home``."""
        return self.store if "store" in self.model_fields_set else self.home / "objects"
