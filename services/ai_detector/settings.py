"""Settings of the AI detector beside those of every worker."""

from pydantic import Field

from shared.settings import WorkerSettings


class DetectorSettings(WorkerSettings):
    ai_processes: int = Field(default=1, ge=1, le=64, description="processes that measure; one core each")
