"""A batch is its own background: what is common to its uploads, and how its strangers score."""

from dataclasses import replace

import numpy as np
import pytest

from services.voice_matcher.batch import ENOUGH, batch_scores, enough
from services.voice_matcher.domain import HeardVoice
from services.voice_matcher.embedding import unit
from services.voice_matcher.index import VoiceIndex
from tests.unit.voice_matcher.voices import Singer, directions, yardstick

SINGERS = [Singer(seed) for seed in range(40)]
ARTISTS = [singer.template(f"artist-{number}") for number, singer in enumerate(SINGERS)]


def under_a_band(heard: HeardVoice, loudness: float) -> HeardVoice:
    """The same direction is added to every window: what all uploads of a domain have in common."""
    return replace(
        heard,
        embeddings={
            network: unit(vectors + loudness * directions(1, network, 77))
            for network, vectors in heard.embeddings.items()
        },
    )


def tracks(noise: float = 0.05, loudness: float = 0.0) -> list[HeardVoice]:
    return [under_a_band(s.heard(noise=noise, seed=n), loudness) for n, s in enumerate(SINGERS)]


def margin(scores: np.ndarray) -> float:
    """Lowest score of a voice against itself above the highest against another."""
    own = np.eye(len(scores), dtype=bool)
    return float(scores[own].min() - scores[~own].max())


def test_every_track_gets_a_score_against_every_artist() -> None:
    scores = batch_scores(yardstick(), ARTISTS, tracks()[:25])
    assert scores.shape == (25, 40)
    assert np.isfinite(scores).all()


def test_each_voice_is_found_among_strangers() -> None:
    assert margin(batch_scores(yardstick(), ARTISTS, tracks())) > 0


def test_what_all_uploads_have_in_common_is_not_taken_for_a_voice() -> None:
    loud = tracks(noise=0.12, loudness=2.0)
    index = VoiceIndex(yardstick(), {artist.artist_id: artist for artist in ARTISTS})
    shipped = np.empty((len(loud), len(ARTISTS)))
    for row, track in enumerate(loud):
        found = {score.artist_id: score.score for score in index.search(track)}
        shipped[row] = [found[artist.artist_id] for artist in ARTISTS]
    assert margin(batch_scores(yardstick(), ARTISTS, loud)) > margin(shipped)


def test_several_tracks_of_one_artist_do_not_hide_each_other() -> None:
    """The artist's cohort is the batch's tracks: the artist's own are trimmed from it."""
    own = [SINGERS[0].heard(noise=0.05, seed=seed) for seed in (101, 102)]
    many = batch_scores(yardstick(), ARTISTS, [*tracks(), *own])
    once = batch_scores(yardstick(), ARTISTS, tracks())
    assert many[0, 0] == pytest.approx(once[0, 0], rel=0.5)
    assert many[-2:, 0].min() > many[1:40, 0].max()


@pytest.mark.parametrize(
    ("artists", "heard", "answer"),
    [(ENOUGH, ENOUGH, True), (ENOUGH - 1, 500, False), (500, ENOUGH - 1, False)],
)
def test_few_artists_or_few_tracks_are_no_cohort(artists: int, heard: int, answer: bool) -> None:  # noqa: FBT001 - the case
    assert enough(artists, heard) is answer
