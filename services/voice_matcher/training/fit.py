"""From the cache of ``measure`` to ``model/background.npz``: gates, domain means, cohort of strangers.

python -m services.voice_matcher.training.fit CACHE.pkl

Voices and music that the shipped samples are cut from are left out, so that a demo never meets itself.
"""

import pickle
import sys
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from services.voice_matcher.embedding import CAMPPLUS, DIMENSIONS, unit
from services.voice_matcher.manifest import MODEL_FOLDER
from services.voice_matcher.training.measure import Clip

HELD_OUT = (
    "allison",
    "asterisk-core-sounds-it-g722",
    "asterisk-core-sounds-ru-g722",
    "singularity-music/",
    "marsshooter-data/",
)
MUSIC_CONDITIONS = ("clean", "10", "5", "0")


def linear(features: np.ndarray, voiced: np.ndarray, strength: float) -> tuple[np.ndarray, float]:
    """Weights and bias of log odds at equal priors; standardisation is folded in."""
    scaler = StandardScaler().fit(features)
    model = LogisticRegression(C=strength, class_weight="balanced", max_iter=2000)
    model.fit(scaler.transform(features), voiced)
    weights = model.coef_[0] / scaler.scale_
    return weights, float(model.intercept_[0] - weights @ scaler.mean_)


def recording(clip: Clip, network: str) -> np.ndarray:
    return unit(clip.embeddings[network].mean(0))


def balanced_mean(clips: list[Clip], network: str) -> np.ndarray:
    """Every person counts once."""
    by_person: dict[str, list[np.ndarray]] = {}
    for clip in clips:
        by_person.setdefault(clip.source, []).append(recording(clip, network))
    return np.mean([np.mean(vectors, axis=0) for vectors in by_person.values()], axis=0)


def gates(clips: list[Clip]) -> dict[str, np.ndarray]:
    real = [clip for clip in clips if clip.shift == 1.0]
    voiced = np.concatenate([[clip.condition != "music"] * len(clip.movements) for clip in real])
    fitted = {
        "movement": linear(np.concatenate([clip.movements for clip in real]), voiced, 0.02),
        "voice": linear(np.concatenate([clip.embeddings[CAMPPLUS] for clip in real]), voiced, 0.05),
    }
    return {
        f"{name}.{part}": np.asarray(value, np.float32)
        for name, pair in fitted.items()
        for part, value in zip(("weights", "bias"), pair, strict=True)
    }


def background(clips: list[Clip], network: str) -> dict[str, np.ndarray]:
    uploads = [clip for clip in clips if clip.shift == 1.0 and clip.condition in MUSIC_CONDITIONS]
    references = [clip for clip in uploads if clip.condition == "clean"]
    upload_mean = np.mean(
        [balanced_mean([c for c in uploads if c.condition == name], network) for name in MUSIC_CONDITIONS],
        axis=0,
    )
    reference_mean = balanced_mean(references, network)
    strangers = {
        condition: np.stack(
            [recording(c, network) for c in clips if c.shift != 1.0 and c.condition == condition]
        )
        for condition in ("clean", "mixed")
    }
    return {
        f"{network}.upload_mean": upload_mean,
        f"{network}.reference_mean": reference_mean,
        f"{network}.strangers_uploaded": unit(strangers["mixed"] - upload_mean),
        f"{network}.strangers_enrolled": unit(strangers["clean"] - reference_mean),
    }


def fit(clips: list[Clip], left_out: tuple[str, ...]) -> dict[str, np.ndarray]:
    """All arrays of ``background.npz``; sources that start with one of ``left_out`` are not looked at."""
    kept = [clip for clip in clips if not clip.source.startswith(left_out)]
    arrays = gates(kept)
    for network in DIMENSIONS:
        arrays |= background(kept, network)
    return {name: values.astype(np.float32) for name, values in arrays.items()}


def main() -> int:
    with Path(sys.argv[1]).open("rb") as file:
        clips: list[Clip] = pickle.load(file)  # noqa: S301 - our own cache
    arrays = fit(clips, HELD_OUT)
    halved = {name: v.astype(np.float16) if "strangers" in name else v for name, v in arrays.items()}
    np.savez_compressed(MODEL_FOLDER / "background.npz", **halved)
    print({name: values.shape for name, values in halved.items()})
    return 0


if __name__ == "__main__":
    sys.exit(main())
