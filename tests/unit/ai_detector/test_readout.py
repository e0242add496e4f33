"""The shipped numbers fit the code, are ordered, and refuse to load when they do not."""

import json
from pathlib import Path

import numpy as np
import pytest

from services.ai_detector.features import Features, names
from services.ai_detector.readout import SHIPPED, Readout
from shared.errors import SettingsError
from shared.events.finding import Verdict


@pytest.fixture(scope="module")
def readout() -> Readout:
    return Readout.load()


def quiet(**changes: float) -> Features:
    return Features(**(dict.fromkeys(names(), 0.0) | changes))


def test_probability_rises_with_the_score_and_stays_a_probability(readout: Readout) -> None:
    values = [readout.probability(score) for score in np.linspace(-50, 50, 101)]
    assert values == sorted(values)
    assert 0.0 < values[0] < values[-1] < 1.0


def test_the_score_is_the_sum_of_its_contributions(readout: Readout) -> None:
    features = quiet(lattice_low_z=7.0, hits=0.8)
    total = sum(readout.contributions(features).values()) + readout.intercept
    assert readout.score(features) == pytest.approx(total)


def test_verdicts_follow_the_thresholds(readout: Readout) -> None:
    thresholds = readout.thresholds
    assert readout.verdict(thresholds.likely) is Verdict.LIKELY_GENERATED
    assert readout.verdict(np.nextafter(thresholds.likely, -np.inf)) is Verdict.INCONCLUSIVE
    assert readout.verdict(np.nextafter(thresholds.inconclusive, -np.inf)) is Verdict.NOT_DETECTED


def test_false_positives_are_rare_among_the_human_tracks_that_set_the_threshold(readout: Readout) -> None:
    thresholds = readout.thresholds
    assert thresholds.human_tracks >= 200
    assert thresholds.human_likely / thresholds.human_tracks <= 0.02


def test_the_human_share_never_claims_more_than_the_tracks_behind_it(readout: Readout) -> None:
    assert readout.human_share_at_least(1e9) == pytest.approx(1 / (len(readout.human_scores) + 1))
    assert readout.human_share_at_least(-1e9) == 1.0


@pytest.mark.parametrize(
    "damage",
    [
        lambda w: w.pop("weights"),
        lambda w: w.update(weights=w["weights"][:-1]),
        lambda w: w.update(features=["loudness", *w["features"][1:]]),
        lambda w: w.update(measurement=w["measurement"] - 1),
        lambda w: w["thresholds"].update(inconclusive=w["thresholds"]["likely"] + 1),
    ],
)
def test_wrong_weights_fail_at_start_up(tmp_path: Path, damage: object) -> None:
    weights = json.loads(SHIPPED.read_text())
    damage(weights)  # type: ignore[operator]
    path = tmp_path / "weights.json"
    path.write_text(json.dumps(weights))
    with pytest.raises(SettingsError, match=r"weights\.json"):
        Readout.load(path)


def test_missing_weights_fail_at_start_up(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"absent\.json"):
        Readout.load(tmp_path / "absent.json")
