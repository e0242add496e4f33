"""Open-set verification of whole tracks, end to end: the numbers behind ``calibration.json``.

    python -m services.voice_matcher.training.evaluate PACKAGES CACHE.pkl OUT.json [CALIBRATION.json]

Tracks of 30 s are composed from 9 or 18 s of a voice and instrumental stereo music (or stand alone, clean)
and go through the service's own listening, index and scoring. Two folds over persons: gates, means and
strangers are fitted on one half, voices of the other half are enrolled and tried against each other, so
nobody is scored with a background that knows them. Thresholds come from the pooled scores of different
persons.
"""

import json
import pickle
import sys
import time
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from services.voice_matcher.domain import (
    Calibration,
    HeardVoice,
    ReferenceVoice,
    VoiceTemplate,
)
from services.voice_matcher.embedding import DIMENSIONS, CamPlusPlus, Resemblyzer
from services.voice_matcher.fbank import SAMPLE_RATE
from services.voice_matcher.index import VoiceIndex, Yardstick
from services.voice_matcher.listening import REFERENCE, Listener
from services.voice_matcher.manifest import MODEL_FOLDER
from services.voice_matcher.scoring import Background
from services.voice_matcher.training.fit import fit
from services.voice_matcher.training.measure import Clip
from services.voice_matcher.training.voices import Voice, catalogue, music, segments
from services.voice_matcher.voice_activity import LinearScore

CONDITIONS = {"clean": None, "10 dB": 10.0, "5 dB": 5.0, "0 dB": 0.0}
PRIOR = 0.01
WEIGHTS = {"campplus": 0.7, "resemblyzer": 0.3}
UNCALIBRATED = Calibration(0.0, 0.0, 1.0, 0.0, PRIOR, 0, 0)
TRACKS_OF_A_VOICE = 2


@dataclass
class Trials:
    """Scores of one condition; ``near`` marks impostors from the same package."""

    same: list[float] = field(default_factory=list)
    different: list[float] = field(default_factory=list)
    near: list[bool] = field(default_factory=list)
    tracks: int = 0
    not_heard: int = 0


def fold_of(person: str) -> int:
    return zlib.crc32(person.encode()) % 2


def parts(arrays: dict[str, np.ndarray]) -> tuple[Listener, Yardstick]:
    def score(name: str) -> LinearScore:
        return LinearScore(arrays[f"{name}.weights"].astype(np.float64), float(arrays[f"{name}.bias"]))

    listener = Listener(
        CamPlusPlus((MODEL_FOLDER / "campplus.onnx").read_bytes()),
        Resemblyzer((MODEL_FOLDER / "resemblyzer.onnx").read_bytes()),
        score("movement"),
        score("voice"),
    )
    names = ("upload_mean", "reference_mean", "strangers_uploaded", "strangers_enrolled")
    backgrounds = {n: Background(**{part: arrays[f"{n}.{part}"] for part in names}) for n in DIMENSIONS}
    return listener, Yardstick(backgrounds, WEIGHTS, UNCALIBRATED)


def track(voice: np.ndarray, band: np.ndarray, ratio: float | None, rng: np.random.Generator) -> np.ndarray:
    if ratio is None:
        return voice[:, None]
    start = int(rng.integers(0, len(band) - voice.size + 1))
    under = slice(start, start + voice.size)
    gain = np.sqrt((voice**2).mean()) / (np.sqrt((band[under] ** 2).mean()) + 1e-9) * 10 ** (-ratio / 20)
    whole = (band * gain).astype(np.float32)
    whole[under] += voice[:, None]
    return whole / max(1.0, float(np.abs(whole).max()))


def enrol(voice: Voice, found: list[np.ndarray], listener: Listener) -> VoiceTemplate | None:
    heard = listener.listen(np.concatenate(found)[:, None], SAMPLE_RATE, REFERENCE)
    if not isinstance(heard, HeardVoice):
        return None
    vectors = {network: heard.mean(network) for network in DIMENSIONS}
    return VoiceTemplate(voice.name, voice.name, (ReferenceVoice("-", "-", heard.seconds, vectors),))


