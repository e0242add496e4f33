"""A long run says how far it is: often to a person at a terminal, rarely to a log."""

import io
from itertools import count

import pytest

from services.ai_detector.progress import Progress, said
from services.ai_detector.scoring import Tally


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("tally", "seconds", "words"),
    [
        (Tally(25, 0, 100), 5.0, "25 of 100 files (25 %), 5.0 a second, about 15 s left"),
        (Tally(10, 2, 1000), 10.0, "10 of 1000 files (1 %), 2 failed, 1.0 a second, about 16 min left"),
        (Tally(10, 0, 100_000), 10.0, "10 of 100000 files (0 %), 1.0 a second, about 27.8 h left"),
        (Tally(100, 1, 100), 20.0, "100 of 100 files, 1 failed in 20 s"),
    ],
)
def test_the_estimate_is_the_pace_so_far(tally: Tally, seconds: float, words: str) -> None:
    assert said(tally, seconds) == words


def test_a_log_gets_a_line_every_ten_seconds_and_the_last() -> None:
    log, clock = io.StringIO(), count()
    progress = Progress(log, lambda: float(next(clock)))
    for done in range(1, 26):
        progress(Tally(done, 0, 25))
    assert [line.split(" ")[0] for line in log.getvalue().splitlines()] == ["10", "20", "25"]


def test_a_terminal_gets_one_line_that_replaces_itself() -> None:
    screen, clock = Terminal(), count()
    progress = Progress(screen, lambda: float(next(clock)))
    for done in range(1, 4):
        progress(Tally(done, 0, 3))
    assert screen.getvalue().count("\r") == 3
    assert screen.getvalue().count("\n") == 1
    assert screen.getvalue().endswith("3 of 3 files in 3 s\n")
