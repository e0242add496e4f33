"""A catalogue's worth of held tracks from a seed: the same seed gives the same cases."""

import random
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import accumulate

from services.moderation.domain.cases import CaseSummary, summarise
from shared.events import (
    AiUse,
    ArtistMatch,
    AudioRef,
    DecisionMade,
    Declaration,
    FindingRecorded,
    Outcome,
    Passage,
    Reason,
    RuleTrace,
    TimeRange,
    TrackUploaded,
    Verdict,
)

REASONS = {
    "voice_without_consent": 90,
    "name_without_consent": 70,
    "ai_contradicts_declaration": 50,
    "ai_undeclared": 40,
    "detector_failed": 30,
    "inconclusive": 20,
}
_SHARES = (4, 6, 40, 30, 5, 15)
_DISTRIBUTORS = 60
_ARTISTS = 40_000
_WORDS = 20_000
_SYLLABLES = (
    "ka",
    "ri",
    "no",
    "ve",
    "lu",
    "mar",
    "ten",
    "so",
    "bel",
    "dy",
    "os",
    "hin",
    "pra",
    "ge",
    "u",
    "fel",
)
_WAITING = timedelta(days=20)


class Catalogue:
    """``case(n)`` is the n-th held track. Words and distributors follow Zipf's law, as in real catalogues."""

    def __init__(self, seed: int, now: datetime) -> None:
        self._seed = seed
        self._now = now
        chance = random.Random(seed)  # noqa: S311 - a repeatable catalogue, no secret
        self._words = [_word(chance) for _ in range(_WORDS)]
        self._artists = [" ".join(chance.choices(self._words, k=2)).title() for _ in range(_ARTISTS)]
        self._by_rank = list(accumulate(1 / rank for rank in range(1, _WORDS + 1)))
        self._by_size = list(accumulate(1 / rank for rank in range(1, _DISTRIBUTORS + 1)))

    def summaries(self, count: int) -> Iterator[CaseSummary]:
        return (summarise(*self.held(number)) for number in range(count))

    def held(self, number: int) -> tuple[DecisionMade, TrackUploaded]:
        chance = random.Random(f"{self._seed}:{number}")  # noqa: S311 - as above
        track_id = str(uuid.UUID(int=chance.getrandbits(128), version=4))
        (code,) = chance.choices(tuple(REASONS), weights=_SHARES)
        (size,) = chance.choices(range(_DISTRIBUTORS), cum_weights=self._by_size)
        title = " ".join(
            chance.choices(self._words, cum_weights=self._by_rank, k=chance.randint(1, 4))
        ).title()
        opened = self._now - chance.random() * _WAITING
        seconds = chance.uniform(90, 300)
        sha256 = f"{chance.getrandbits(256):064x}"
        upload = TrackUploaded(
            event_id=f"upload-{number}",
            occurred_at=opened,
            track_id=track_id,
            distributor_id=f"distributor-{size:02d}",
            declaration=Declaration(
                title=title,
                display_artist=chance.choice(self._artists),
                isrc=f"ZZBEN{number:07d}",
                ai_use=AiUse.NONE,
                release_date=self._now.astimezone(UTC).date() + timedelta(days=chance.randint(-5, 90)),
            ),
            audio=AudioRef(
                uri=f"trackgate://sha256/{sha256}",
                sha256=sha256,
                bytes=int(seconds * 100_000),
                container="flac",
                codec="flac",
                sample_rate=44_100,
                channels=2,
                frames=int(seconds * 44_100),
            ),
            received_at=opened,
        )
        decision = DecisionMade(
            event_id=f"decision-{number}",
            occurred_at=opened,
            track_id=track_id,
            audio_sha256=sha256,
            sequence=1,
            outcome=Outcome.QUARANTINE,
            reasons=(Reason(code=code, text=f"Held: {code.replace('_', ' ')}.", rule=f"hold-{code}"),),
            policy_version="bench",
            trace=tuple(RuleTrace(rule=f"rule-{n}", matched=n == 1, why="the bench's") for n in range(12)),
            priority=min(100, REASONS[code] + chance.randint(-10, 10)),
        )
        return decision, upload


def findings(upload: TrackUploaded) -> tuple[FindingRecorded, FindingRecorded]:
    """One of each detector, with ten passages each, as a long track has them."""
    spread = upload.audio.seconds / 10
    passages = tuple(
        Passage(range=TimeRange(start=n * spread, end=(n + 0.6) * spread), score=0.5 + n / 25)
        for n in range(10)
    )
    common = {
        "occurred_at": upload.received_at,
        "track_id": upload.track_id,
        "audio_sha256": upload.audio.sha256,
        "model_version": "bench",
        "seconds_measured": upload.audio.seconds,
        "threshold": 0.5,
    }
    match = ArtistMatch(
        artist_id="somebody",
        verdict=Verdict.POSSIBLE,
        score=0.6,
        probability=0.7,
        threshold=0.6,
        passages=passages,
    )
    return (
        FindingRecorded.model_validate(
            {
                **common,
                "event_id": f"ai-{upload.event_id}",
                "detector": "ai_detector",
                "verdict": Verdict.LIKELY_GENERATED,
                "score": 0.8,
                "probability": 0.95,
                "passages": passages,
                "measurements": {f"measure_{n}": n / 7 for n in range(12)},
            }
        ),
        FindingRecorded.model_validate(
            {
                **common,
                "event_id": f"voice-{upload.event_id}",
                "detector": "voice_matcher",
                "verdict": Verdict.POSSIBLE,
                "matches": (match,),
            }
        ),
    )


def number_of(*, decision_id: str) -> int:
    return int(decision_id.removeprefix("decision-"))


def _word(chance: random.Random) -> str:
    return "".join(chance.choices(_SYLLABLES, k=chance.randint(1, 4)))
