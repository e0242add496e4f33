"""From what ``evaluate --keep`` heard to ``model/calibration.json``: thresholds, probability, weights.

    python -m services.voice_matcher.training.calibrate HEARD.pkl

The trials are held-out voices, spoken and sung, real and cloned, alone and under a band, each against spoken
and sung references of everybody, with the shipped background as in the service. A voice has one reference and
a query lasts 4 to 11 s: artists with more references and longer tracks are found more often.

The rates of false matches hold in the worst condition, not on average: thresholds are the highest that any
condition asks for, and the probability is fitted to the different voices of the worst one.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from services.voice_matcher.domain import Calibration
from services.voice_matcher.index import Yardstick
from services.voice_matcher.manifest import MODEL_FOLDER
from services.voice_matcher.models import load_backgrounds
from services.voice_matcher.training.examination import Heard, Scorer, kept, marked, scorers

PRIOR = 0.01
WEIGHTS = {"campplus": 0.7, "resemblyzer": 0.3}
ORIGIN = "held-out voices of packages, spoken and rendered singing, under music; see MODEL_CARD.md"
SCALES = {"background": "shipped background", "batch": "adapted to the batch"}
_UNCALIBRATED = Calibration(0.0, 0.0, 1.0, 0.0, PRIOR, 0, 0)


@dataclass(frozen=True)
class Condition:
    """Scores of one manner and delivery of the queries against one manner of reference."""

    name: str
    same: np.ndarray
    different: np.ndarray


def conditions(heard: Heard, score: Scorer) -> Iterator[Condition]:
    for reference, artists in (("speech", heard.spoken), ("singing", heard.sung)):
        trials = marked(artists, heard.queries)
        scores = score(artists, heard.queries)
        for delivery in sorted({q.delivery for q in heard.queries}):
            for singing in (False, True):
                rows = [(q.delivery, q.recording.singing) == (delivery, singing) for q in heard.queries]
                if any(rows):
                    yield Condition(
                        f"{'singing' if singing else 'speech'}, {delivery}, {reference} reference",
                        scores[rows][trials.own[rows]],
                        scores[rows][trials.other[rows]],
                    )


def calibrated(told: list[Condition]) -> dict[str, float | int]:
    """Thresholds at 0.1 % and 1 % of different pairs; log likelihood ratio by logistic regression."""
    worst = max(told, key=lambda condition: float(np.quantile(condition.different, 0.99)))
    same = np.concatenate([condition.same for condition in told])
    scores = np.concatenate([same, worst.different])[:, None]
    labels = np.concatenate([np.ones(same.size), np.zeros(worst.different.size)])
    model = LogisticRegression(C=1e6, class_weight="balanced").fit(scores, labels)
    return {
        "match": round(max(float(np.quantile(c.different, 0.999)) for c in told), 3),
        "possible": round(max(float(np.quantile(c.different, 0.99)) for c in told), 3),
        "slope": round(float(model.coef_[0, 0]), 4),
        "intercept": round(float(model.intercept_[0]), 4),
        "prior": PRIOR,
        "impostor_trials": sum(condition.different.size for condition in told),
        "target_trials": int(same.size),
    }


def main() -> int:
    heard = kept(Path(sys.argv[1]))
    yardstick = Yardstick(load_backgrounds(), WEIGHTS, _UNCALIBRATED)
    by_name = scorers(yardstick)
    shipped: dict[str, object] = {"weights": WEIGHTS, "measured_on": ORIGIN}
    for scale, name in SCALES.items():
        told = list(conditions(heard, by_name[name]))
        shipped[scale] = found = calibrated(told)
        for c in told:
            level = [found["possible"], found["match"]]
            own, other = ([round(float((s >= x).mean()), 4) for x in level] for s in (c.same, c.different))
            print(f"{scale}, {c.name}: found {own}, false {other}, {c.same.size}, {c.different.size} pairs")
    (MODEL_FOLDER / "calibration.json").write_text(json.dumps(shipped, indent=2) + "\n")
    print(json.dumps(shipped, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
