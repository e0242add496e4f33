"""What a matrix of scores is worth: error rates over pairs, and over an open set of uploads."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Trials:
    """``scores`` (queries, artists); ``own`` marks pairs of one voice, ``other`` those surely different."""

    scores: np.ndarray
    own: np.ndarray
    other: np.ndarray


def rates(trials: Trials) -> dict[str, float | int]:
    """Equal-error rate and share found at 1 % and 0.1 % false matches, with their counts.

    ``false_match_bound``: without any error among so many different pairs one may claim a rate below this.
    """
    same, different = trials.scores[trials.own], np.sort(trials.scores[trials.other])
    levels = np.sort(np.concatenate([same, different]))
    missed = np.searchsorted(np.sort(same), levels) / same.size
    false = 1 - np.searchsorted(different, levels) / different.size
    return {
        "equal_error": _rounded(((missed + false) / 2)[np.argmin(np.abs(missed - false))]),
        "found_at_1_percent": _rounded((same > np.quantile(different, 0.99)).mean()),
        "found_at_0.1_percent": _rounded((same > np.quantile(different, 0.999)).mean()),
        "same": int(same.size),
        "different": int(different.size),
        "false_match_bound": _rounded(3 / different.size, 6),
    }


def open_set(trials: Trials, *, alarms: int, a_day: int) -> dict[str, float | int]:
    """Share of the artists' own tracks found when strangers' tracks raise ``alarms`` of ``a_day`` at most.

    A stranger's track is a query with its own artist left out of the registry; it raises an alarm when any
    artist left exceeds the threshold.
    """
    strangers = np.where(trials.other, trials.scores, -np.inf).max(1)
    strangers = np.sort(strangers[np.isfinite(strangers)])
    threshold = float(np.quantile(strangers, 1 - alarms / a_day))
    own = trials.scores[trials.own]
    return {
        "alarms_a_day": alarms,
        "strangers_tracks_a_day": a_day,
        "artists": int(trials.scores.shape[1]),
        "found": _rounded((own > threshold).mean()),
        "missed": _rounded((own <= threshold).mean()),
        "strangers_tracks_tried": int(strangers.size),
    }


def correlation(trials: Trials, voices: np.ndarray) -> float:
    """How alike a singer's recordings err: within-pair correlation of different voices' scores, from 0 to 1.

    ``voices`` names each query's singer. A pair is a singer and an artist; the intraclass correlation of one
    recording, ICC(1) of Shrout and Fleiss (1979), over pairs with two recordings or more.
    """
    groups = [
        trials.scores[rows, column]
        for voice in np.unique(voices)
        for rows in (np.flatnonzero(voices == voice),)
        for column in range(trials.scores.shape[1])
        if rows.size > 1 and trials.other[rows, column].all()
    ]
    sizes = np.array([group.size for group in groups])
    means = np.array([group.mean() for group in groups])
    usual = (sizes.sum() - (sizes**2).sum() / sizes.sum()) / (len(groups) - 1)
    inside = sum(((group - mean) ** 2).sum() for group, mean in zip(groups, means, strict=True))
    inside /= (sizes - 1).sum()
    grand = np.average(means, weights=sizes)
    between = (sizes * (means - grand) ** 2).sum() / (len(groups) - 1)
    return _rounded((between - inside) / (between + (usual - 1) * inside))


def _rounded(value: float, digits: int = 4) -> float:
    return round(float(value), digits)
