"""From audio to the voice in it: choose windows worth their cost, embed them, keep those with a voice."""

from dataclasses import dataclass

import numpy as np
import soxr
from numpy.typing import NDArray

from services.voice_matcher.centre import centre_channel, to_mid
from services.voice_matcher.domain import HeardVoice, NotHeard, Unheard
from services.voice_matcher.embedding import CAMPPLUS, RESEMBLYZER, CamPlusPlus, Resemblyzer
from services.voice_matcher.fbank import HOP, SAMPLE_RATE, Floats, log_mel
from services.voice_matcher.mel import power_mel
from services.voice_matcher.voice_activity import (
    SILENT_DBFS,
    WINDOW_FRAMES,
    WINDOW_SECONDS,
    LinearScore,
    Window,
    choose,
    rank_windows,
)

_WINDOW_SAMPLES = int(WINDOW_SECONDS * SAMPLE_RATE)


@dataclass(frozen=True)
class Effort:
    """How many windows of 3 s are embedded at most, and how many must hold a voice."""

    most_windows: int
    least_windows: int = 1


UPLOAD = Effort(most_windows=10)
"""Half a minute: with decoding a 3-minute track stays near one CPU second."""
REFERENCE = Effort(most_windows=24)
"""Enrolment happens once; more windows make the template steadier."""


class Listener:
    """Holds the networks; one per worker process. Blocks for about a CPU second a track."""

    def __init__(
        self,
        campplus: CamPlusPlus,
        resemblyzer: Resemblyzer,
        movement_odds: LinearScore,
        voice_odds: LinearScore,
    ) -> None:
        self._campplus = campplus
        self._resemblyzer = resemblyzer
        self._movement_odds = movement_odds
        self._voice_odds = voice_odds

    def listen(
        self, samples: NDArray[np.float32], rate: int, effort: Effort = UPLOAD
    ) -> HeardVoice | NotHeard:
        """Measure ``samples``, (frames, channels) in [-1, 1] at ``rate`` Hz."""
        seconds = samples.shape[0] / rate
        if seconds < WINDOW_SECONDS:
            return NotHeard(Unheard.TOO_SHORT, f"{seconds:.1f} s of audio, {WINDOW_SECONDS:g} s are needed")
        if decibels(samples) < SILENT_DBFS:
            return NotHeard(Unheard.SILENT, f"the level is under {SILENT_DBFS:g} dBFS")
        stereo = soxr.resample(samples[:, :2], rate, SAMPLE_RATE).astype(np.float32, copy=False)
        mid = to_mid(stereo)
        ranked = [w for w in rank_windows(log_mel(mid), self._movement_odds) if _audible(mid, w)]
        chosen = choose(ranked, effort.most_windows)
        if not chosen:
            return NotHeard(Unheard.SILENT, f"no {WINDOW_SECONDS:g} s above {SILENT_DBFS:g} dBFS")
        return self._embed(stereo, chosen, effort)

    def _embed(self, stereo: Floats, chosen: list[Window], effort: Effort) -> HeardVoice | NotHeard:
        vocals = [vocal_of(stereo, window) for window in chosen]
        features = np.stack([log_mel(vocal)[:WINDOW_FRAMES] for vocal in vocals])
        campplus = self._campplus.embed(features)
        odds = self._voice_odds(campplus)
        voiced = np.flatnonzero(odds > 0.0)
        if voiced.size < effort.least_windows:
            return NotHeard(
                Unheard.NO_VOICE,
                f"none of {len(chosen)} windows holds a voice",
                float(odds.max(initial=-99.0)),
            )
        kept = [vocals[index] for index in voiced]
        mels = np.stack([power_mel(vocal)[:WINDOW_FRAMES] for vocal in kept])
        levels = np.asarray([np.sqrt(np.mean(vocal**2)) for vocal in kept], np.float32)
        return HeardVoice(
            windows=tuple(Window(chosen[index].frame, float(odds[index])) for index in voiced),
            embeddings={
                CAMPPLUS: campplus[voiced],
                RESEMBLYZER: self._resemblyzer.embed(mels, levels),
            },
            odds=float(odds[voiced].mean()),
        )


def decibels(samples: NDArray[np.float32]) -> float:
    """Level over all channels, dBFS of the root mean square."""
    return float(10.0 * np.log10(np.mean(samples**2, dtype=np.float64) + 1e-20))


def _span(window: Window) -> slice:
    start = window.frame * HOP
    return slice(start, start + _WINDOW_SAMPLES)


def _audible(mid: Floats, window: Window) -> bool:
    return decibels(mid[_span(window)]) >= SILENT_DBFS


def vocal_of(stereo: Floats, window: Window) -> Floats:
    excerpt = stereo[_span(window)]
    if excerpt.shape[1] == 1:
        return np.ascontiguousarray(excerpt[:, 0])
    return centre_channel(np.ascontiguousarray(excerpt[:, 0]), np.ascontiguousarray(excerpt[:, 1]))
