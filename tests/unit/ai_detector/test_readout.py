"""The shipped numbers fit the code, are ordered, and refuse to load when they do not."""

import json
from pathlib import Path

import numpy as np
import pytest

from services.ai_detector.features import Features, names
from services.ai_detector.readout import SHIPPED, Readout
from services.ai_detector.training.manifest import manifest
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


@pytest.mark.parametrize("seconds", [6.0, 24.9, 25.0, 180.0])
def test_verdicts_follow_the_thresholds_for_that_much_audio(readout: Readout, seconds: float) -> None:
    condition = readout.condition(seconds)
    assert condition.verdict(condition.likely) is Verdict.LIKELY_GENERATED
    assert condition.verdict(np.nextafter(condition.likely, -np.inf)) is Verdict.INCONCLUSIVE
    assert condition.verdict(np.nextafter(condition.inconclusive, -np.inf)) is Verdict.NOT_DETECTED


def test_less_audio_needs_more_evidence(readout: Readout) -> None:
    assert readout.condition(6.0).likely > readout.condition(180.0).likely


def test_false_positives_are_rare_among_the_human_music_that_set_the_thresholds(readout: Readout) -> None:
    for condition in readout.conditions:
        assert condition.human_recordings >= 200
        assert condition.human_likely / condition.human_recordings <= 0.03
        assert (
            sum(s >= condition.likely for s in condition.human_scores) / len(condition.human_scores) <= 0.01
        )


def test_the_human_share_never_claims_more_than_the_scores_behind_it(readout: Readout) -> None:
    condition = readout.condition(60.0)
    assert condition.human_share_at_least(1e9) == pytest.approx(1 / (len(condition.human_scores) + 1))
    assert condition.human_share_at_least(-1e9) == 1.0


@pytest.mark.parametrize(
    "damage",
    [
        lambda w: w.pop("weights"),
        lambda w: w.update(weights=w["weights"][:-1]),
        lambda w: w.update(features=["loudness", *w["features"][1:]]),
        lambda w: w.update(measurement=w["measurement"] - 1),
        lambda w: w["conditions"][0].update(inconclusive=w["conditions"][0]["likely"] + 1),
        lambda w: w["conditions"].pop(0),
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


def test_the_manifest_names_the_weights_that_ship() -> None:
    assert (SHIPPED.parent / "manifest.json").read_text() == manifest(Readout.load().version, SHIPPED)
