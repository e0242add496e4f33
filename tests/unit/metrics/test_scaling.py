"""How the scaling runs are told, and how a stack is given more workers."""

import argparse
import xml.etree.ElementTree as ET
from types import SimpleNamespace

import pytest

from deploy.local.services import ServiceSpec
from deploy.scaling.__main__ import _numbers
from deploy.scaling.growing import WORKERS, GrowingStack
from deploy.scaling.measuring import Run, in_flight
from deploy.scaling.picture import picture, table


def a_run(partitions: int, workers: int, speed: float) -> Run:
    return Run(partitions, workers, speed, 2.4, 1.9, 2, 3.0, 6.5, 0, 0, ())


RUNS = [a_run(1, 1, 20.0), a_run(1, 2, 21.5), a_run(48, 1, 24.0), a_run(48, 2, 47.0)]


def test_the_table_has_a_row_for_each_run():
    head, *rows = table(RUNS).splitlines()
    assert head.split()[:2] == ["partitions", "workers"]
    assert [row.split()[:3] for row in rows] == [
        ["1", "1", "20.0"],
        ["1", "2", "21.5"],
        ["48", "1", "24.0"],
        ["48", "2", "47.0"],
    ]


def test_the_picture_has_a_line_for_each_number_of_workers_and_faster_is_higher():
    drawn = ET.fromstring(picture(RUNS, "At most <47>"))  # noqa: S314 - our own
    assert drawn.get("aria-label") == "At most <47>"
    lines = [one.get("points", "") for one in drawn.iter() if one.tag.endswith("polyline")]
    heights = [[float(point.partition(",")[2]) for point in line.split()] for line in lines]
    assert [len(line) for line in heights] == [2, 2]
    assert heights[1][1] < heights[0][1] < heights[0][0]
    words = [one.text for one in drawn.iter() if one.tag.endswith("text")]
    assert {"1 worker", "2 workers", "48"} <= set(words)


def test_a_single_number_of_partitions_can_be_drawn():
    assert "2 workers" in picture([a_run(1, 2, 10.0)], "one")


def test_a_stack_starts_each_spare_once_and_takes_none_away():
    started: list[str] = []
    spec = ServiceSpec(name="x", argv=("x",), port=1, port_setting="X")
    spares = {name: [spec.model_copy(update={"name": f"{name}_{n}"}) for n in (2, 3, 4)] for name in WORKERS}
    stack = SimpleNamespace(start=lambda specs: started.extend(one.name for one in specs))
    growing = GrowingStack(stack, {}, spares, "token")  # type: ignore[arg-type]  # only starting is asked of it
    growing.grow_to(1)
    growing.grow_to(2)
    assert started == ["ai_detector_2", "voice_matcher_2"]
    growing.grow_to(4)
    assert started[2:] == ["ai_detector_3", "ai_detector_4", "voice_matcher_3", "voice_matcher_4"]
    assert growing.workers == 4


def test_more_workers_are_given_more_tracks_at_once():
    assert [in_flight(workers) for workers in (1, 2, 4)] == [4, 6, 10]


@pytest.mark.parametrize("text", ["0", "-1,2"])
def test_there_is_nothing_below_one_worker_or_partition(text: str):
    with pytest.raises(argparse.ArgumentTypeError):
        _numbers(text)


def test_numbers_are_taken_in_ascending_order():
    assert _numbers("48,1,6,6") == [1, 6, 48]
