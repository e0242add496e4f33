"""The voices of all protected artists, in memory, and who of them is heard in a recording."""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from services.voice_matcher.domain import (
    ArtistScore,
    Calibration,
    HeardVoice,
    ReferenceVoice,
    VoiceTemplate,
    WindowScore,
)
from services.voice_matcher.fbank import Floats
from services.voice_matcher.rows import VoiceRows
from services.voice_matcher.scoring import Background, Scores, fuse, top_half, window_scores
from services.voice_matcher.sketch import Sketcher, queries, shortlist

MOST_PASSAGES = 5
MOST_LISTED = 50
"""Artists whom a finding can name. In a large registry many a stranger is above ``possible`` by chance."""
SCORED_WHOLE = 4096
"""Rows up to which everybody is scored, which takes some milliseconds; beyond, those of the shortlist."""
_BATCH = 4096


@dataclass(frozen=True)
class Yardstick:
    """What turns embeddings into verdicts: backgrounds and fusion weights by network, and the calibration."""

    backgrounds: Mapping[str, Background]
    weights: Mapping[str, float]
    calibration: Calibration


@dataclass(slots=True)
class _Enrolled:
    """An artist's rows, and the recordings behind them; ``vectors`` are half-precision rows by network."""

    rows: list[int]
    references: tuple[str, ...]
    vectors: Mapping[str, NDArray[np.float16]] | None


class VoiceIndex:
    """Changes in place and at once. Not for use by several threads."""

    def __init__(
        self,
        yardstick: Yardstick,
        templates: Mapping[str, VoiceTemplate] | None = None,
        *,
        scored_whole: int = SCORED_WHOLE,
    ) -> None:
        self._yardstick = yardstick
        self._scored_whole = scored_whole
        backgrounds = {network: yardstick.backgrounds[network] for network in yardstick.weights}
        self._sketcher = Sketcher(backgrounds, yardstick.weights)
        self._rows = VoiceRows(backgrounds, self._sketcher)
        self._enrolled: dict[str, _Enrolled] = {}
        self.put_many((templates or {}).values())

    @property
    def artists(self) -> AbstractSet[str]:
        """Who can be found now; follows every change."""
        return self._enrolled.keys()

    def __len__(self) -> int:
        return len(self._enrolled)

    def __contains__(self, artist_id: str) -> bool:
        return artist_id in self._enrolled

    def put(self, template: VoiceTemplate) -> None:
        """Let an artist be found, in place of what was known of them."""
        self.put_many((template,))

    def put_many(self, templates: Iterable[VoiceTemplate]) -> None:
        """As ``put`` for each, ten times as fast. An artist may be there once."""
        waiting = iter(templates)
        while batch := tuple(islice(waiting, _BATCH)):
            for template in batch:
                self.remove(template.artist_id)
            self._add(batch)

    def remove(self, artist_id: str) -> None:
        """Forget an artist; one who is not known is forgotten already."""
        known = self._enrolled.pop(artist_id, None)
        if known is None:
            return
        for row in sorted(known.rows, reverse=True):
            last = len(self._rows) - 1
            moved = self._rows.remove(row)
            if moved is not None:
                rows = self._enrolled[moved].rows
                rows[rows.index(last)] = row

    def search(self, heard: HeardVoice, *, at_most: int | None = None) -> tuple[ArtistScore, ...]:
        """Artists with a verdict of their own, the highest score first, the best ``at_most``.

        Everybody where few are enrolled; else those whom the shortlist holds, who are scored exactly.
        """
        if not self._enrolled:
            return ()
        centred = {
            network: self._yardstick.backgrounds[network].centre_upload(heard.embeddings[network])
            for network in self._yardstick.weights
        }
        rows = self._candidates(self._sketcher.fused(centred))
        fused = self._scored(heard, rows)
        counted = top_half(fused)
        track = np.where(counted, fused, 0.0).sum(0) / counted.sum(0)
        best: dict[str, int] = {}
        for column in np.argsort(-track, kind="stable"):
            best.setdefault(self._rows.owner(int(rows[column])), int(column))
            if len(best) == at_most:
                break
        return tuple(
            self._score(artist, float(track[column]), fused[:, column], heard)
            for artist, column in best.items()
        )

    def _candidates(self, windows: Floats) -> NDArray[np.int64]:
        if len(self._rows) <= self._scored_whole:
            return np.arange(len(self._rows))
        return shortlist(self._sketcher.codes(queries(windows)), self._rows.codes)

    def _scored(self, heard: HeardVoice, rows: NDArray[np.int64]) -> Scores:
        """(windows, rows)."""
        chosen = self._rows.chosen(rows)
        by_network = {
            network: window_scores(
                heard.embeddings[network],
                chosen.vectors[network],
                chosen.levels[network],
                self._yardstick.backgrounds[network],
            )
            for network in self._yardstick.weights
        }
        return fuse(by_network, self._yardstick.weights)

    def _score(self, artist_id: str, score: float, windows: Scores, heard: HeardVoice) -> ArtistScore:
        calibration = self._yardstick.calibration
        best = sorted(np.argsort(-windows, kind="stable")[:MOST_PASSAGES])
        return ArtistScore(
            artist_id=artist_id,
            verdict=calibration.verdict(score),
            score=score,
            probability=calibration.probability(score),
            reference=self._most_like(self._enrolled[artist_id], heard),
            passages=tuple(
                WindowScore(heard.windows[i].start, heard.windows[i].end, float(windows[i])) for i in best
            ),
        )

    def _most_like(self, enrolled: _Enrolled, heard: HeardVoice) -> str:
        if enrolled.vectors is None:
            return enrolled.references[0]
        likeness = sum(
            weight * (enrolled.vectors[network].astype(np.float32) @ heard.mean(network))
            for network, weight in self._yardstick.weights.items()
        )
        return enrolled.references[int(np.argmax(likeness))]

    def _add(self, templates: tuple[VoiceTemplate, ...]) -> None:
        owned = [(template.artist_id, group) for template in templates for group in template.groups]
        rows = iter(self._rows.add([artist for artist, _ in owned], [group for _, group in owned]))
        for template in templates:
            self._enrolled[template.artist_id] = _Enrolled(
                [next(rows) for _ in template.groups],
                tuple(reference.uri for reference in template.references),
                self._compact(template.references),
            )

    def _compact(self, references: tuple[ReferenceVoice, ...]) -> Mapping[str, NDArray[np.float16]] | None:
        """What tells several references apart; one needs nothing."""
        if len(references) == 1:
            return None
        return {
            network: np.array([reference.vectors[network] for reference in references], np.float16)
            for network in self._yardstick.weights
        }
