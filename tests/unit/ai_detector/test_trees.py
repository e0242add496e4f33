"""Trees are walked as they were grown, refuse to load when damaged, and say what each column added."""

import numpy as np
import pytest
from pydantic import ValidationError

from services.ai_detector.trees import Forest, Trees

PLAIN = {
    "columns": ("loud", "bright"),
    "base": 0.5,
    "roots": (0, 3),
    "feature": (0, 0, 0, 1, 0, 0),
    "threshold": (2.0, 0.0, 0.0, -1.0, 0.0, 0.0),
    "missing_left": (True, True, True, False, True, True),
    "left": (1, -1, -1, 4, -1, -1),
    "right": (2, -1, -1, 5, -1, -1),
    "value": (0.25, -1.0, 1.5, 0.0, -0.25, 0.25),
}


@pytest.fixture
def forest() -> Forest:
    return Forest(Trees.model_validate(PLAIN))


@pytest.mark.parametrize(
    ("row", "score"),
    [
        ((2.0, -1.0), 0.5 - 1.0 - 0.25),
        ((2.1, -1.0), 0.5 + 1.5 - 0.25),
        ((2.0, 0.0), 0.5 - 1.0 + 0.25),
        ((np.nan, np.nan), 0.5 - 1.0 + 0.25),
    ],
)
def test_a_row_goes_left_up_to_the_threshold_and_where_told_when_missing(
    forest: Forest, row: tuple[float, float], score: float
) -> None:
    assert forest.score(np.array(row)) == pytest.approx(score)


def test_contributions_and_the_expectation_sum_to_the_score(forest: Forest) -> None:
    row = np.array([3.0, -4.0])
    parts = forest.contributions(row)
    assert parts == pytest.approx([1.25, -0.25])
    assert parts.sum() + forest.expected == pytest.approx(forest.score(row))


@pytest.mark.parametrize(
    "damage",
    [
        {"left": (1, -1, -1, 3, -1, -1)},
        {"right": (2, -1, -1, 6, -1, -1)},
        {"roots": (0, 6)},
        {"feature": (0, 0, 0, 2, 0, 0)},
        {"value": (0.25, -1.0)},
    ],
)
def test_damaged_trees_are_refused(damage: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Trees.model_validate(PLAIN | damage)
