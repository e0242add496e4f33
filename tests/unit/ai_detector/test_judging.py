"""Held out means: neither the maker, nor the source, nor anything else of its repository was trained on."""

import numpy as np
import pytest

from services.ai_detector.training import judging
from services.ai_detector.training.rows import Array, Rows

MAKERS = ("suno", "udio", "yue")
AUTHORS = ("anna", "ben", "cleo", "dora")


@pytest.fixture
def rows() -> Rows:
    """Three makers of two repositories each, sharing one with the next; four human sources, two decoded."""
    each: list[tuple[bool, str, str, bool]] = []
    for i, maker in enumerate(MAKERS):
        each += [(True, maker, f"repository-{i}", False), (True, maker, f"repository-{i + 1}", False)] * 2
    for author in AUTHORS:
        each += [(False, author, author, False)] * 3
    each += [(True, "bank", author, True) for author in AUTHORS[:2]]
    each.append((False, "repository-0", "repository-0", False))  # people in a maker's repository
    generated, family, source, made = (np.array(column) for column in zip(*each, strict=True))
    count = len(each)
    return Rows(
        names=("x",),
        table=np.arange(count, dtype=float)[:, None],
        nuisance=np.zeros((count, 1)),
        generated=generated,
        family=family,
        source=source,
        made=made,
        recording=np.array([str(i) for i in range(count)]),
    )


def test_every_row_but_those_of_our_own_decoders_is_judged_once(rows: Rows) -> None:
    tested = np.concatenate([test for _, test in judging.folds(rows)])
    assert sorted(tested) == list(np.flatnonzero(~rows.made))


def test_nothing_of_a_judged_maker_or_repository_is_trained_on(rows: Rows) -> None:
    for train, test in judging.folds(rows):
        makers = set(rows.family[test][rows.generated[test]])
        assert len(makers) == 1
        assert not makers & set(rows.family[train])
        assert not set(rows.source[test]) & set(rows.source[train])


def test_what_our_decoders_made_of_a_judged_source_is_not_trained_on(rows: Rows) -> None:
    held_out = {
        author: [
            set(rows.source[train][rows.made[train]])
            for train, test in judging.folds(rows)
            if author in rows.source[test]
        ]
        for author in AUTHORS[:2]
    }
    assert all(author not in trained for author, folds in held_out.items() for trained in folds)
    assert any(rows.made[train].any() for train, _ in judging.folds(rows))


def test_each_fold_judges_people_as_well(rows: Rows) -> None:
    assert all((~rows.generated[test]).any() for _, test in judging.folds(rows))


def test_scores_come_from_the_fold_that_held_the_row_out(rows: Rows) -> None:
    def fit(trained: Rows) -> judging.Callable[[Array], Array]:
        seen = set(trained.table[:, 0])
        return lambda table: np.array([float(value in seen) for value in table[:, 0]])

    scores = judging.held_out_scores(rows, fit)
    assert np.isnan(scores[rows.made]).all()
    assert (scores[~rows.made] == 0).all()
