"""What the service hears in real recordings: the shipped samples and signals without a voice."""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from services.voice_matcher.domain import (
    ArtistScore,
    HeardVoice,
    MatchVerdict,
    NotHeard,
    ReferenceVoice,
    Unheard,
    VoiceTemplate,
)
from services.voice_matcher.embedding import DIMENSIONS
from services.voice_matcher.fbank import FRAME, HOP, SAMPLE_RATE, Floats
from services.voice_matcher.index import VoiceIndex
from services.voice_matcher.listening import REFERENCE, UPLOAD, Effort, Listener
from services.voice_matcher.models import load_listener, load_yardstick
from services.voice_matcher.voice_activity import HOP_FRAMES, WINDOW_FRAMES

SAMPLES = Path(__file__).parents[3] / "deploy" / "samples"


@pytest.fixture(scope="module")
def listener() -> Listener:
    return load_listener()


def read(name: str) -> tuple[Floats, int]:
    samples, rate = soundfile.read(SAMPLES / name, dtype="float32", always_2d=True)
    return samples, rate


def hear(listener: Listener, samples: Floats, rate: int, effort: Effort = UPLOAD) -> HeardVoice:
    heard = listener.listen(samples, rate, effort)
    assert isinstance(heard, HeardVoice)
    return heard


@pytest.fixture(scope="module")
def index(listener: Listener) -> VoiceIndex:
    references = []
    for name in ("references/liva-norrfjell-1.flac", "references/liva-norrfjell-2.flac"):
        heard = hear(listener, *read(name), REFERENCE)
        vectors = {network: heard.mean(network) for network in DIMENSIONS}
        references.append(ReferenceVoice(name, "-", heard.seconds, vectors))
    template = VoiceTemplate("liva-norrfjell", "Liva Norrfjell", tuple(references))
    return VoiceIndex(load_yardstick(), {"liva-norrfjell": template})


def only(found: tuple[ArtistScore, ...]) -> ArtistScore:
    (score,) = found
    return score


Judge = Callable[[str], ArtistScore | NotHeard]


@pytest.fixture(scope="module")
def judge(listener: Listener, index: VoiceIndex) -> Judge:
    """What a sample track gets against the enrolled artist; every track is listened to once."""

    @cache
    def judged(name: str) -> ArtistScore | NotHeard:
        heard = listener.listen(*read(f"tracks/{name}"))
        return only(index.search(heard)) if isinstance(heard, HeardVoice) else heard

    return judged


OWN = ("switchboard-songs.flac", "call-me-back.wav", "night-shift.flac")
MADE_ANEW = ("borrowed-voice.flac", "lost-demo.flac")
OTHERS = ("il-centralino.flac", "golos-na-linii.flac", "harbour-poem.flac")
MUSIC = ("elveszett-lelkek.flac", "a-new-journey.flac", "metal-madness.ogg")


@pytest.mark.parametrize("name", OWN)
def test_the_enrolled_voice_is_found_alone_and_under_music(judge: Judge, name: str) -> None:
    found = judge(name)
    assert isinstance(found, ArtistScore)
    assert found.verdict is MatchVerdict.MATCH
    assert found.probability > 0.95


@pytest.mark.parametrize("name", MADE_ANEW)
def test_the_enrolled_voice_made_anew_by_a_network_is_found(judge: Judge, name: str) -> None:
    found = judge(name)
    assert isinstance(found, ArtistScore)
    assert found.verdict is MatchVerdict.MATCH


@pytest.mark.parametrize("name", OTHERS)
def test_other_voices_are_not_taken_for_the_enrolled_one(judge: Judge, name: str) -> None:
    found = judge(name)
    assert isinstance(found, ArtistScore)
    assert found.verdict is MatchVerdict.NO_MATCH
    assert found.probability < 0.2


@pytest.mark.parametrize("name", MUSIC)
def test_music_is_never_taken_for_the_enrolled_voice(judge: Judge, name: str) -> None:
    found = judge(name)
    if isinstance(found, ArtistScore):
        assert found.verdict is MatchVerdict.NO_MATCH
    else:
        assert found.why is Unheard.NO_VOICE


def test_a_wide_gap_lies_between_the_enrolled_voice_and_all_others(judge: Judge) -> None:
    def score(name: str) -> float:
        found = judge(name)
        return found.score if isinstance(found, ArtistScore) else float("-inf")

    weakest_own = min(score(name) for name in OWN + MADE_ANEW)
    assert weakest_own - max(score(name) for name in OTHERS + MUSIC) > 3.0


@pytest.mark.parametrize(("rate", "gain"), [(48_000, 0.1), (22_050, 0.5)])
def test_rate_and_loudness_of_the_delivery_hardly_matter(
    listener: Listener, index: VoiceIndex, judge: Judge, rate: int, gain: float
) -> None:
    samples, own_rate = read("tracks/switchboard-songs.flac")
    delivered = soxr.resample(samples, own_rate, rate) * np.float32(gain)
    before = judge("switchboard-songs.flac")
    assert isinstance(before, ArtistScore)
    after = only(index.search(hear(listener, delivered, rate)))
    assert after.score == pytest.approx(before.score, rel=0.15)


