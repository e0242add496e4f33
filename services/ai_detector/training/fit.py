"""Fit, cross-validate and describe the readout.

    python -m services.ai_detector.training.fit --manifest-root DIR --debian DIR --cache DIR [--report FILE]
    [--ship]

Needs scikit-learn (the `train` extra). Every number about a recording comes from a model that saw neither its
family (generator, or human source) nor its source repository.
"""

import argparse
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from services.ai_detector.features import MEASUREMENT, names
from services.ai_detector.readout import SHIPPED, Readout, Thresholds
from services.ai_detector.training import corpus, views
from services.ai_detector.training.solver import SIGNS, solve

_RIDGE = 0.01
_BOUNDS = (3.0, 97.0)
_LIKELY_HUMAN_SHARE = 0.005
_INCONCLUSIVE_HUMAN_SHARE = 0.05
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Fitted:
    """Linear readout on clipped, standardised columns."""

    low: Array
    high: Array
    centre: Array
    scale: Array
    weights: Array
    intercept: float

    def scores(self, table: Array) -> Array:
        """Log-odds of rows."""
        return (
            np.clip(table, self.low, self.high) - self.centre
        ) / self.scale @ self.weights + self.intercept


def balance(rows: list[views.View]) -> Array:
    """Row weights: both classes alike, inside each every family alike, inside each every recording alike."""
    families = {(r.generated, r.family) for r in rows}
    per_class = {c: sum(1 for g, _ in families if g == c) for c in (False, True)}
    per_family: dict[tuple[bool, str], int] = {}
    for r in rows:
        per_family[r.generated, r.family] = per_family.get((r.generated, r.family), 0) + 1
    return np.array(
        [len(rows) / 2 / per_class[r.generated] / per_family[r.generated, r.family] for r in rows]
    )


def fit(table: Array, generated: NDArray[np.bool_], weight: Array, signs: Array) -> Fitted:
    """Weighted ridge logistic regression with the signs given (0: free)."""
    low, high = np.percentile(table, _BOUNDS, axis=0)
    clipped = np.clip(table, low, high)
    centre, scale = clipped.mean(axis=0), clipped.std(axis=0) + 1e-9
    standard = (clipped - centre) / scale
    weights, intercept = solve(standard, generated.astype(np.float64), weight, signs, _RIDGE)
    return Fitted(low, high, centre, scale, weights, intercept)


def folds(rows: list[views.View]) -> list[tuple[Array, Array]]:
    """(train, test) indices: each family is held out once, with every row of its repository."""
    out = []
    for family in sorted({(r.generated, r.family) for r in rows}):
        test = [i for i, r in enumerate(rows) if (r.generated, r.family) == family]
        if family[1] == "decoder bank":
            continue
        sources = {rows[i].recording.source for i in test}
        train = [
            i
            for i, r in enumerate(rows)
            if (r.generated, r.family) != family and r.recording.source not in sources
        ]
        out.append((np.array(train), np.array(test)))
    return out


def held_out_scores(rows: list[views.View], table: Array, signs: Array) -> Array:
    """Score of each row by a model that never saw its family or source; NaN for the decoder bank."""
    generated = np.array([r.generated for r in rows])
    scores = np.full(len(rows), np.nan)
    for train, test in folds(rows):
        weight = balance([rows[i] for i in train])
        scores[test] = fit(table[train], generated[train], weight, signs).scores(table[test])
    return scores


def calibrate(scores: Array, generated: NDArray[np.bool_], weight: Array) -> tuple[float, float]:
    """Platt's slope and offset at equal priors."""
    model = LogisticRegression(C=100.0)
    model.fit(scores[:, None], generated, sample_weight=weight)
    return max(float(model.coef_[0, 0]), 1e-3), float(model.intercept_[0])


def threshold_at(human: Array, share: float) -> float:
    """The smallest score that at most this share of human scores reach."""
    ordered = np.sort(human)
    allowed = int(np.floor(share * ordered.size))
    return float(np.nextafter(ordered[ordered.size - allowed - 1], np.inf))


