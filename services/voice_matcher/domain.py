"""What a voice match is: voices heard, templates of protected artists, scores, verdicts. Pure values.

Every artist is judged alone, above a threshold or not. There is no nearest artist: a converted voice is often
nearer to the source singer than to the target, and somebody is always nearest.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from services.voice_matcher.fbank import Floats
from services.voice_matcher.voice_activity import Window


class Unheard(StrEnum):
    """Why nothing was measured. The values are the codes that findings carry."""

    TOO_SHORT = "too_short"
    SILENT = "silent"
    NO_VOICE = "no_voice"


@dataclass(frozen=True)
class NotHeard:
    """There was no voice to measure. ``odds`` is the best window's log odds of voice, if scored."""

    why: Unheard
    detail: str
    odds: float | None = None


@dataclass(frozen=True)
class HeardVoice:
    """The voice in a recording: ``embeddings`` hold unit rows, one per window, by network name.

    Not ``voiced``: no window was taken for a voice, and the most voice-like ones were embedded on request.
    """

    windows: tuple[Window, ...]
    embeddings: Mapping[str, Floats] = field(repr=False)
    odds: float
    voiced: bool = True

    @property
    def seconds(self) -> float:
        """Seconds covered by the windows; overlaps count once."""
        covered, until = 0.0, 0.0
        for window in self.windows:
            covered += window.end - max(window.start, until)
            until = window.end
        return covered

    def mean(self, network: str) -> Floats:
        """One unit vector for the whole recording, shape (d,)."""
        total = self.embeddings[network].mean(0)
        return np.asarray(total / max(float(np.linalg.norm(total)), 1e-12), np.float32)


@dataclass(frozen=True)
class ReferenceVoice:
    """One enrolled recording as measured: a unit vector by network. Biometric: never leaves the process.

    ``group`` names the register or the era of the artist's voice that it is of.
    """

    uri: str
    sha256: str
    seconds: float
    vectors: Mapping[str, Floats] = field(repr=False)
    group: str = ""


@dataclass(frozen=True)
class VoiceTemplate:
    """A protected artist's voice, from one to eight references."""

    artist_id: str
    name: str
    references: tuple[ReferenceVoice, ...]

    @property
    def groups(self) -> tuple[tuple[ReferenceVoice, ...], ...]:
        """The references by group, in the order in which the groups come up."""
        names = dict.fromkeys(reference.group for reference in self.references)
        return tuple(tuple(r for r in self.references if r.group == name) for name in names)


class MatchVerdict(StrEnum):
    MATCH = "match"
    POSSIBLE = "possible"
    NO_MATCH = "no_match"
    NOT_MEASURED = "not_measured"


@dataclass(frozen=True)
class Calibration:
    """From normalised score to verdict and probability.

    ``match`` and ``possible`` are the scores that different voices exceed in 0.1 % and 1 % of open-set
    trials; ``slope`` and ``intercept`` give the log likelihood ratio of "same voice"; ``prior`` is the
    share of (track, artist) pairs taken to be the same voice before listening, stated so that it can be
    argued with.
    """

    match: float
    possible: float
    slope: float
    intercept: float
    prior: float
    impostor_trials: int
    target_trials: int

    def probability(self, score: float) -> float:
        """Posterior of the same voice at ``prior``; rises with ``score``."""
        odds = self.slope * score + self.intercept + math.log(self.prior / (1.0 - self.prior))
        return 1.0 / (1.0 + math.exp(-max(-60.0, min(60.0, odds))))

    def verdict(self, score: float) -> MatchVerdict:
        if score >= self.match:
            return MatchVerdict.MATCH
        return MatchVerdict.POSSIBLE if score >= self.possible else MatchVerdict.NO_MATCH


@dataclass(frozen=True)
class WindowScore:
    """How like the artist one window is, on the scale of the track's score."""

    start: float
    end: float
    score: float


@dataclass(frozen=True)
class ArtistScore:
    """One artist against one track. ``passages`` are the windows that scored best, in order of time.

    ``reference`` is the URI of the artist's recording that is most like the track.
    """

    artist_id: str
    verdict: MatchVerdict
    score: float
    probability: float
    reference: str
    passages: tuple[WindowScore, ...]
