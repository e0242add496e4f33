"""When a case is due: a table of promises, the tightest that applies."""

from datetime import UTC, datetime, time, timedelta

from pydantic import BaseModel, ConfigDict, Field

from services.moderation.domain.cases import CaseSummary


class DuePromise(BaseModel):
    """A person answers within ``within_hours`` of the decision where every stated condition holds.

    ``releases_within_hours`` looks from the decision to the start (UTC) of the declared release date.
    """

    model_config = ConfigDict(frozen=True)

    within_hours: float = Field(gt=0.0, le=24 * 90)
    min_priority: int = Field(default=0, ge=0, le=100)
    releases_within_hours: float | None = Field(default=None, gt=0.0)

    def applies(self, summary: CaseSummary) -> bool:
        if summary.priority < self.min_priority:
            return False
        if self.releases_within_hours is None:
            return True
        if summary.release_date is None:
            return False
        release = datetime.combine(summary.release_date, time(), UTC)
        return release - summary.opened_at <= timedelta(hours=self.releases_within_hours)


PROMISES = (
    DuePromise(min_priority=80, within_hours=4.0),
    DuePromise(releases_within_hours=72.0, within_hours=8.0),
)


class DueTable:
    """The promises, and the one that holds for every case."""

    def __init__(self, promises: tuple[DuePromise, ...], otherwise: timedelta) -> None:
        self._promises = promises
        self._otherwise = otherwise

    def due(self, summary: CaseSummary) -> CaseSummary:
        """The case with its due time; the same decision and upload always give the same."""
        hours = [timedelta(hours=p.within_hours) for p in self._promises if p.applies(summary)]
        return summary.model_copy(update={"due_at": summary.opened_at + min([*hours, self._otherwise])})


WITHIN_A_DAY = DueTable((), timedelta(hours=24))
