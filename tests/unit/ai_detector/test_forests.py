"""Several forests are served as one whose score is their mean, as it was when they were judged."""

import numpy as np
import pytest

pytest.importorskip("lightgbm")
pytest.importorskip("sklearn")

from services.ai_detector.training import boosting, report
from services.ai_detector.training.rows import Rows
from services.ai_detector.trees import Forest

ROWS = 240


@pytest.fixture(scope="module")
def rows() -> Rows:
    """Two makers and two sources that differ in the first of three columns; a tenth of all is missing."""
    rng = np.random.default_rng(5)
    generated = np.arange(ROWS) % 2 == 0
    table = rng.standard_normal((ROWS, 3))
    table[:, 0] += 2 * generated
    table[rng.random(table.shape) < 0.1] = np.nan
    family = np.where(generated, "maker-", "source-").astype("<U16") + (np.arange(ROWS) // 2 % 2).astype(
        "<U1"
    )
    return Rows(
        names=("a", "b", "c"),
        table=table,
        nuisance=rng.standard_normal((ROWS, 2)),
        generated=generated,
        family=family,
        source=family,
        made=np.zeros(ROWS, dtype=np.bool_),
        recording=np.arange(ROWS).astype("<U4"),
    )


def test_the_served_forest_scores_as_those_that_were_fitted(rows: Rows) -> None:
    forests = boosting.fitted(rows)
    served = Forest(boosting.exported(forests, rows.names))
    expected = boosting.scored(forests, rows.table)
    assert [served.score(row) for row in rows.table] == pytest.approx(list(expected), abs=1e-9)


def test_forests_differ_and_the_score_is_their_mean(rows: Rows) -> None:
    forests = boosting.fitted(rows)
    each = np.array([boosting.scored((forest,), rows.table) for forest in forests])
    assert len(forests) == len(boosting.SEEDS)
    assert np.abs(each[0] - each[1]).max() > 1e-3
    assert boosting.scored(forests, rows.table) == pytest.approx(each.mean(axis=0))


def test_the_same_rows_give_the_same_forests(rows: Rows) -> None:
    once, again = (boosting.exported(boosting.fitted(rows), rows.names) for _ in range(2))
    assert once == again


def test_the_probe_of_nuisances_scores_a_table(rows: Rows) -> None:
    scores = report._probe(rows)(rows.table)
    assert scores.shape == (ROWS,)
    assert scores[rows.generated].mean() > scores[~rows.generated].mean()
