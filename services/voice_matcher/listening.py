"""From audio to the voice in it: choose windows worth their cost, embed them, keep those with a voice."""

from dataclasses import dataclass, replace

import numpy as np
import soxr
from numpy.typing import NDArray

from services.voice_matcher.centre import centre_channel, to_mid
from services.voice_matcher.domain import HeardVoice, NotHeard, Unheard
from services.voice_matcher.embedding import (
    CAMPPLUS,
    CHECKPOINT,
    RESEMBLYZER,
    CamPlusPlus,
    Resemblyzer,
    WaveNetwork,
)
from services.voice_matcher.fbank import HOP, SAMPLE_RATE, Floats, log_mel
from services.voice_matcher.mel import power_mel
from services.voice_matcher.voice_activity import (
    SILENT_DBFS,
    WINDOW_FRAMES,
    WINDOW_SECONDS,
    LinearScore,
    Window,
    choose,
    hop_for,
    rank_windows,
)
from shared.audio import Spread

SHORTEST_SECONDS = 1.0
"""Of less nothing can be told; up to a window's length the recording is repeated to fill it."""
_WINDOW_SAMPLES = int(WINDOW_SECONDS * SAMPLE_RATE)
_KEPT_UNVOICED = 2
_AT_ONCE = 1 << 16
"""Samples summed at a time: no copy of a track is made, and float32 stays exact enough."""


@dataclass(frozen=True)
class Effort:
    """How many windows of 3 s are embedded at most.

    ``insist``: where no window holds a voice, the most voice-like ones are heard all the same, and the
    recording is marked as unvoiced. A batch of scores has no gaps that way. ``sampled``: of a long recording
    only stretches from everywhere are looked at (see ``STRETCHES``).
    """

    most_windows: int
    insist: bool = False
    sampled: bool = False


UPLOAD = Effort(most_windows=7, sampled=True)
"""The most telling twenty seconds: a 3-minute track stays well under one CPU second, decoding included."""
REFERENCE = Effort(most_windows=24)
"""Enrolment happens once; more windows make the template steadier."""
STRETCHES = Spread(whole=90.0, each=6.0, of_every=12.0, most=75)
"""Half of a track, and no twelve seconds of it unmet; of hours, seven minutes from all over them."""


class Listener:
    """Holds the networks; one per worker process. Blocks for about a CPU second a track."""

    def __init__(
        self,
        campplus: CamPlusPlus,
        resemblyzer: Resemblyzer,
        movement_odds: LinearScore,
        voice_odds: LinearScore,
        third: WaveNetwork | None = None,
    ) -> None:
        self._campplus = campplus
        self._third = third
        self._resemblyzer = resemblyzer
        self._movement_odds = movement_odds
        self._voice_odds = voice_odds

    def listen(
        self,
        samples: NDArray[np.float32],
        rate: int,
        effort: Effort = UPLOAD,
        starts: tuple[float, ...] = (),
    ) -> HeardVoice | NotHeard:
        """Measure ``samples``, (frames, channels) in [-1, 1] at ``rate`` Hz.

        ``starts``: they are stretches of one length that begin there in the recording, in seconds.
        """
        seconds = samples.shape[0] / rate
        if seconds < SHORTEST_SECONDS:
            return NotHeard(Unheard.TOO_SHORT, f"{seconds:.1f} s of audio, {SHORTEST_SECONDS:g} s are needed")
        if decibels(samples) < SILENT_DBFS:
            return NotHeard(Unheard.SILENT, f"the level is under {SILENT_DBFS:g} dBFS")
        stereo = _filled(_resampled(samples[:, :2], rate))
        mid = to_mid(stereo)
        filterbank = log_mel(mid)
        hop = hop_for(len(filterbank), effort.most_windows)
        each = len(mid) // HOP // len(starts) if starts else None
        windows = rank_windows(filterbank, self._movement_odds, hop, each)
        ranked = [window for window in windows if _audible(mid, window)]
        chosen = choose(ranked, effort.most_windows, hop)
        if not chosen:
            return NotHeard(Unheard.SILENT, f"no {WINDOW_SECONDS:g} s above {SILENT_DBFS:g} dBFS")
        heard = self._embed(stereo, filterbank, chosen, insist=effort.insist)
        if self._third is not None and isinstance(heard, HeardVoice):
            own = self._third.embed(np.stack([_whole(mid, window) for window in heard.windows]))
            heard = replace(heard, embeddings={**heard.embeddings, CHECKPOINT: own})
        if each is None or isinstance(heard, NotHeard):
            return heard
        return replace(heard, windows=tuple(_placed(window, starts, each) for window in heard.windows))

    def _embed(
        self, stereo: Floats, filterbank: Floats, chosen: list[Window], *, insist: bool
    ) -> HeardVoice | NotHeard:
        campplus = self._campplus.embed(np.stack([mid_features(filterbank, window) for window in chosen]))
        odds = self._voice_odds(campplus)
        voiced = np.flatnonzero(odds > 0.0)
        found = voiced.size > 0
        if insist and not found:
            voiced = np.sort(np.argsort(-odds)[:_KEPT_UNVOICED])
        elif not found:
            return NotHeard(
                Unheard.NO_VOICE, f"none of {len(chosen)} windows holds a voice", float(odds.max())
            )
        mels, levels = zip(*(centre_features(stereo, chosen[index]) for index in voiced), strict=True)
        resemblyzer = self._resemblyzer.embed(np.stack(mels), np.asarray(levels, np.float32))
        return HeardVoice(
            windows=tuple(Window(chosen[index].frame, float(odds[index])) for index in voiced),
            embeddings={CAMPPLUS: campplus[voiced], RESEMBLYZER: resemblyzer},
            odds=float(odds[voiced].mean()),
            voiced=found,
        )


