"""Settings of the notifier: ``TRACKGATE_NOTIFIER_*`` and ``TRACKGATE_WEBHOOK_*`` beside every worker's."""

from datetime import timedelta

from pydantic import Field

from services.notifier.domain import BACK_OFF_SECONDS
from shared.settings import WorkerSettings
from shared.webhooks.settings import WebhookSettings


class NotifierSettings(WebhookSettings, WorkerSettings):
    health_port: int = Field(default=18815, ge=0, le=65535, description="/healthz and /metrics")
    notifier_back_off_seconds: tuple[float, ...] = Field(
        default=BACK_OFF_SECONDS, min_length=1, description="waits between the attempts of a delivery (JSON)"
    )
    notifier_timeout_seconds: float = Field(
        default=15.0, gt=0.0, le=120.0, description="for one whole request, name resolution to last byte"
    )
    notifier_disable_days: float = Field(
        default=5.0, gt=0.0, description="an endpoint that only failed for so long is switched off"
    )
    notifier_at_once: int = Field(
        default=4, ge=1, le=64, description="requests in flight to one endpoint (1 while it fails)"
    )
    notifier_in_flight: int = Field(
        default=128, ge=1, le=2048, description="requests in flight to all endpoints"
    )

    @property
    def disable_after(self) -> timedelta:
        return timedelta(days=self.notifier_disable_days)
