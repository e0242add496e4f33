"""Spans and moments as people write them."""

from argparse import ArgumentTypeError
from datetime import UTC, datetime, timedelta

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def moment(text: str, *, now: datetime | None = None) -> datetime:
    """``7d``, ``24h``, ``90m`` or ``2w`` ago, or an ISO 8601 date or time (UTC where it names no zone).

    Raises:
        ArgumentTypeError: anything else.
    """
    number, unit = text[:-1], text[-1:]
    if number.isdigit() and unit in _UNITS:
        return (now or datetime.now(UTC)) - timedelta(**{_UNITS[unit]: int(number)})
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no time: write 7d, 24h or 2026-11-23") from None
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def percentage(text: str) -> float:
    """``5`` and ``5%`` are 0.05.

    Raises:
        ArgumentTypeError: no number.
    """
    try:
        return float(text.removesuffix("%")) / 100
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no percentage") from None
