"""``explain``: why a recording is, or is not, taken for an artist's voice."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from services.voice_matcher.domain import ArtistScore, HeardVoice
from services.voice_matcher.embedding import DIMENSIONS
from services.voice_matcher.evidence import Likeness, alike, segment_scores
from services.voice_matcher.index import VoiceIndex
from services.voice_matcher.listening import Effort
from services.voice_matcher.models import load_yardstick, model_version
from services.voice_matcher.tables import enrolled, listen_to_all, rows

THOROUGH = Effort(most_windows=40)
_MOST_PAIRS = 5


def explain(file: Path, artist: str, references: Path, *, picture: Path | None) -> None:
    """Print what ``_told`` says as JSON, and draw it.

    Raises:
        KeyError: the artist has no reference in which a voice is heard.
        OSError: a table, a file or the picture cannot be read or written.
    """
    named = [row for row in rows(references, "artist", "file") if row[0] == artist]
    listened = listen_to_all([file, *(path for _, path in named)], THOROUGH, processes=1)
    templates = enrolled(named, listened[1:])
    if artist not in templates:
        raise KeyError(f"no usable reference of {artist} in {references}")
    told: dict[str, object] = {
        "file": str(file),
        "artist": artist,
        "model_version": model_version(),
        "cpu_seconds": round(listened[0].cpu_seconds, 3),
    }
    heard = listened[0].heard
    if isinstance(heard, HeardVoice):
        yardstick = load_yardstick()
        voices = {
            str(path): voice.heard
            for (_, path), voice in zip(named, listened[1:], strict=True)
            if isinstance(voice.heard, HeardVoice)
        }
        found = VoiceIndex(yardstick, templates).search(heard)[0]
        segments = segment_scores(yardstick, templates[artist], heard)
        pairs = alike(yardstick, heard, voices, at_most=_MOST_PAIRS)
        told |= _told(found, heard, segments, pairs)
        if picture is not None:
            from services.voice_matcher.picture import draw  # noqa: PLC0415 - matplotlib is an extra

            draw(picture, f"{file.name} against {artist}", heard, segments, yardstick.calibration)
    else:
        told |= {"verdict": "not_measured", "reason": heard.detail}
    print(json.dumps(told, indent=2))  # noqa: T201 - a command line


def _told(
    found: ArtistScore,
    heard: HeardVoice,
    segments: Mapping[str, Sequence[float]],
    pairs: Sequence[Likeness],
) -> dict[str, object]:
    """Verdict, thresholds, the score of every segment by network and fused, the most alike passages."""
    calibration = load_yardstick().calibration
    return {
        "verdict": found.verdict.value,
        "score": round(found.score, 4),
        "thresholds": {"match": calibration.match, "possible": calibration.possible},
        "probability": round(found.probability, 6),
        "prior": calibration.prior,
        "seconds_of_voice": heard.seconds,
        "closest_reference": found.reference,
        "best_passages": [
            {"start": p.start, "end": p.end, "score": round(p.score, 3)} for p in found.passages
        ],
        "segments": [
            {
                "start": window.start,
                "end": window.end,
                "voice_log_odds": round(window.odds, 2),
                **{name: round(values[position], 3) for name, values in segments.items()},
            }
            for position, window in enumerate(heard.windows)
        ],
        "most_alike": [
            {
                "start": pair.heard.start,
                "end": pair.heard.end,
                "reference": pair.reference,
                "reference_start": pair.enrolled.start,
                "reference_end": pair.enrolled.end,
                "likeness": {network: round(value, 3) for network, value in pair.cosines.items()},
            }
            for pair in pairs
        ],
        "networks": sorted(DIMENSIONS),
    }
