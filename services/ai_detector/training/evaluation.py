"""How well the detector does where it never was: makers, people and deliveries held out. Writes JSON.

Every score comes from a model that saw neither the generator (or the human source) nor any row of its
repository, unless a key says `other_authors`: there the generator is known, the repository is not.
"""

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from services.ai_detector.readout import Readout
from services.ai_detector.training import (
    boosting,
    corpus,
    judging,
    readout_training,
    references,
    report,
    trials,
    views,
)
from services.ai_detector.training.__main__ import without_own
from services.ai_detector.training.rows import Rows
from services.ai_detector.training.trials import Trial

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
_PACKAGES = ("numpy", "scipy", "soxr", "soundfile", "scikit-learn", "lightgbm", "av")


def parser() -> argparse.ArgumentParser:
    """The command line of `python -m services.ai_detector.evaluate`."""
    top = argparse.ArgumentParser(prog="python -m services.ai_detector.evaluate", description=__doc__)
    top.add_argument("--data", type=Path, default=os.environ.get("TRACKGATE_AI_MUSIC"), help="as in training")
    top.add_argument("--debian", type=Path, default=Path("build/ai_detector/debian"))
    top.add_argument("--extra", type=Path, help="as in training")
    top.add_argument("--cache", type=Path, default=Path("build/ai_detector/measured"))
    top.add_argument("--out", type=Path, default=Path("build/eval/ai.json"))
    top.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    top.add_argument(
        "--clips",
        type=int,
        default=8,
        help="of each generator under every condition, and half as many of each human source (default: 8)",
    )
    top.add_argument("--quick", action="store_true", help="2 clips a generator, 1 a human source, 12 seconds")
    return top