def test_the_evidence_names_passages_inside_the_recording(judge: Judge) -> None:
    samples, rate = read("tracks/night-shift.flac")
    found = judge("night-shift.flac")
    assert isinstance(found, ArtistScore)
    assert found.passages
    assert all(0 <= p.start < p.end <= samples.shape[0] / rate + 0.1 for p in found.passages)


def tones() -> Iterator[tuple[str, Floats]]:
    time = np.arange(16_000 * 8) / 16_000
    chord = np.sum([np.sin(2 * np.pi * f * time) for f in (220.0, 277.2, 329.6)], axis=0) / 6
    yield "a held chord", chord.astype(np.float32)[:, None]
    noise = np.random.default_rng(1).normal(0, 0.1, time.size)
    yield "noise", noise.astype(np.float32)[:, None]


@pytest.mark.parametrize(("what", "signal"), list(tones()), ids=[name for name, _ in tones()])
def test_what_holds_no_voice_is_not_measured(listener: Listener, what: str, signal: Floats) -> None:
    heard = listener.listen(signal, 16_000)
    assert isinstance(heard, NotHeard), what
    assert heard.why is Unheard.NO_VOICE


def test_a_third_network_gets_whole_windows_where_a_recording_ends_within_one() -> None:
    given: list[Floats] = []

    class Third:
        def embed(self, windows: Floats) -> Floats:
            given.append(windows)
            return np.ones((len(windows), 2), np.float32)

    frames = WINDOW_FRAMES + 3 * HOP_FRAMES // 2
    samples, rate = read("references/liva-norrfjell-1.flac")
    mono = soxr.resample(samples[:, :1], rate, SAMPLE_RATE)[: FRAME + (frames - 1) * HOP]

    heard = hear(load_listener(Third()), mono, SAMPLE_RATE, Effort(10, insist=True))

    assert [windows.shape for windows in given] == [(len(heard.windows), 3 * SAMPLE_RATE)]


def test_a_scrap_shorter_than_a_window_is_heard(listener: Listener) -> None:
    samples, rate = read("references/liva-norrfjell-1.flac")
    heard = hear(listener, samples[: 2 * rate], rate)
    assert len(heard.windows) == 1


def test_a_short_recording_is_heard_in_denser_windows_than_a_long_one(listener: Listener) -> None:
    samples, rate = read("references/liva-norrfjell-1.flac")
    short = hear(listener, samples[: 8 * rate], rate)
    starts = np.array([window.start for window in short.windows])
    assert np.diff(starts).min() == pytest.approx(0.75)


def test_where_no_voice_is_found_insisting_hears_the_likeliest_windows(listener: Listener) -> None:
    noise = np.random.default_rng(1).normal(0, 0.1, (16_000 * 8, 1)).astype(np.float32)
    heard = hear(listener, noise, 16_000, Effort(most_windows=10, insist=True))
    assert not heard.voiced
    assert heard.odds < 0


@pytest.mark.parametrize(
    ("signal", "why"),
    [
        (np.zeros((16_000 * 10, 2), np.float32), Unheard.SILENT),
        (np.full((16_000 * 10, 1), 1e-5, np.float32), Unheard.SILENT),
        (np.ones((16_000 // 2, 1), np.float32), Unheard.TOO_SHORT),
        (np.zeros((0, 2), np.float32), Unheard.TOO_SHORT),
    ],
)
def test_silence_and_scraps_are_not_measured(listener: Listener, signal: Floats, why: Unheard) -> None:
    heard = listener.listen(signal, 16_000)
    assert isinstance(heard, NotHeard)
    assert heard.why is why


def test_in_stretches_a_recording_is_heard_where_it_is_and_as_in_the_whole(listener: Listener) -> None:
    samples, rate = read("tracks/night-shift.flac")
    song = np.asarray(soxr.resample(samples, rate, 16_000), np.float32)
    starts = (0.0, 12.5)
    parts = np.concatenate([song[int(at * 16_000) : int((at + 6) * 16_000)] for at in starts])
    heard = listener.listen(parts, 16_000, Effort(most_windows=6), starts)
    whole = hear(listener, song[: 19 * 16_000], 16_000, Effort(most_windows=40, insist=True))
    assert isinstance(heard, HeardVoice)
    assert any(window.start >= 12.5 for window in heard.windows)
    assert all(any(at <= w.start and w.end <= at + 6.0 for at in starts) for w in heard.windows)
    elsewhere = {window.frame: row for row, window in enumerate(whole.windows)}
    shared = [(row, elsewhere[w.frame]) for row, w in enumerate(heard.windows) if w.frame in elsewhere]
    assert shared
    for network in DIMENSIONS:
        for row, other in shared:
            likeness = heard.embeddings[network][row] @ whole.embeddings[network][other]
            assert likeness == pytest.approx(1.0, abs=1e-4)