@dataclass
class Fold:
    """Half of the persons: their templates in an index, their tracks, and music nothing was fitted on."""

    index: VoiceIndex
    listener: Listener
    voices: dict[str, Voice]
    queries: list[tuple[Voice, np.ndarray]]
    bands: list[np.ndarray]


def make_fold(number: int, root: Path, clips: list[Clip]) -> Fold:
    voices = [v for v in catalogue(root) if fold_of(v.person) == number]
    listener, yardstick = parts(fit([c for c in clips if fold_of(c.source) != number], ("\0",)))
    templates, queries = {}, []
    for voice in voices:
        found = segments(voice)
        if not found:
            continue
        held = max(1, min(3, len(found) // 2))
        template = enrol(voice, found[:held], listener)
        assert template is not None, voice.name
        templates[voice.name] = template
        rest = found[held:]
        pairs = [np.concatenate(rest[k : k + 2]) for k in range(0, len(rest), 2)]
        queries += [(voice, spoken) for spoken in pairs[:TRACKS_OF_A_VOICE]]
    bands = [band for name, band in music(root, 30.0, 120) if fold_of(name) == number]
    return Fold(VoiceIndex(yardstick, templates), listener, {v.name: v for v in voices}, queries, bands)


def run_fold(fold: Fold, trials: dict[str, Trials], rng: np.random.Generator) -> None:
    for voice, spoken in fold.queries:
        band = fold.bands[int(rng.integers(len(fold.bands)))]
        for condition, ratio in CONDITIONS.items():
            told = trials[condition]
            heard = hear(fold, told, track(spoken, band, ratio, rng))
            for found in fold.index.search(heard) if heard else ():
                other = fold.voices[found.artist_id]
                if other.name == voice.name:
                    told.same.append(found.score)
                elif other.person != voice.person:
                    told.different.append(found.score)
                    told.near.append(other.package == voice.package)
        print(voice.name, flush=True)
    instrumental = trials["no voice"]
    for band in fold.bands:
        heard = hear(fold, instrumental, band)
        instrumental.different += [found.score for found in fold.index.search(heard)] if heard else []


def hear(fold: Fold, told: Trials, stereo: np.ndarray) -> HeardVoice | None:
    told.tracks += 1
    heard = fold.listener.listen(stereo, SAMPLE_RATE)
    if isinstance(heard, HeardVoice):
        return heard
    told.not_heard += 1
    return None


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
    """Thresholds from all pooled different-person trials; log likelihood ratio by logistic regression."""
    same = np.concatenate([t.same for t in trials.values()])
    different = np.concatenate([t.different for t in trials.values()])
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
    root, cache, out = (Path(part) for part in sys.argv[1:4])
    with cache.open("rb") as file:
        clips: list[Clip] = pickle.load(file)  # noqa: S301 - our own cache
    trials = {name: Trials() for name in (*CONDITIONS, "no voice")}
    began = time.process_time()
    for number in (0, 1):
        run_fold(make_fold(number, root, clips), trials, np.random.default_rng(11 + number))
    calibration = calibrate(trials)
    results = {n: report(t, calibration["match"], calibration["possible"]) for n, t in trials.items()}
    whole = {
        "conditions": results,
        "calibration": calibration,
        "weights": WEIGHTS,
        "cpu_seconds": round(time.process_time() - began, 1),
    }
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(whole, indent=2) + "\n")
    np.savez_compressed(
        out.with_suffix(".npz"),
        **{
            f"{name}.{kind}": np.asarray(getattr(t, kind))
            for name, t in trials.items()
            for kind in ("same", "different", "near")
        },
    )
    if len(sys.argv) > 4:
        shipped = calibration | {
            "weights": WEIGHTS,
            "measured_on": "Debian voices, composed tracks; see MODEL_CARD.md",
        }
        Path(sys.argv[4]).write_text(json.dumps(shipped, indent=2) + "\n")
    print(json.dumps(whole, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
