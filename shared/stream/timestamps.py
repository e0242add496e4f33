"""Kafka's timestamps as aware datetimes."""

from datetime import UTC, datetime


def from_epoch(seconds: float | None) -> datetime | None:
    return None if seconds is None or seconds < 0 else datetime.fromtimestamp(seconds, UTC)