def main() -> None:
    """Evaluate; prints a summary and writes all of it."""
    asked = parser().parse_args()
    if asked.data is None and asked.extra is None:
        raise SystemExit("name your labelled clips: --data DIR or --extra DIR")
    began = time.monotonic()
    recordings = without_own(asked.debian, asked.cache, fetch=False)
    recordings += corpus.from_manifest(asked.data) if asked.data is not None else []
    recordings += corpus.from_extra(asked.extra) if asked.extra is not None else []
    rows = views.views(recordings, asked.cache, workers=asked.workers)
    clips = 2 if asked.quick else asked.clips
    picked = trials.chosen(recordings, clips, max(clips // 2, 1))
    tried = trials.trials(picked, asked.cache, 12.0 if asked.quick else 30.0, asked.workers)
    found = evaluated(rows, tried) | _setting(began, quick=asked.quick)
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(json.dumps(found, indent=1) + "\n")
    _print(found)
    print(f"written: {asked.out}")


def evaluated(rows: list[views.View], tried: list[Trial]) -> dict[str, object]:
    """Everything but machine and time."""
    scores = readout_training.held_out(rows)
    readout = Readout.load()
    return {
        "leave_one_family_out": report.report(rows, scores, readout),
        "other_authors": other_authors(rows),
        "conditions": conditions(rows, tried),
        "training_rows": len(rows),
        "trials": len(tried),
    }


def conditions(rows: list[views.View], tried: list[Trial]) -> dict[str, object]:
    """Per condition, ours beside the two references; detection at what human trials of it allow."""
    table = boosting.tabled([trial.view for trial in tried], boosting.chosen())
    clean = np.array([trial.condition == "clean" for trial in tried])
    bins = np.array([trial.bins for trial in tried])
    ours = _across(boosting.tabled(rows, boosting.chosen()), table)
    regression = _regression(table, bins, clean)
    periodicity = np.array([trial.autocorrelation for trial in tried])
    out: dict[str, object] = {}
    for name in trials.CONDITIONS:
        here = np.array([trial.condition == name for trial in tried])
        out[name] = {
            "ours": _figures(ours, table.generated, here, clean),
            "reference_bins": _figures(regression, table.generated, here, clean),
            "reference_autocorrelation": _figures(periodicity, table.generated, here, clean),
        }
    return out


def other_authors(rows: list[views.View]) -> dict[str, object]:
    """Generators of several repositories, each repository judged by a model that knows the generator."""
    table = boosting.tabled(rows, boosting.chosen())
    out: dict[str, object] = {}
    for generator in sorted(set(table.family[table.generated & ~table.made])):
        own = table.generated & ~table.made & (table.family == generator)
        repositories = sorted(set(table.source[own]))
        if len(repositories) < 2:
            continue
        scores = np.full(own.size, np.nan)
        human = sorted(set(table.source[~table.generated]))
        for i, repository in enumerate(repositories):
            dealt = np.isin(table.source, human[i :: len(repositories)]) & ~table.generated
            test = (own & (table.source == repository)) | dealt
            train = (
                ~test & (table.source != repository) & ~np.isin(table.source, human[i :: len(repositories)])
            )
            model = boosting.fitted(table.only(np.flatnonzero(train)))
            scores[test] = boosting.scored(model, table.table[test])
        judged = np.isfinite(scores)
        out[generator] = {"repositories": len(repositories)} | _figures(
            scores, table.generated, judged, judged
        )
    return out


def _across(rows: Rows, tried: Rows) -> Array:
    """Scores of trials by models whose training held neither their family nor their source."""
    scores = np.full(tried.generated.size, np.nan)
    for train, test in judging.folds(rows):
        kinds = set(zip(rows.generated[test], rows.family[test], strict=True))
        mine = [i for i, kind in enumerate(zip(tried.generated, tried.family, strict=True)) if kind in kinds]
        if mine:
            model = boosting.fitted(rows.only(train))
            scores[mine] = boosting.scored(model, tried.table[mine])
    return scores


def _regression(table: Rows, bins: Array, clean: Mask) -> Array:
    """The published regression in the same folds, trained on clean trials as published."""
    rows = replace(table, table=bins)
    scores = np.full(table.generated.size, np.nan)
    for train, test in judging.folds(rows):
        fit = train[clean[train]]
        if np.unique(table.generated[fit]).size == 2:
            scores[test] = references.fitted(bins[fit], table.generated[fit]).decision_function(bins[test])
    return scores


def _figures(scores: Array, generated: Mask, here: Mask, clean: Mask) -> dict[str, object]:
    """AUC, detection at 1 and 5 % of human rows here, and at the thresholds that clean human rows set."""
    judged = here & np.isfinite(scores)
    human, machine = scores[judged & ~generated], scores[judged & generated]
    if human.size == 0 or machine.size == 0:
        return {"human_rows": int(human.size), "generated_rows": int(machine.size)}
    fixed = np.quantile(scores[clean & np.isfinite(scores) & ~generated], 0.99)
    return {
        "auc": round(float(roc_auc_score(generated[judged], scores[judged])), 4),
        "found_at_1_percent": _share(machine > np.quantile(human, 0.99)),
        "found_at_5_percent": _share(machine > np.quantile(human, 0.95)),
        "found_at_clean_1_percent": _share(machine > fixed),
        "human_rows_over_that": int(np.count_nonzero(human > fixed)),
        "human_rows": int(human.size),
        "generated_rows": int(machine.size),
    }


def _share(hits: Mask) -> float:
    return round(float(hits.mean()), 4)


def _setting(began: float, *, quick: bool) -> dict[str, object]:
    return {
        "quick": quick,
        "seed": boosting.SEED,
        "machine": {"cpu": platform.processor() or platform.machine(), "cores": os.cpu_count()},
        "python": sys.version.split()[0],
        "versions": {name: version(name) for name in _PACKAGES},
        "seconds": round(time.monotonic() - began, 1),
        "load_average": os.getloadavg(),
    }


def _print(found: dict[str, object]) -> None:
    line: Callable[..., None] = lambda *cells: print("  ".join(f"{c!s:>14}" for c in cells))  # noqa: E731
    line("condition", "AUC", "at 1 %", "bins AUC", "autocorr. AUC", "human rows")
    for name, each in found["conditions"].items():  # type: ignore[attr-defined]
        ours = each["ours"]
        line(
            name,
            ours.get("auc", "-"),
            ours.get("found_at_1_percent", "-"),
            each["reference_bins"].get("auc", "-"),
            each["reference_autocorrelation"].get("auc", "-"),
            ours["human_rows"],
        )
    whole = found["leave_one_family_out"]["whole_clean_tracks"]  # type: ignore[index]
    print("whole clean tracks, never-met makers:", json.dumps(whole))
    print("known makers, other authors:", json.dumps(found["other_authors"]))


if __name__ == "__main__":
    main()
