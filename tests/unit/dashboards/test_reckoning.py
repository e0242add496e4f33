"""Figures from a record of totals and gauges."""

from datetime import timedelta

import pytest

from services.moderation.dashboards.expressions import Added, Grown, Level, Quantile, Scaled, Share
from services.moderation.dashboards.reckoning import Entry, Reckoning, quantile_of
from services.moderation.dashboards.timeline import Span, Timeline, steps, whole
from tests.unit.dashboards.figure_fakes import NOON, key, minutes

MINUTE = timedelta(minutes=1)
OUT = ("outcome",)


def an_entry(minute: float, **values: float) -> Entry:
    """``publish`` and ``hold`` are totals by outcome, ``depth_a`` a gauge of queue a."""
    keys = {
        "publish": key("decided", outcome="publish"),
        "hold": key("decided", outcome="hold"),
        "depth_a": key("depth", queue="a"),
        "depth_b": key("depth", queue="b"),
    }
    return Entry(minutes(minute).timestamp(), {keys[name]: value for name, value in values.items()})


def over(first: int, last: int) -> Timeline:
    return Timeline(tuple(minutes(m) for m in range(first, last + 1)), MINUTE)


def test_a_counter_grows_by_the_difference_of_totals_in_each_step():
    record = Reckoning(
        [an_entry(0), an_entry(0.9, publish=2), an_entry(1.5, publish=5), an_entry(2.0, publish=5)]
    )
    assert record.work_out(Grown("decided"), over(1, 2)) == {(): [2.0, 3.0]}


def test_steps_before_the_record_and_after_it_have_no_value_rather_than_zero():
    record = Reckoning([an_entry(2.5), an_entry(3.2, publish=4)])
    assert record.work_out(Grown("decided"), over(1, 5)) == {(): [None, None, 0.0, 4.0, None]}


def test_groups_are_told_apart_and_labels_narrow_what_is_counted():
    record = Reckoning([an_entry(0), an_entry(1, publish=2, hold=1)])
    timeline = over(1, 1)
    assert record.work_out(Grown("decided", OUT), timeline) == {("publish",): [2.0], ("hold",): [1.0]}
    held = (("outcome", ("hold", "reject")),)
    assert record.work_out(Grown("decided", where=held), timeline) == {(): [1.0]}


@pytest.mark.parametrize(("fold", "value"), [("sum", 5.0), ("max", 3.0), ("count", 2.0)])
def test_a_gauge_is_its_last_value_in_the_step(fold: str, value: float):
    record = Reckoning(
        [an_entry(0.2, depth_a=9, depth_b=9), an_entry(0.8, depth_a=3), an_entry(0.9, depth_b=2)]
    )
    level = Level("depth", fold)  # type: ignore[arg-type]  # parametrized text
    assert record.work_out(level, over(1, 2)) == {(): [value, None]}


def test_a_share_has_no_value_where_there_is_nothing_to_share():
    record = Reckoning([an_entry(0), an_entry(1, hold=1, publish=3), an_entry(2, hold=1, publish=3)])
    held = Grown("decided", where=(("outcome", ("hold",)),))
    share = Share(held, Grown("decided"))
    assert record.work_out(share, over(1, 2)) == {(): [0.25, None]}
    by_outcome = Share(Grown("decided", OUT), Grown("decided"))
    assert record.work_out(by_outcome, over(1, 1)) == {("hold",): [0.25], ("publish",): [0.75]}


def test_sums_count_what_is_absent_as_nothing_and_are_absent_where_all_is():
    record = Reckoning([an_entry(0), an_entry(1, publish=3)])
    both = Added((Grown("decided"), Scaled(-1, Grown("absent"))))
    assert record.work_out(both, over(0, 1)) == {(): [None, 3.0]}
    assert record.work_out(Added((Grown("absent"),)), over(1, 1)) == {}


def test_a_quantile_is_interpolated_in_its_bucket():
    entry = Entry(
        minutes(1).timestamp(), {key("w_bucket", le=le): n for le, n in [("1.0", 2), ("5.0", 4), ("+Inf", 4)]}
    )
    record = Reckoning([an_entry(0), entry])
    assert record.work_out(Quantile(0.5, "w"), over(1, 1)) == {(): [1.0]}
    assert record.work_out(Quantile(0.75, "w"), over(1, 1)) == {(): [3.0]}


def test_a_quantile_above_the_last_edge_is_that_edge():
    inf = float("inf")
    assert quantile_of(0.9, [(1.0, 1.0), (5.0, 1.0), (inf, 10.0)]) == 5.0
    assert quantile_of(0.5, [(1.0, 0.0), (inf, 0.0)]) is None
    assert quantile_of(0.5, []) is None


def test_an_hour_has_a_step_for_each_minute_of_the_clock_and_a_month_one_for_each_day():
    at = NOON + timedelta(seconds=20)
    hour, month = steps(Span.HOUR, at), steps(Span.MONTH, at)
    assert (len(hour.ends), hour.ends[-1]) == (60, NOON + MINUTE)
    assert (len(month.ends), month.ends[-1]) == (30, NOON.replace(hour=0) + timedelta(days=1))
    assert whole(Span.DAY, at).begins == at - timedelta(days=1)
