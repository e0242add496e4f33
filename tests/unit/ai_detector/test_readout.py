"""The shipped numbers fit the code, are ordered, and refuse to load when they do not."""

import json
from pathlib import Path

import numpy as np
import pytest

from services.ai_detector.features import Features, Opinion, Reading, columns, names
from services.ai_detector.readout import SHIPPED, Readout
from services.ai_detector.training.manifest import manifest
from shared.errors import SettingsError
from shared.events.finding import Verdict


@pytest.fixture(scope="module")
def readout() -> Readout:
    return Readout.load()


def reading(**changes: float) -> Reading:
    """A reading whose every column is missing but those given."""
    values = np.array([changes.get(name, np.nan) for name in columns()])
    quiet = Features(**dict.fromkeys(names(), 0.0))
    return Reading(quiet, values, spacing_hz=100.0, free_spacing_hz=100.0, teeth=1, teeth_above_5k=0)


def test_probability_rises_with_the_score_and_stays_a_probability(readout: Readout) -> None:
    values = [readout.probability(score) for score in np.linspace(-50, 50, 101)]
    assert values == sorted(values)
    assert 0.0 < values[0] < values[-1] < 1.0


def test_the_score_is_what_is_expected_and_what_each_kind_of_evidence_adds(readout: Readout) -> None:
    heard = reading(lattice_low_z=7.0, hits=0.8, repeat_best=0.9)
    added = readout.contributions(heard)
    assert set(added) == {kind.value for kind in Opinion}
    assert readout.score(heard) == pytest.approx(sum(added.values()) + readout.expected)


def test_a_comb_speaks_for_a_machine_and_its_absence_does_not(readout: Readout) -> None:
    strong = {"lattice_low_z": 25.0, "lattice_z": 30.0, "rank": 4.5, "weakest_block_z": 15.0, "hits": 0.95}
    strong |= {f"either_{name}": value for name, value in strong.items()}
    none = {"lattice_low_z": 2.5, "lattice_z": 2.5, "rank": 2.0, "weakest_block_z": 0.0, "hits": 0.4}
    none |= {f"either_{name}": value for name, value in none.items()}
    with_comb, without = (readout.contributions(reading(**each))["comb"] for each in (strong, none))
    assert with_comb > 0.5
    assert without < with_comb - 0.5


def test_neither_band_nor_rate_nor_channels_nor_level_are_among_the_columns(readout: Readout) -> None:
    for column in readout.trees.columns:
        assert not column.startswith("side_")
        assert not any(word in column for word in ("bandwidth", "level", "seconds", "channels", "crest"))


@pytest.mark.parametrize("seconds", [6.0, 24.9, 25.0, 180.0])
@pytest.mark.parametrize("bandwidth_hz", [5000.0, 16_000.0])
def test_verdicts_follow_the_thresholds_for_that_much_audio_of_that_band(
    readout: Readout, seconds: float, bandwidth_hz: float
) -> None:
    condition = readout.condition(seconds, bandwidth_hz)
    assert condition.from_hz <= bandwidth_hz
    assert condition.from_seconds <= seconds
    assert condition.verdict(condition.likely) is Verdict.LIKELY_GENERATED
    assert condition.verdict(np.nextafter(condition.likely, -np.inf)) is Verdict.INCONCLUSIVE
    assert condition.verdict(np.nextafter(condition.inconclusive, -np.inf)) is Verdict.NOT_DETECTED


def test_false_positives_are_rare_among_the_human_music_that_set_the_thresholds(readout: Readout) -> None:
    for condition in readout.conditions:
        assert condition.human_recordings >= 50
        assert condition.human_likely / condition.human_recordings <= 0.03
        assert (
            sum(s >= condition.likely for s in condition.human_scores) / len(condition.human_scores) <= 0.02
        )


def test_the_human_share_never_claims_more_than_the_scores_behind_it(readout: Readout) -> None:
    condition = readout.condition(60.0, 16_000.0)
    assert condition.human_share_at_least(1e9) == pytest.approx(1 / (len(condition.human_scores) + 1))
    assert condition.human_share_at_least(-1e9) == 1.0


@pytest.mark.parametrize(
    "damage",
    [
        lambda w: w.pop("trees"),
        lambda w: w["trees"].update(value=w["trees"]["value"][:-1]),
        lambda w: w["trees"].update(columns=["loudness", *w["trees"]["columns"][1:]]),
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
    assert (SHIPPED.parent / "manifest.json").read_text() == manifest(Readout.load().version, SHIPPED.parent)
