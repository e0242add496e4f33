"""What a matrix of scores is worth: the figures of the evaluation."""

from dataclasses import replace

import numpy as np
import pytest

from services.voice_matcher.training.trials import Trials, correlation, open_set, rates

OWN = np.eye(40, dtype=bool)


def trials(scores: np.ndarray) -> Trials:
    return Trials(scores, OWN, ~OWN)


def random_scores(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(40, 40))


def test_voices_that_always_score_highest_are_all_found() -> None:
    told = rates(trials(random_scores() + 100.0 * OWN))
    assert told["equal_error"] == 0.0
    assert told["found_at_0.1_percent"] == 1.0


def test_scores_that_say_nothing_give_an_error_of_one_half() -> None:
    told = rates(trials(random_scores()))
    assert told["equal_error"] == pytest.approx(0.5, abs=0.1)
    assert told["found_at_1_percent"] < 0.1


def test_pairs_that_may_be_the_same_person_are_not_trials() -> None:
    scores = random_scores() + 5.0 * OWN
    scores[0, 1:5] = 1000.0
    uncertain = trials(scores).other.copy()
    uncertain[0, 1:5] = False
    told = rates(replace(trials(scores), other=uncertain))
    assert told["different"] == 40 * 39 - 4
    assert told["found_at_0.1_percent"] > rates(trials(scores))["found_at_0.1_percent"]


def test_a_false_match_rate_below_three_over_the_trials_is_not_claimed() -> None:
    assert rates(trials(random_scores()))["false_match_bound"] == pytest.approx(3 / (40 * 39), abs=1e-6)


def test_the_more_artists_there_are_the_less_is_found_at_the_same_number_of_alarms() -> None:
    own = np.eye(400, dtype=bool)
    scores = np.random.default_rng(1).normal(size=own.shape) + 3.5 * own
    found = [
        open_set(Trials(scores[:, :artists], own[:, :artists], ~own[:, :artists]), alarms=10, a_day=1000)
        for artists in (20, 400)
    ]
    assert found[0]["found"] > found[1]["found"] + 0.1


@pytest.mark.parametrize("shared", [0.0, 0.5, 0.8])
def test_what_a_singers_recordings_share_is_their_correlation(shared: float) -> None:
    draws = np.random.default_rng(1)
    singers, artists, recordings = 60, 30, 4
    voices = np.repeat(np.arange(singers), recordings)
    pairs = np.repeat(draws.normal(size=(singers, artists)), recordings, axis=0)
    own = draws.normal(size=pairs.shape)
    scores = np.sqrt(shared) * pairs + np.sqrt(1 - shared) * own
    everybody = np.ones(scores.shape, dtype=bool)

    assert correlation(Trials(scores, ~everybody, everybody), voices) == pytest.approx(shared, abs=0.05)
