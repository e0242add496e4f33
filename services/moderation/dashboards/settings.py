"""Settings of the dashboards page."""

from pydantic import Field, HttpUrl, field_validator

from services.moderation.dashboards.prices import Price
from shared.settings import Settings

LOCAL = (
    "ingest=http://127.0.0.1:18801 registry=http://127.0.0.1:18802 moderation=http://127.0.0.1:18803 "
    "ai_detector=http://127.0.0.1:18811 voice_matcher=http://127.0.0.1:18812 policy=http://127.0.0.1:18813 "
    "moderation_worker=http://127.0.0.1:18814 notifier=http://127.0.0.1:18815 fingerprints=http://127.0.0.1:18816"
)


class DashboardSettings(Settings):
    services: str = Field(
        default=LOCAL, description="name=URL of each process whose /metrics the dashboards read"
    )
    prometheus_url: HttpUrl | None = Field(
        default=None,
        description="Prometheus that the dashboards ask; without it they keep numbers themselves",
    )
    moderation_figures_seconds: float = Field(
        default=15.0, ge=2.0, le=60.0, description="how often the dashboards look at the services"
    )
    core_hour_price: float = Field(
        default=0.04, ge=0.0, description="of an hour of a core, for the cost of a track"
    )
    core_hour_currency: str = Field(
        default="USD", min_length=1, max_length=8, description="currency of that price"
    )

    @field_validator("services")
    @classmethod
    def _addresses(cls, text: str) -> str:
        for item in text.split():
            name, found, address = item.partition("=")
            if not (name and found and address.startswith(("http://", "https://"))):
                raise ValueError(f"{item!r} is not name=http://host:port")
        return text

    @property
    def service_addresses(self) -> dict[str, str]:
        pairs = (item.partition("=") for item in self.services.split())
        return {name: address.rstrip("/") for name, _, address in pairs}

    @property
    def price(self) -> Price:
        return Price(self.core_hour_price, self.core_hour_currency)
