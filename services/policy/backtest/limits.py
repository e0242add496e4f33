"""Limits that a candidate must keep, so that a script can refuse it."""

from collections.abc import Iterator
from dataclasses import dataclass

from services.policy.backtest.compare import Comparison


@dataclass(frozen=True)
class Limits:
    """Shares are from 0 to 1; None is no limit.

    ``more_reviews`` is the share by which the held tracks a day may grow. A limit on precision or recall is
    broken where no moderator's answer is on record: it cannot be shown to be kept.
    """

    changed: float | None = None
    more_reviews: float | None = None
    precision: float | None = None
    recall: float | None = None


def broken(found: Comparison, limits: Limits) -> tuple[str, ...]:
    return tuple(_broken(found, limits))


def _broken(found: Comparison, limits: Limits) -> Iterator[str]:
    if limits.changed is not None and found.changed_share > limits.changed:
        yield f"{found.changed_share:.1%} of the decisions change; {limits.changed:.1%} are allowed"
    before, after = found.reviews_a_day
    if limits.more_reviews is not None and after > before * (1 + limits.more_reviews):
        yield (
            f"{after:.1f} reviews a day instead of {before:.1f}; {limits.more_reviews:.1%} more are allowed"
        )
    for name, least, reached in (
        ("precision", limits.precision, found.after.precision),
        ("recall", limits.recall, found.after.recall),
    ):
        if least is not None and reached is None:
            yield f"no moderator's answer is on record, so a {name} of {least:.1%} cannot be shown"
        elif least is not None and reached is not None and reached < least:
            yield f"the {name} is {reached:.1%}; {least:.1%} is the least allowed"
