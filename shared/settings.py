"""Settings of every process, from ``TRACKGATE_*`` environment variables. A wrong one stops the start.

Each service extends ``Settings`` with its own fields and reads them with ``load``.
"""

import ipaddress
from pathlib import Path
from typing import Any, Self

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.errors import SettingsError
from shared.server_addresses import BootstrapServers, RedisUrl


class Settings(BaseSettings):
    """What all services need to know."""

    model_config = SettingsConfigDict(env_prefix="TRACKGATE_", frozen=True, extra="ignore")

    kafka: BootstrapServers = Field(default="127.0.0.1:19192", description="bootstrap servers, host:port,…")
    redis: RedisUrl = Field(default="redis://127.0.0.1:16479/0", description="Redis or Valkey URL")
    store: Path = Field(default=Path(".trackgate/objects"), description="folder of the object store")
    bind: str = Field(default="127.0.0.1", description="address that HTTP listens on")
    reached_at: str | None = Field(
        default=None, description="where others reach it, if not at ``bind`` (a container)"
    )
    partitions: int = Field(default=6, ge=1, le=1000, description="partitions of the tracks.* topics")
    log_format: str = Field(default="console", pattern="^(console|json)$", description="console or json")
    log_level: str = Field(
        default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="DEBUG, INFO, WARNING or ERROR"
    )

    @property
    def loopback_only(self) -> bool:
        """Whether only this machine reaches the service. What is convenient for one person needs it."""
        address = self.reached_at or self.bind
        try:
            return address == "localhost" or ipaddress.ip_address(address).is_loopback
        except ValueError:
            return False

    @classmethod
    def load(cls, **said: Any) -> Self:
        """Read the environment; what is ``said`` (fields by name) outranks it.

        Raises:
            SettingsError: naming each variable at fault and what it wants.
        """
        try:
            return cls(**said)
        except ValidationError as error:
            faults = "; ".join(
                f"TRACKGATE_{'_'.join(str(part) for part in fault['loc']).upper()}: {fault['msg']}"
                for fault in error.errors(include_input=False, include_url=False)
            )
            raise SettingsError(f"wrong settings: {faults}") from error


class WorkerSettings(Settings):
    """What a stream worker needs beside.

    ``retry_seconds`` are the delays behind the retry topics ``.retry.1m`` and ``.retry.10m``; tests shorten
    them. ``brake_*`` stop the consumer when dead letters run away (see shared.stream.brake).
    """

    health_port: int = Field(
        default=0, ge=0, le=65535, description="/healthz and /metrics; 0 takes a free one"
    )
    retry_seconds: tuple[float, float] = Field(default=(60.0, 600.0), description="delays of the two retries")
    brake_window: int = Field(default=100, ge=5, description="messages that the brake looks back on")
    brake_share: float = Field(default=0.5, gt=0.0, le=1.0, description="share of dead letters that brakes")
    brake_minimum: int = Field(default=20, ge=2, description="dead letters below which it never brakes")
    rebalance_seconds: float = Field(default=120.0, ge=6.0, description="longer than the longest handler")
    session_seconds: float = Field(default=20.0, ge=6.0, description="a silent worker is given up after it")
    stuck_seconds: float = Field(default=180.0, gt=0.0, description="in hand longer than this: unhealthy")
