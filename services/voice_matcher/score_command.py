"""``score``: every query against every artist, as a table."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from services.voice_matcher.batch import batch_scores, enough, with_checkpoint
from services.voice_matcher.domain import Calibration, HeardVoice, MatchVerdict, VoiceTemplate
from services.voice_matcher.ears import Listening
from services.voice_matcher.embedding import CHECKPOINT
from services.voice_matcher.index import VoiceIndex, Yardstick
from services.voice_matcher.listening import Effort
from services.voice_matcher.models import load_batch_calibration, load_yardstick
from services.voice_matcher.scoring import Scores
from services.voice_matcher.tables import enrolled, listen_to_all, rows

BATCH = Effort(most_windows=24, insist=True)
"""Costs more than a track in the service: no budget stands behind a table."""
COLUMNS = ("id", "artist", "verdict", "score", "probability", "seconds_of_voice", "reason")


CHECKPOINT_WEIGHT = 0.4
"""Of a third embedding, beside 0.6 for the shipped two; not measured."""


def score(
    references: Path, queries: Path, out: Path, *, processes: int, checkpoint: str | None = None
) -> None:
    """Write a row for every query and artist: the score is empty only where nothing can be listened to.

    With enough artists and queries the scores are adapted to the batch. A query in which no voice was found
    has scores all the same, and the verdict ``not_measured``. ``checkpoint`` names a third embedding, which
    counts in a batch only: there is no shipped background for it.

    Raises:
        OSError, KeyError: a table cannot be read.
        SettingsError: there is no such checkpoint.
    """
    named, asked = rows(references, "artist", "file"), rows(queries, "id", "file")
    paths = [path for _, path in (*named, *asked)]
    heard = listen_to_all(paths, BATCH, processes, checkpoint)
    artists, listened = enrolled(named, heard[: len(named)]), heard[len(named) :]
    unheard = sorted({artist for artist, _ in named} - set(artists))
    with out.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, COLUMNS)
        table.writeheader()
        scored, calibration = scores_of(artists, listened)
        for (name, _), listening, scores in zip(asked, listened, scored, strict=True):
            table.writerows(_lines(name, listening, scores, calibration))
            table.writerows(_nothing(name, unheard, "no reference of the artist holds a usable voice"))


def scores_of(
    artists: Mapping[str, VoiceTemplate], listened: Sequence[Listening]
) -> tuple[list[dict[str, float]], Calibration]:
    """By artist, for every query, and what they mean; 0 where nothing was heard."""
    heard = [voice.heard for voice in listened if isinstance(voice.heard, HeardVoice)]
    yardstick = load_yardstick()
    calibration = yardstick.calibration
    if enough(len(artists), len(heard)):
        if CHECKPOINT in heard[0].embeddings:
            dimensions = heard[0].embeddings[CHECKPOINT].shape[1]
            yardstick = with_checkpoint(yardstick, dimensions, CHECKPOINT_WEIGHT)
        found = iter(batch_scores(yardstick, list(artists.values()), heard))
        calibration = load_batch_calibration()
    else:
        found = iter(_against_the_background(yardstick, artists, heard))
    scores = [
        dict(zip(artists, next(found).tolist(), strict=True))
        if isinstance(voice.heard, HeardVoice)
        else dict.fromkeys(artists, 0.0)
        for voice in listened
    ]
    return scores, calibration


def _against_the_background(
    yardstick: Yardstick, artists: Mapping[str, VoiceTemplate], heard: Sequence[HeardVoice]
) -> Iterable[Scores]:
    """Everybody's score, also where the service would score a shortlist: a table has a row for each."""
    everybody = sum(len(artist.groups) for artist in artists.values())
    index = VoiceIndex(yardstick, artists, scored_whole=everybody)
    for voice in heard:
        found = {score.artist_id: score.score for score in index.search(voice)}
        yield np.array([found[artist] for artist in artists])


def _lines(
    name: str, listening: Listening, scores: Mapping[str, float], calibration: Calibration
) -> Iterable[dict[str, object]]:
    heard = listening.heard
    if not isinstance(heard, HeardVoice):
        yield from _nothing(name, list(scores), heard.detail)
        return
    for artist, value in scores.items():
        verdict = calibration.verdict(value) if heard.voiced else MatchVerdict.NOT_MEASURED
        yield {
            "id": name,
            "artist": artist,
            "verdict": verdict.value,
            "score": round(value, 5),
            "probability": round(calibration.probability(value), 6),
            "seconds_of_voice": heard.seconds if heard.voiced else 0,
            "reason": "" if heard.voiced else "no window was taken for a voice",
        }


def _nothing(name: str, artists: Iterable[str], reason: str) -> Iterable[dict[str, object]]:
    for artist in artists:
        yield {
            "id": name,
            "artist": artist,
            "verdict": MatchVerdict.NOT_MEASURED.value,
            "seconds_of_voice": 0,
            "reason": reason,
        }
