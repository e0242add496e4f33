"""What held-out scores say, per generator, source and treatment, and how far nuisances could have said it."""

from dataclasses import dataclass, replace
from pathlib import Path

import lightgbm
import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from services.ai_detector.readout import Readout
from services.ai_detector.training import beds, boosting, judging, speech
from services.ai_detector.training.rows import Rows
from services.ai_detector.training.views import View
from shared.events.finding import Verdict

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
_STRATA = 5
_NO_MUSIC = frozenset((beds.SOURCE, *(f"debian/{package}" for package in speech.PACKAGES)))
"""Speech and noise are judged with the rest; what is said of tracks is said without them too."""


@dataclass(frozen=True, eq=False)
class Judged:
    """Rows with a held-out score; `likely` and `inconclusive` are what the shipped thresholds say of each."""

    rows: list[View]
    scores: Array
    generated: Mask
    likely: Mask
    inconclusive: Mask

    def detection(self, chosen: Mask) -> dict[str, object]:
        """AUC, and shares found at the shipped thresholds and at 1 and 5 % of these human rows."""
        found, human = chosen & self.generated, chosen & ~self.generated
        if not found.any() or not human.any():
            return {"generated_rows": int(found.sum()), "human_rows": int(human.sum())}
        allowed_1, allowed_5 = np.quantile(self.scores[human], [0.99, 0.95])
        return {
            "generated_recordings": self.recordings(found),
            "generated_rows": int(found.sum()),
            "auc": _rounded(roc_auc_score(self.generated[chosen], self.scores[chosen])),
            "likely_generated": _rounded(self.likely[found].mean()),
            "at_least_inconclusive": _rounded(self.inconclusive[found].mean()),
            "found_at_1_percent": _rounded(np.mean(self.scores[found] > allowed_1)),
            "found_at_5_percent": _rounded(np.mean(self.scores[found] > allowed_5)),
            "human": self.false_positives(human),
        }

    def false_positives(self, human: Mask) -> dict[str, int]:
        """Counts, because shares of so few say too much."""
        return {
            "recordings": self.recordings(human),
            "rows": int(human.sum()),
            "rows_likely_generated": int(self.likely[human].sum()),
            "rows_at_least_inconclusive": int(self.inconclusive[human].sum()),
        }

    def recordings(self, chosen: Mask) -> int:
        """How many recordings stand behind the rows chosen."""
        return len({row.recording.path for row, c in zip(self.rows, chosen, strict=True) if c})


def judged(rows: list[View], scores: Array, readout: Readout) -> Judged:
    """Apply the shipped thresholds to held-out scores; rows without one are left out."""
    kept = [(row, float(score)) for row, score in zip(rows, scores, strict=True) if np.isfinite(score)]
    verdicts = [readout.condition(row.seconds, row.nuisance[0]).verdict(score) for row, score in kept]
    return Judged(
        rows=[row for row, _ in kept],
        scores=np.array([score for _, score in kept]),
        generated=np.array([row.generated for row, _ in kept]),
        likely=np.array([v is Verdict.LIKELY_GENERATED for v in verdicts]),
        inconclusive=np.array([v is not Verdict.NOT_DETECTED for v in verdicts]),
    )


def report(rows: list[View], scores: Array, readout: Readout) -> dict[str, object]:
    """Everything that the model card and the evaluation file print."""
    all_rows = judged(rows, scores, readout)
    family = np.array([row.family for row in all_rows.rows])
    music = all_rows.generated | ~np.array([row.recording.source in _NO_MUSIC for row in all_rows.rows])
    steps = [row.treatment.split("+") for row in all_rows.rows]
    whole, every = _first_clean(all_rows.rows), np.ones(len(all_rows.rows), dtype=np.bool_)
    return {
        "protocol": "leave one generator or human source out, together with every row of its repository",
        "model_version": readout.version,
        "conditions": [c.model_dump(exclude={"human_scores"}) for c in readout.conditions],
        "all_rows": all_rows.detection(every),
        "whole_clean_tracks": all_rows.detection(whole),
        "against_music_alone": {
            "all_rows": all_rows.detection(music),
            "whole_clean_tracks": all_rows.detection(whole & music),
        },
        "per_generator": {
            name: {
                "all_rows": all_rows.detection(~all_rows.generated | (family == name)),
                "whole_clean_tracks": all_rows.detection((~all_rows.generated | (family == name)) & whole),
            }
            for name in sorted(set(family[all_rows.generated]))
        },
        "per_treatment": {
            name: all_rows.detection(np.array([name in taken for taken in steps]))
            for name in sorted({step for taken in steps for step in taken})
        },
        "human_per_source": {
            name: all_rows.false_positives(~all_rows.generated & (family == name))
            for name in sorted(set(family[~all_rows.generated]))
        },
        "nuisances": _nuisances(all_rows.rows, all_rows.scores, all_rows.generated),
        "trees": len(readout.trees.roots),
        "columns": len(readout.trees.columns),
    }


def _first_clean(rows: list[View]) -> Mask:
    """The plan puts the whole, untreated track first."""
    seen: set[Path] = set()
    first = []
    for row in rows:
        first.append(row.kind == "real" and row.treatment == "clean" and row.recording.path not in seen)
        seen.add(row.recording.path)
    return np.array(first)


def _nuisances(rows: list[View], scores: Array, generated: Mask) -> dict[str, object]:
    """How well bandwidth, rate, level, crest factor, channels and length alone tell the classes.

    The collection is confounded, so this is high. Whether the detector lives off it shows in its AUC inside
    fifths of rows that the nuisances rate alike.
    """
    table = boosting.tabled(rows, boosting.chosen())
    probe = judging.held_out_scores(replace(table, table=table.nuisance), _probe)
    edges = np.quantile(probe, np.linspace(0, 1, _STRATA + 1)[1:-1])
    stratum = np.digitize(probe, edges)
    inside = []
    for s in range(_STRATA):
        here = stratum == s
        if 0 < np.count_nonzero(generated[here]) < np.count_nonzero(here):
            inside.append((float(roc_auc_score(generated[here], scores[here])), int(np.count_nonzero(here))))
    return {
        "columns": ["top of band", "rate", "level", "crest factor", "channels", "length"],
        "probe_auc": _rounded(roc_auc_score(generated, probe)),
        "detector_auc": _rounded(roc_auc_score(generated, scores)),
        "detector_auc_inside_fifths": [_rounded(auc) for auc, _ in inside],
        "detector_auc_matched": _rounded(np.average([a for a, _ in inside], weights=[n for _, n in inside])),
        "correlation_of_scores_among_human_rows": _rounded(
            np.corrcoef(probe[~generated], scores[~generated])[0, 1]
        ),
    }


def _probe(rows: Rows) -> judging.Callable[[Array], Array]:
    model = lightgbm.LGBMClassifier(num_leaves=6, n_estimators=60, **boosting.FIXED, seed=boosting.SEED)
    model.fit(rows.table, rows.generated, sample_weight=boosting.family_weight(rows))
    return lambda table: boosting.scored((model,), table)


def _rounded(value: object) -> float:
    return round(float(value), 4)  # type: ignore[arg-type] # numpy scalars
