"""From ``measure`` and ``registers`` to ``model/background.npz``: gates, means, whitening, strangers.

    python -m services.voice_matcher.training.fit CACHE.pkl REGISTERS.pkl

Voices and music that are held out are not looked at: `make eval-voices` examines what ships on these.
"""

import pickle
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from services.voice_matcher.embedding import CAMPPLUS, DIMENSIONS, unit
from services.voice_matcher.manifest import MODEL_FOLDER
from services.voice_matcher.training.measure import Clip
from services.voice_matcher.training.phrases import OWN
from services.voice_matcher.training.registers import Rendering, centred, whitening
from services.voice_matcher.training.speakers import held_out

SPEECH_EXCESS = 1.6
"""Without it different persons exceed 4.9 in 1 % and 7.2 in 0.1 % of pairs of clean speech, 3.8 and 5.2 of
clean singing; between the two differences, because the manner is not always certain."""
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


def balanced_mean(vectors: Iterable[tuple[str, np.ndarray]]) -> np.ndarray:
    """Of (person, vector): every person counts once."""
    by_person: dict[str, list[np.ndarray]] = {}
    for person, vector in vectors:
        by_person.setdefault(person, []).append(vector)
    return np.mean([np.mean(vectors, axis=0) for vectors in by_person.values()], axis=0)


def gates(clips: list[Clip], renderings: list[Rendering]) -> dict[str, np.ndarray]:
    """Held vowels and vibrato move less than speech: the gate on the embedding has heard them too."""
    real = [clip for clip in clips if clip.shift == 1.0]
    voiced = np.concatenate([[clip.condition != "music"] * len(clip.movements) for clip in real])
    heard = [clip.embeddings[CAMPPLUS] for clip in real]
    sung = [r.embeddings[CAMPPLUS] for r in renderings if r.shift == OWN]
    also = np.ones(sum(map(len, sung)), bool)
    fitted = {
        "movement": linear(np.concatenate([clip.movements for clip in real]), voiced, 0.02),
        "voice": linear(np.concatenate([*heard, *sung]), np.concatenate([voiced, also]), 0.05),
    }
    return {
        f"{name}.{part}": np.asarray(value, np.float32)
        for name, pair in fitted.items()
        for part, value in zip(("weights", "bias"), pair, strict=True)
    }


def background(clips: list[Clip], renderings: list[Rendering], network: str) -> dict[str, np.ndarray]:
    """Speech and rendered singing count the same in the means; strangers are of both."""
    spoken = [clip for clip in clips if clip.shift == 1.0 and clip.condition in MUSIC_CONDITIONS]
    sung = [r for r in renderings if r.shift == OWN]
    domains = [
        [(c.source, recording(c, network)) for c in spoken if c.condition == name]
        for name in MUSIC_CONDITIONS
    ]
    taken = [[(r.person, r.recording(network)) for r in sung if r.mixed == mixed] for mixed in (True, False)]
    upload_mean = (
        np.mean([balanced_mean(domain) for domain in domains], axis=0)
        + np.mean([balanced_mean(domain) for domain in taken], axis=0)
    ) / 2
    reference_mean = (balanced_mean(domains[0]) + balanced_mean(taken[1])) / 2
    spoken_windows = [c.embeddings[network] for c in spoken]
    spoken_windows += [r.embeddings[network] for r in sung if not r.sung]
    sung_windows = [r.embeddings[network] for r in sung if r.sung]
    manner, bias = linear(
        np.concatenate([*spoken_windows, *sung_windows]),
        np.repeat([False, True], [sum(map(len, spoken_windows)), sum(map(len, sung_windows))]),
        0.02,
    )
    matrix = whitening(centred(renderings, network), [(r.voice, r.shift) for r in renderings])
    uploaded = [recording(c, network) for c in clips if c.shift != 1.0 and c.condition == "mixed"]
    enrolled = [recording(c, network) for c in clips if c.shift != 1.0 and c.condition == "clean"]
    uploaded += [r.recording(network) for r in renderings if r.shift != OWN and r.mixed]
    enrolled += [r.recording(network) for r in renderings if r.shift != OWN and not r.mixed]
    return {
        f"{network}.upload_mean": upload_mean,
        f"{network}.reference_mean": reference_mean,
        f"{network}.whitening": matrix,
        f"{network}.manner.weights": manner,
        f"{network}.manner.bias": np.asarray(bias),
        f"{network}.strangers_uploaded": unit(unit(np.stack(uploaded) - upload_mean) @ matrix),
        f"{network}.strangers_enrolled": unit(unit(np.stack(enrolled) - reference_mean) @ matrix),
    }


def fit(clips: list[Clip], renderings: list[Rendering]) -> dict[str, np.ndarray]:
    """All arrays of ``background.npz``, from what is not held out."""
    kept = [clip for clip in clips if not held_out(clip.source)]
    rendered = [r for r in renderings if not held_out(r.person)]
    arrays = gates(kept, rendered) | {"speech_excess": np.asarray(SPEECH_EXCESS)}
    for network in DIMENSIONS:
        arrays |= background(kept, rendered, network)
    return {name: values.astype(np.float32) for name, values in arrays.items()}


def main() -> int:
    with Path(sys.argv[1]).open("rb") as file:
        clips: list[Clip] = pickle.load(file)  # noqa: S301 - our own cache
    with Path(sys.argv[2]).open("rb") as file:
        renderings: list[Rendering] = pickle.load(file)  # noqa: S301 - our own cache
    arrays = fit(clips, renderings)
    halved = {
        name: v.astype(np.float16) if "strangers" in name or "whitening" in name else v
        for name, v in arrays.items()
    }
    np.savez_compressed(MODEL_FOLDER / "background.npz", **halved)
    print({name: values.shape for name, values in halved.items()})
    return 0


if __name__ == "__main__":
    sys.exit(main())
