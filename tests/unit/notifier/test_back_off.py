"""When a delivery is tried again, and when no more."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.domain import (
    BACK_OFF_SECONDS,
    JITTER,
    LONGEST_RETRY_AFTER,
    Answered,
    NoAnswer,
    Result,
    Schedule,
    next_step,
)
from shared.events import DeliveryStep, WebhookDelivery
from shared.views.deliveries import Delivery, fold_delivery
from tests.support.events import A_TIME
from tests.unit.notifier.making import a_delivery

SCHEDULE = Schedule(BACK_OFF_SECONDS, disable_after=timedelta(days=5))
FAULTS: list[Result] = [Answered(500, 0.1), Answered(302, 0.1), Answered(404, 0.1), NoAnswer("refused", 0.1)]


def after(
    delivery: Delivery, result: Result, *, since: datetime | None = None, now: datetime = A_TIME
) -> WebhookDelivery:
    return next_step(delivery, result, SCHEDULE, generation=1, failing_since=since, now=now)


def test_the_schedule_goes_on_for_days() -> None:
    assert timedelta(days=2) < timedelta(seconds=sum(BACK_OFF_SECONDS)) < timedelta(days=5)
    assert list(BACK_OFF_SECONDS) == sorted(BACK_OFF_SECONDS)


@given(st.uuids().map(str), st.integers(1, len(BACK_OFF_SECONDS)))
def test_each_wait_is_the_schedules_give_or_take_a_fifth_and_repeatable(
    delivery_id: str, attempt: int
) -> None:
    wait = SCHEDULE.wait(delivery_id, attempt)
    assert wait is not None
    base = BACK_OFF_SECONDS[attempt - 1]
    assert base * (1 - JITTER) <= wait.total_seconds() <= base * (1 + JITTER)
    assert wait == SCHEDULE.wait(delivery_id, attempt)


def test_deliveries_that_failed_together_come_back_apart() -> None:
    assert len({SCHEDULE.wait(a_delivery(n).last.delivery_id, 3) for n in range(50)}) == 50


@pytest.mark.parametrize("status", [200, 202, 204, 299])
def test_any_2xx_is_delivered(status: int) -> None:
    step = after(a_delivery(), Answered(status, 0.1))
    assert (step.step, step.status, step.attempt, step.sequence) == (DeliveryStep.DELIVERED, status, 1, 1)
    assert step.due_at is None


@pytest.mark.parametrize("result", FAULTS)
def test_every_fault_is_tried_again_until_the_schedule_is_over(result: Result) -> None:
    delivery, now = a_delivery(), A_TIME
    for attempt in range(1, len(BACK_OFF_SECONDS) + 1):
        step = after(delivery, result, now=now)
        assert (step.step, step.attempt) == (DeliveryStep.FAILED, attempt)
        assert step.due_at is not None
        delivery, now = fold_delivery(delivery, step), step.due_at
    last = after(delivery, result, now=now)
    assert last.step is DeliveryStep.GIVEN_UP
    assert not fold_delivery(delivery, last).waiting


def test_an_endpoint_that_asks_for_patience_gets_it_within_reason() -> None:
    step = after(a_delivery(), Answered(429, 0.1, retry_after=3600))
    assert step.due_at == A_TIME + timedelta(hours=1)
    step = after(a_delivery(), Answered(503, 0.1, retry_after=1e8))
    assert step.due_at == A_TIME + LONGEST_RETRY_AFTER


def test_an_endpoint_that_only_failed_for_days_is_switched_off() -> None:
    long, short = A_TIME - timedelta(days=5), A_TIME - timedelta(days=4, hours=23)
    off = after(a_delivery(), Answered(500, 0.1), since=long)
    assert (off.step, off.endpoint_off) == (DeliveryStep.HELD, True)
    assert not after(a_delivery(), Answered(500, 0.1), since=short).endpoint_off
    assert after(a_delivery(), Answered(200, 0.1), since=long).step is DeliveryStep.DELIVERED


def test_an_endpoint_that_says_it_is_gone_is_switched_off_at_once() -> None:
    assert after(a_delivery(), Answered(410, 0.1)).endpoint_off


def test_a_step_that_comes_again_or_late_changes_nothing() -> None:
    queued = a_delivery()
    failed = after(queued, Answered(500, 0.1))
    folded = fold_delivery(queued, failed)
    delivered = fold_delivery(folded, after(folded, Answered(200, 0.1)))
    assert fold_delivery(delivered, failed) is delivered
    assert fold_delivery(delivered, queued.last) is delivered
    assert delivered.body == queued.body
