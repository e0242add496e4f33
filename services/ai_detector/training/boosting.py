"""Boosted trees as they are fitted, and as they are served.

Rows are weighed so that both classes count alike and inside each the families by the root of their number.
Against the accidents of a collection (band, rate, channels, level) stand the random deliveries of both
classes and the choice of columns, none of which tells them. Weighing rows by inverse propensity as well
lowered every held-out figure and the score's correlation with those accidents only from 0.38 to 0.33.
"""

from collections import Counter
from typing import Any

import lightgbm
import numpy as np

from services.ai_detector import features, texture
from services.ai_detector.training.rows import Array, Rows
from services.ai_detector.training.views import View
from services.ai_detector.trees import Trees

SEED = 7
_SHAPE = {
    "n_estimators": 500,
    "learning_rate": 0.05,
    "num_leaves": 8,
    "min_child_samples": 25,
    "colsample_bytree": 0.25,
    "subsample": 0.7,
    "subsample_freq": 1,
    "reg_lambda": 10.0,
    "max_bin": 63,
}
_MADE_COUNT = 2.0
"""Rows of our own decoders weigh so much more: they are like no collection's accidents."""
FIXED = {"num_threads": 1, "deterministic": True, "verbose": -1}
SEEDS = (SEED, SEED + 1, SEED + 2)
"""Of so many forests the mean is served: what one of them owes to chance becomes a third."""
_LEFT_OUT = ("side_z", "stationary_low", "stationary_high", "lines_high", "ripple")


def chosen() -> tuple[str, ...]:
    """The columns that the trees see.

    Left out: what is constant for mono, bands that a quarter of all deliveries do not carry, and what told
    sources apart instead of makers. Whether there is a second channel or a treble says nothing about the
    maker, and trees would use it.
    """
    bands = {name: max(texture.bands_of(name)) for name in texture.names()}
    last = len(texture.BANDS_HZ) - 1
    unfit = {name for name, band in bands.items() if band == last or name.startswith("side")}
    return tuple(
        column
        for column in features.columns()
        if column not in _LEFT_OUT and column.removesuffix("_spread") not in unfit
    )


def tabled(rows: list[View], names: tuple[str, ...]) -> Rows:
    """The rows with the columns named."""
    at = [features.columns().index(name) for name in names]
    return Rows(
        names=names,
        table=np.array([row.values for row in rows])[:, at],
        nuisance=np.array([row.nuisance for row in rows]),
        generated=np.array([row.generated for row in rows]),
        family=np.array([row.family for row in rows]),
        source=np.array([row.recording.source for row in rows]),
        made=np.array([row.made for row in rows]),
        recording=np.array([str(row.recording.path) for row in rows]),
    )


def family_weight(rows: Rows) -> Array:
    """Both classes alike, inside each the families by the root of their number of rows."""
    weight = np.zeros(rows.generated.size)
    for generated in (False, True):
        sizes = Counter(rows.family[rows.generated == generated])
        total = sum(np.sqrt(n) for n in sizes.values())
        for family, size in sizes.items():
            weight[(rows.generated == generated) & (rows.family == family)] = 1 / np.sqrt(size) / total
    return weight / weight.mean()


def training_weight(rows: Rows) -> Array:
    """`family_weight`, and more for the rows of our own decoders."""
    return family_weight(rows) * np.where(rows.made, _MADE_COUNT, 1.0)


Forests = tuple[lightgbm.LGBMClassifier, ...]


def fitted(rows: Rows) -> Forests:
    """Trees on all rows given, once for each seed."""
    weight = training_weight(rows)
    return tuple(
        lightgbm.LGBMClassifier(**_SHAPE, **FIXED, seed=seed).fit(
            rows.table, rows.generated, sample_weight=weight
        )
        for seed in SEEDS
    )


def scored(forests: Forests, table: Array) -> Array:
    """Log-odds before calibration: the mean over the forests."""
    each = [np.asarray(model.predict(table, raw_score=True), dtype=np.float64) for model in forests]
    return np.asarray(np.mean(each, axis=0))


def exported(forests: Forests, names: tuple[str, ...]) -> Trees:
    """The same trees as arrays that serving walks: one forest, whose leaves are shares of the mean."""
    nodes: list[dict[str, Any]] = []
    trees = [tree for model in forests for tree in model.booster_.dump_model()["tree_info"]]
    roots = [_laid_out(tree["tree_structure"], nodes) for tree in trees]
    for node in nodes:
        node["value"] /= len(forests)
    return Trees(
        columns=names,
        base=0.0,
        roots=tuple(roots),
        **{
            key: tuple(node[key] for node in nodes)
            for key in ("feature", "threshold", "missing_left", "left", "right", "value")
        },
    )


def _laid_out(node: dict[str, Any], nodes: list[dict[str, Any]]) -> int:
    """Append a node and all below it; its index. The value of an inner node is its rows' mean."""
    at = len(nodes)
    if "leaf_value" in node:
        leaf = {"feature": 0, "threshold": 0.0, "missing_left": True, "left": -1, "right": -1}
        nodes.append({**leaf, "value": node["leaf_value"], "count": max(node.get("leaf_count", 1), 1)})
        return at
    missing = node["default_left"] if node["missing_type"] == "NaN" else node["threshold"] >= 0.0
    inner = {"feature": node["split_feature"], "threshold": node["threshold"], "missing_left": bool(missing)}
    nodes.append(inner)
    left, right = _laid_out(node["left_child"], nodes), _laid_out(node["right_child"], nodes)
    count = nodes[left]["count"] + nodes[right]["count"]
    value = (
        nodes[left]["value"] * nodes[left]["count"] + nodes[right]["value"] * nodes[right]["count"]
    ) / count
    inner.update(left=left, right=right, value=value, count=count)
    return at
