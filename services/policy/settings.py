"""Settings of the policy worker."""

from pathlib import Path

from pydantic import Field

from services.policy.compiled import DEFAULT_LABELS, DEFAULT_POLICY
from services.policy.inputs import AI_DETECTOR, FINGERPRINT, VOICE_MATCHER
from shared.settings import WorkerSettings


class PolicySettings(WorkerSettings):
    """Environment: ``TRACKGATE_POLICY_…``, and ``TRACKGATE_HEALTH_PORT`` as every worker."""

    health_port: int = Field(default=18813, ge=0, le=65535, description="/healthz and /metrics")
    policy_file: Path = Field(default=DEFAULT_POLICY, description="the policy that decides")
    policy_labels: Path = Field(default=DEFAULT_LABELS, description="label texts")
    policy_required_detectors: tuple[str, ...] = Field(
        default=(AI_DETECTOR, VOICE_MATCHER, FINGERPRINT),
        min_length=1,
        description="a decision waits for these",
    )
    policy_deadline_seconds: float = Field(
        default=120.0, gt=0.0, description="after the upload; then what is missing holds the track"
    )
    policy_grace_seconds: float = Field(
        default=15.0, ge=0.0, description="after a start, before overdue tracks are decided without findings"
    )
    policy_lease_seconds: float = Field(
        default=60.0, ge=1.0, description="lease of a track's lock; longer than an acknowledgement may take"
    )
    policy_account_days: int = Field(
        default=30,
        ge=0,
        le=365,
        description="tracks of one account are weighed together for so long; 0: each alone",
    )
    policy_breaker_window: int = Field(
        default=200, ge=10, description="decisions that the brake looks back on"
    )
    policy_breaker_minimum: int = Field(default=50, ge=5, description="of them before the brake may act")
    policy_breaker_margin: float = Field(
        default=0.2,
        gt=0.0,
        lt=1.0,
        description="share of quarantines over that of the version before, on the same tracks",
    )