def _placed(window: Window, starts: tuple[float, ...], each: int) -> Window:
    """Where in the recording a window of its stretches lies."""
    stretch, frame = divmod(window.frame, each)
    return Window(round(starts[stretch] * SAMPLE_RATE / HOP) + frame, window.odds)


def mid_features(filterbank: Floats, window: Window) -> Floats:
    """What CAM++ hears: the mid signal as it is. Masking the sides away costs it more than the band does."""
    return filterbank[window.frame : window.frame + WINDOW_FRAMES]


def centre_features(stereo: Floats, window: Window) -> tuple[Floats, np.float32]:
    """What Resemblyzer hears, and its level: the centre channel, which halves its errors under a band."""
    excerpt = stereo[_span(window)]
    vocal = np.ascontiguousarray(excerpt[:, 0])
    if excerpt.shape[1] > 1:
        vocal = centre_channel(vocal, np.ascontiguousarray(excerpt[:, 1]))
    return power_mel(vocal)[:WINDOW_FRAMES], np.sqrt(np.mean(vocal**2))


def decibels(samples: NDArray[np.float32]) -> float:
    """Level over all channels, dBFS of the root mean square."""
    flat = samples.reshape(-1)
    parts = (flat[start : start + _AT_ONCE] for start in range(0, flat.size, _AT_ONCE))
    square = sum(float(np.dot(part, part)) for part in parts) / max(flat.size, 1)
    return float(10.0 * np.log10(square + 1e-20))


def _resampled(channels: NDArray[np.float32], rate: int) -> Floats:
    if rate == SAMPLE_RATE:
        return channels
    return np.asarray(soxr.resample(channels, rate, SAMPLE_RATE), np.float32)


def _filled(stereo: Floats) -> Floats:
    """At least one whole window: a shorter recording is repeated."""
    missing = _WINDOW_SAMPLES - len(stereo)
    return stereo if missing <= 0 else np.pad(stereo, ((0, missing), (0, 0)), mode="wrap")


def _span(window: Window) -> slice:
    start = window.frame * HOP
    return slice(start, start + _WINDOW_SAMPLES)


def _whole(mid: Floats, window: Window) -> Floats:
    """Its samples; the last window of a recording may lack up to half a hop, which is silence."""
    samples = mid[_span(window)]
    return np.pad(samples, (0, _WINDOW_SAMPLES - samples.size))


def _audible(mid: Floats, window: Window) -> bool:
    return decibels(mid[_span(window)]) >= SILENT_DBFS
