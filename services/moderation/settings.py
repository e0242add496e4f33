"""Settings of the moderation service: ``TRACKGATE_MODERATION_*`` beside the common ones."""

from datetime import timedelta
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from services.moderation.dashboards.settings import DashboardSettings
from services.moderation.domain.appeals import Clocks
from services.moderation.domain.due import PROMISES, DuePromise, DueTable
from services.moderation.sign_in_settings import SignInSettings
from shared.events.base import Slug
from shared.settings import Settings, WorkerSettings


class LabelChoice(BaseModel):
    """A label that a moderator can put on a track; policy knows it by ``code``."""

    model_config = ConfigDict(frozen=True)

    code: Slug
    text: str = Field(min_length=1, max_length=100)


LABELS = (
    LabelChoice(code="contains-ai-all", text="Made entirely with AI"),
    LabelChoice(code="contains-ai-partly", text="Made partly with AI"),
    LabelChoice(code="ai-detected", text="Signs of AI generation were detected"),
    LabelChoice(code="licensed-voice", text="Features an artist\u2019s voice with their consent"),
)


class _QueueSettings(Settings):
    moderation_lease_seconds: int = Field(default=900, ge=5, le=8 * 3600, description="length of a claim")
    moderation_skip_hours: float = Field(
        default=24.0, gt=0.0, le=24 * 30, description="how long a skip lasts"
    )
    moderation_undo_seconds: float = Field(
        default=10.0,
        ge=0.0,
        le=3600.0,
        description="a decision can be taken back for so long, then it is sent",
    )
    moderation_labels: tuple[LabelChoice, ...] = Field(
        default=LABELS, description="labels to choose from (JSON); policy must know them"
    )

    @property
    def lease(self) -> timedelta:
        return timedelta(seconds=self.moderation_lease_seconds)

    @property
    def skip(self) -> timedelta:
        return timedelta(hours=self.moderation_skip_hours)

    @property
    def undo(self) -> timedelta:
        return timedelta(seconds=self.moderation_undo_seconds)

    @property
    def label_codes(self) -> frozenset[str]:
        return frozenset(label.code for label in self.moderation_labels)


class ModerationWorkerSettings(_QueueSettings, WorkerSettings):
    health_port: int = Field(default=18814, ge=0, le=65535, description="/healthz and /metrics")
    moderation_resend_seconds: float = Field(
        default=15.0, gt=0.0, description="how often unacknowledged reviews are sent again"
    )
    moderation_due_hours: float = Field(
        default=24.0, gt=0.0, description="age from which an open case counts as overdue"
    )
    moderation_due_promises: tuple[DuePromise, ...] = Field(
        default=PROMISES,
        description="tighter due times (JSON): within_hours for min_priority and releases_within_hours",
    )
    moderation_appeal_acknowledge_hours: float = Field(
        default=24.0, gt=0.0, description="an appeal is taken up within"
    )
    moderation_appeal_decide_hours: float = Field(
        default=168.0, gt=0.0, description="an appeal is decided within, from when it was filed"
    )

    @property
    def due(self) -> DueTable:
        return DueTable(self.moderation_due_promises, timedelta(hours=self.moderation_due_hours))

    @property
    def appeal_clocks(self) -> Clocks:
        return Clocks(
            acknowledge=timedelta(hours=self.moderation_appeal_acknowledge_hours),
            decide=timedelta(hours=self.moderation_appeal_decide_hours),
        )


class ModerationApiSettings(_QueueSettings, DashboardSettings, SignInSettings):
    moderation_bulk_undo_seconds: float = Field(
        default=60.0,
        ge=5.0,
        le=3600.0,
        description="each decision of a bulk action can be taken back for so long",
    )
    moderation_port: int = Field(default=18803, ge=0, le=65535, description="port of page and API")
    moderation_reviewers: Path = Field(
        default=Path(".trackgate/reviewers.json"), description="who may sign in (JSON)"
    )
    moderation_audit: Path = Field(
        default=Path(".trackgate/audit/moderation.jsonl"), description="who did and heard what (append-only)"
    )
    moderation_session_hours: float = Field(
        default=10.0, gt=0.0, le=24.0, description="a session ends after it"
    )
    moderation_idle_minutes: float = Field(
        default=60.0, gt=0.0, le=24 * 60, description="a session unused for so long ends"
    )
