"""Open-set verification of whole tracks: the numbers behind ``calibration.json``.

    python -m services.voice_matcher.training.evaluate CACHE.pkl HEARD.pkl OUT.json [CALIBRATION.json]

Scores what ``hear`` heard through the service's own index. Means and strangers are fitted on one half of the
persons, voices of the other half are enrolled and tried against each other, so nobody is scored with a
background that knows them. Thresholds come from different persons of the same package: the same microphone
and manner, often the same language, which is what a hard impostor is like.
"""

import json
import pickle
import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from services.voice_matcher.domain import Calibration
from services.voice_matcher.embedding import DIMENSIONS
from services.voice_matcher.index import VoiceIndex, Yardstick
from services.voice_matcher.scoring import Background
from services.voice_matcher.training.fit import background
from services.voice_matcher.training.hear import CONDITIONS, NO_VOICE, Heard, fold_of
from services.voice_matcher.training.measure import Clip

PRIOR = 0.01
WEIGHTS = {"campplus": 0.8, "resemblyzer": 0.2}
UNCALIBRATED = Calibration(0.0, 0.0, 1.0, 0.0, PRIOR, 0, 0)
PARTS = ("upload_mean", "reference_mean", "strangers_uploaded", "strangers_enrolled")


@dataclass
class Trials:
    """Scores of one condition; ``near`` marks impostors from the same package."""

    same: list[float] = field(default_factory=list)
    different: list[float] = field(default_factory=list)
    near: list[bool] = field(default_factory=list)
    tracks: int = 0
    not_heard: int = 0


def yardstick(number: int, clips: list[Clip]) -> Yardstick:
    """Backgrounds that know nobody of this fold."""
    others = [clip for clip in clips if fold_of(clip.source) != number]
    backgrounds = {}
    for name in DIMENSIONS:
        arrays = background(others, name)
        backgrounds[name] = Background(
            **{part: arrays[f"{name}.{part}"].astype(np.float32) for part in PARTS}
        )
    return Yardstick(backgrounds, WEIGHTS, UNCALIBRATED)


def score_fold(number: int, heard: Heard, clips: list[Clip], trials: dict[str, Trials]) -> None:
    enrolled = {e.voice.name: e for e in heard.enrolled if e.fold == number}
    index = VoiceIndex(yardstick(number, clips), {name: e.template for name, e in enrolled.items()})
    for query in heard.queries:
        if query.fold != number:
            continue
        told = trials[query.condition]
        told.tracks += 1
        told.not_heard += query.heard is None
        for found in index.search(query.heard) if query.heard else ():
            other = enrolled[found.artist_id].voice
            if query.voice is not None and other.name == query.voice.name:
                told.same.append(found.score)
            elif query.voice is None or other.person != query.voice.person:
                told.different.append(found.score)
                told.near.append(query.voice is not None and other.package == query.voice.package)


def equal_error(same: np.ndarray, different: np.ndarray) -> float:
    levels = np.sort(np.concatenate([same, different]))
    missed = np.searchsorted(np.sort(same), levels) / same.size
    false = 1 - np.searchsorted(np.sort(different), levels) / different.size
    return float((missed + false)[np.argmin(np.abs(missed - false))] / 2)


def report(told: Trials, match: float, possible: float) -> dict[str, float | int]:
    same, different = np.asarray(told.same), np.asarray(told.different)
    result: dict[str, float | int] = {
        "tracks": told.tracks,
        "no_voice_found": told.not_heard,
        "same_trials": same.size,
        "different_trials": different.size,
    }
    if different.size:
        result |= {
            "false_match": float((different >= match).mean()),
            "false_possible": float((different >= possible).mean()),
        }
    if same.size:
        near = different[np.asarray(told.near)]
        result |= {
            "eer": equal_error(same, different),
            "eer_same_package": equal_error(same, near),
            "different_trials_same_package": near.size,
            "found_at_1_percent": float((same > np.quantile(different, 0.99)).mean()),
            "found_at_0.1_percent": float((same > np.quantile(different, 0.999)).mean()),
            "match": float((same >= match).mean()),
            "at_least_possible": float((same >= possible).mean()),
        }
    return {name: round(value, 4) if isinstance(value, float) else value for name, value in result.items()}


def calibrate(trials: dict[str, Trials]) -> dict[str, float | int]:
    """Thresholds and the log likelihood ratio (logistic regression), from pooled same-package trials."""
    same = np.concatenate([t.same for t in trials.values()])
    different = np.concatenate([np.asarray(t.different)[np.asarray(t.near, bool)] for t in trials.values()])
    scores = np.concatenate([same, different])[:, None]
    labels = np.concatenate([np.ones(same.size), np.zeros(different.size)])
    model = LogisticRegression(C=1e6, class_weight="balanced").fit(scores, labels)
    return {
        "match": round(float(np.quantile(different, 0.999)), 3),
        "possible": round(float(np.quantile(different, 0.99)), 3),
        "slope": round(float(model.coef_[0, 0]), 4),
        "intercept": round(float(model.intercept_[0]), 4),
        "prior": PRIOR,
        "impostor_trials": int(different.size),
        "target_trials": int(same.size),
    }


def main() -> int:
    cache, heard_file, out = (Path(part) for part in sys.argv[1:4])
    with cache.open("rb") as file:
        clips: list[Clip] = pickle.load(file)  # noqa: S301 - our own cache
    with heard_file.open("rb") as file:
        heard: Heard = pickle.load(file)  # noqa: S301 - our own cache
    trials = {name: Trials() for name in (*CONDITIONS, NO_VOICE)}
    for number in (0, 1):
        score_fold(number, heard, clips, trials)
    calibration = calibrate(trials)
    results = {n: report(t, calibration["match"], calibration["possible"]) for n, t in trials.items()}
    whole = {"conditions": results, "calibration": calibration, "weights": WEIGHTS}
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(whole, indent=2) + "\n")
    if len(sys.argv) > 4:
        origin = "speech of Debian packages in composed tracks; see MODEL_CARD.md"
        shipped = calibration | {"weights": WEIGHTS, "measured_on": origin}
        Path(sys.argv[4]).write_text(json.dumps(shipped, indent=2) + "\n")
    print(json.dumps(whole, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
