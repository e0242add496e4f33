"""Health is progress, not an open port."""

from shared.stream.progress import Progress


class Watch:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_an_idle_worker_with_a_turning_loop_is_healthy():
    watch = Watch()
    progress = Progress(stuck_seconds=60, monotonic=watch)
    watch.seconds = 1000
    progress.beat()
    assert progress.health().faults == ()


def test_a_message_in_hand_for_too_long_is_a_fault():
    watch = Watch()
    progress = Progress(stuck_seconds=60, monotonic=watch)
    with progress.working():
        watch.seconds = 61
        progress.beat()
        (fault,) = progress.health().faults
        assert "in hand for 61 s" in fault
    assert progress.health().faults == ()
    assert progress.health().handled == 1


def test_an_event_loop_that_stands_still_is_a_fault():
    watch = Watch()
    progress = Progress(stuck_seconds=60, monotonic=watch)
    progress.beat()
    watch.seconds = 30
    (fault,) = progress.health().faults
    assert "event loop" in fault


def test_a_condition_is_a_fault_until_it_is_cleared():
    progress = Progress(stuck_seconds=60, monotonic=Watch())
    progress.raise_condition("outage", "the store does not answer")
    assert progress.health().faults == ("the store does not answer",)
    progress.clear_condition("outage")
    assert progress.health().faults == ()