def main() -> None:
    """Fit on everything, judge on held-out families, write the report and, with --ship, the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--manifest-root", type=Path, required=True)
    parser.add_argument("--debian", type=Path, required=True)
    parser.add_argument("--cache", type=Path, default=Path("build/ai_detector/cache"))
    parser.add_argument("--report", type=Path, default=Path("build/eval/ai_detector.json"))
    parser.add_argument("--ship", action="store_true")
    chosen = parser.parse_args()
    recordings = corpus.from_manifest(chosen.manifest_root) + corpus.from_debian(chosen.debian)
    rows = views.views(recordings, chosen.cache)
    readout, report = trained(rows)
    chosen.report.parent.mkdir(parents=True, exist_ok=True)
    chosen.report.write_text(json.dumps(report, indent=1))
    print(json.dumps(report, indent=1))
    if chosen.ship:
        SHIPPED.write_text(readout.model_dump_json(indent=1) + "\n")


def trained(rows: list[views.View]) -> tuple[Readout, dict[str, object]]:
    """The readout fitted on all rows, with thresholds, calibration and report from held-out scores."""
    chosen = tuple(SIGNS)
    signs = np.array(list(SIGNS.values()), dtype=np.float64)
    table = np.array([r.values for r in rows])[:, [names().index(name) for name in chosen]]
    generated = np.array([r.generated for r in rows])
    scores = held_out_scores(rows, table, signs)
    judged = np.isfinite(scores)
    judged_rows = [r for r, j in zip(rows, judged, strict=True) if j]
    slope, offset = calibrate(scores[judged], generated[judged], balance(judged_rows))
    delivered = np.array([r.treatment != "hum" for r in rows])
    human = scores[judged & ~generated & delivered]
    likely = threshold_at(human, _LIKELY_HUMAN_SHARE)
    inconclusive = threshold_at(human, _INCONCLUSIVE_HUMAN_SHARE)
    whole_scores: dict[Path, float] = {}
    for row, score in zip(rows, scores, strict=True):
        if not row.generated and row.treatment == "clean" and np.isfinite(score):
            whole_scores.setdefault(row.recording.path, float(score))  # the plan puts the whole track first
    tracks = np.sort(list(whole_scores.values()))
    final = fit(table, generated, balance(rows), signs)
    readout = Readout(
        version=f"comb-{MEASUREMENT}.{datetime.now(UTC):%Y%m%d}",
        measurement=MEASUREMENT,
        features=chosen,
        low=tuple(final.low),
        high=tuple(final.high),
        centre=tuple(final.centre),
        scale=tuple(final.scale),
        weights=tuple(final.weights),
        intercept=final.intercept,
        slope=slope,
        offset=offset,
        thresholds=Thresholds(
            likely=likely,
            inconclusive=inconclusive,
            human_tracks=tracks.size,
            human_likely=int(np.count_nonzero(tracks >= likely)),
            human_inconclusive=int(np.count_nonzero(tracks >= inconclusive)),
        ),
        human_scores=tuple(tracks.round(4)),
    )
    return readout, _report(rows, scores, readout)


def _report(rows: list[views.View], scores: Array, readout: Readout) -> dict[str, object]:
    generated = np.array([r.generated for r in rows])
    judged = np.isfinite(scores)
    human = scores[judged & ~generated]
    clean = np.array([r.treatment == "clean" for r in rows])

    def against(mask: NDArray[np.bool_], reference: Array) -> dict[str, float]:
        s = scores[mask & judged]
        both = np.concatenate([np.zeros(reference.size), np.ones(s.size)])
        return {
            "recordings": len({r.recording.path for r, m in zip(rows, mask, strict=True) if m}),
            "rows": int(s.size),
            "auc": round(float(roc_auc_score(both, np.concatenate([reference, s]))), 4)
            if s.size
            else float("nan"),
            "likely_generated": round(float(np.mean(s >= readout.thresholds.likely)), 4),
            "at_least_inconclusive": round(float(np.mean(s >= readout.thresholds.inconclusive)), 4),
        }

    def false_positives(mask: NDArray[np.bool_]) -> dict[str, float]:
        s = scores[mask & judged & ~generated]
        return {
            "rows": int(s.size),
            "likely_generated": round(float(np.mean(s >= readout.thresholds.likely)), 4) if s.size else 0.0,
            "at_least_inconclusive": round(float(np.mean(s >= readout.thresholds.inconclusive)), 4)
            if s.size
            else 0.0,
        }

    family = np.array([r.family for r in rows])
    treatment = np.array([r.treatment for r in rows])
    return {
        "protocol": "leave one generator family or human source out, together with its whole repository",
        "thresholds": readout.thresholds.model_dump(),
        "all": against(generated & judged, human),
        "clean": against(generated & judged & clean, scores[judged & ~generated & clean]),
        "per_generator_all_rows": {
            f: against(generated & (family == f), human) for f in sorted(set(family[generated & judged]))
        },
        "per_treatment": {
            t: against(generated & (treatment == t), scores[judged & ~generated & (treatment == t)])
            for t in sorted(set(treatment))
        },
        "human_per_source": {f: false_positives(family == f) for f in sorted(set(family[~generated]))},
        "human_per_treatment": {t: false_positives(treatment == t) for t in sorted(set(treatment))},
        "nuisance_probe_auc": _nuisance_probe(rows),
        "weights": dict(zip(readout.features, [round(w, 3) for w in readout.weights], strict=True)),
    }


def _nuisance_probe(rows: list[views.View]) -> dict[str, float]:
    """AUC of the same protocol on bandwidth, rate, loudness, crest factor, channels and length alone."""
    table = np.array([r.nuisance for r in rows])
    generated = np.array([r.generated for r in rows])
    free = np.zeros(table.shape[1])
    scores = held_out_scores(rows, table, free)
    judged = np.isfinite(scores)
    clean = np.array([r.treatment == "clean" for r in rows]) & judged
    return {
        "all rows": round(float(roc_auc_score(generated[judged], scores[judged])), 4),
        "clean rows": round(float(roc_auc_score(generated[clean], scores[clean])), 4),
        "in-sample": round(
            float(roc_auc_score(generated, fit(table, generated, balance(rows), free).scores(table))), 4
        ),
    }


if __name__ == "__main__":
    main()
