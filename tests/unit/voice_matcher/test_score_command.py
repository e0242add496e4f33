"""What a table of scores is made of, beyond what the service would score."""

import numpy as np

from services.voice_matcher.domain import HeardVoice, ReferenceVoice, VoiceTemplate
from services.voice_matcher.ears import Listening
from services.voice_matcher.embedding import DIMENSIONS
from services.voice_matcher.index import SCORED_WHOLE
from services.voice_matcher.score_command import scores_of
from services.voice_matcher.voice_activity import Window
from tests.unit.voice_matcher.voices import directions


def test_few_tracks_are_scored_against_every_artist_of_a_large_table() -> None:
    many = SCORED_WHOLE + 4
    rows = {network: directions(many, network, 5) for network in DIMENSIONS}
    artists = {
        str(number): VoiceTemplate(str(number), str(number), (_reference(rows, number),))
        for number in range(many)
    }
    own = many - 1
    windows = {network: rows[network][[own, own]] for network in DIMENSIONS}
    heard = HeardVoice((Window(0, 1.0), Window(300, 1.0)), windows, odds=1.0)

    (scores,), _ = scores_of(artists, [Listening(heard, 0.0)])

    assert scores.keys() == artists.keys()
    assert max(scores, key=lambda artist: scores[artist]) == str(own)


def _reference(rows: dict[str, np.ndarray], number: int) -> ReferenceVoice:
    vectors = {network: rows[network][number] for network in DIMENSIONS}
    return ReferenceVoice(f"{number}.flac", "-", 10.0, vectors)
