"""Totals over processes that come, go and begin again."""

from hypothesis import given
from hypothesis import strategies as st

from services.moderation.dashboards.odometer import Odometer, Wanted
from tests.unit.dashboards.figure_fakes import CountingProcess, key

TRACKS = key("tracks")
WANTED = Wanted(frozenset({"tracks"}), {"depth": "sum", "age": "max"})


def test_what_was_counted_before_the_record_began_is_in_no_total():
    old = CountingProcess("policy", started=10.0)
    old.count("tracks", 500)
    odometer = Odometer(began=100.0)
    odometer.look([old.seen], WANTED)
    assert odometer.totals[TRACKS] == 0
    old.count("tracks", 3)
    odometer.look([old.seen], WANTED)
    assert odometer.totals[TRACKS] == 3


def test_a_process_that_started_after_the_record_counts_from_its_first_number():
    odometer = Odometer(began=100.0)
    odometer.look([], WANTED)
    young = CountingProcess("policy", started=150.0)
    young.count("tracks", 4)
    odometer.look([young.seen], WANTED)
    assert odometer.totals[TRACKS] == 4


def test_a_restart_loses_nothing_even_where_the_new_count_is_above_the_old_one():
    process = CountingProcess("policy", started=10.0)
    odometer = Odometer(began=100.0)
    odometer.look([process.seen], WANTED)
    process.count("tracks", 5)
    odometer.look([process.seen], WANTED)
    process.restart(at=200.0)
    process.count("tracks", 9)
    odometer.look([process.seen], WANTED)
    assert odometer.totals[TRACKS] == 14


def test_a_counter_that_falls_without_a_new_start_time_counts_as_begun_again():
    process = CountingProcess("policy", started=10.0)
    odometer = Odometer(began=1.0)
    process.count("tracks", 5)
    odometer.look([process.seen], WANTED)
    process.counts[TRACKS] = 2.0
    odometer.look([process.seen], WANTED)
    assert odometer.totals[TRACKS] == 7


def test_a_counter_that_nobody_read_before_starts_at_its_value():
    process = CountingProcess("policy", started=10.0)
    process.count("tracks", 70)
    odometer = Odometer(began=1.0)
    odometer.look([process.seen], Wanted(frozenset({"others"}), {}))
    odometer.look([process.seen], WANTED)
    assert odometer.totals[TRACKS] == 0
    process.count("tracks")
    odometer.look([process.seen], WANTED)
    assert odometer.totals[TRACKS] == 1


def test_a_process_that_does_not_answer_is_down_and_its_gauges_are_unknown():
    process = CountingProcess("policy", started=10.0)
    process.count("depth", 3)
    odometer = Odometer(began=1.0)
    up = key("up", instance="policy", job="trackgate")
    assert odometer.look([process.seen], WANTED) == {up: 1.0, key("depth"): 3.0}
    process.up = False
    assert odometer.look([process.seen], WANTED) == {up: 0.0}


def test_gauges_of_several_processes_are_added_or_the_largest_is_taken():
    processes = [CountingProcess(name, started=10.0) for name in ("a", "b")]
    for number, process in enumerate(processes, start=1):
        process.count("depth", number)
        process.count("age", number)
    seen = Odometer(began=1.0).look([process.seen for process in processes], WANTED)
    assert (seen[key("depth")], seen[key("age")]) == (3.0, 2.0)


events = st.lists(
    st.tuples(st.sampled_from(["a", "b"]), st.sampled_from(["count", "restart", "away", "look"])), max_size=60
)


@given(events)
def test_nothing_is_lost_or_counted_twice_except_between_the_last_look_and_a_restart(
    story: list[tuple[str, str]],
):
    processes = {name: CountingProcess(name, started=1.0) for name in "ab"}
    odometer = Odometer(began=2.0)
    odometer.look([process.seen for process in processes.values()], WANTED)
    now, counted = 3.0, 0.0
    unseen = dict.fromkeys(processes, 0.0)
    for name, what in story:
        now += 1
        process = processes[name]
        match what:
            case "count":
                process.count("tracks")
                unseen[name] += 1
            case "restart":
                process.restart(now)
                process.up = True
                unseen[name] = 0.0
            case "away":
                process.up = False
            case _:
                odometer.look([one.seen for one in processes.values()], WANTED)
                for one, other in processes.items():
                    if other.up:
                        counted += unseen[one]
                        unseen[one] = 0.0
    assert odometer.totals.get(TRACKS, 0.0) == counted
