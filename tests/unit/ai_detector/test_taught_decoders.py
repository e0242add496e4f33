"""Music sent through decoders that were taught: what is drawn for it, and when it is left out."""

from pathlib import Path

import numpy as np
import pytest

from services.ai_detector.training import taught, views
from services.ai_detector.training.corpus import Recording

MUSIC = Recording(Path("song.ogg"), False, "human", "debian/supertux-data", "GPL")
OWN = Recording(Path("song.ogg"), False, "human", "UltraStar-Deluxe/songs", "CC")
SPEECH = Recording(Path("word.ogg"), False, "human", "debian/klettres-data", "GPL")
NOISE = Recording(Path("hiss.flac"), False, "human", "made here/noise", "Apache-2.0")
MACHINE = Recording(Path("made.ogg"), True, "suno", "somebody/songs", "MIT")


def _drawn(recording: Recording, times: int = 400) -> list[tuple[str, bool, float]]:
    rng = np.random.default_rng(1)
    return [part for _ in range(times) for part in views._through_taught(recording, rng)]


@pytest.mark.parametrize("recording", [MUSIC, OWN])
def test_most_of_peoples_music_goes_through_a_taught_decoder(recording):
    drawn = _drawn(recording)

    assert 200 < len(drawn) < 280
    assert {kind for kind, _, _ in drawn} == {"taught"}
    assert {treated for _, treated, _ in drawn} == {True, False}


@pytest.mark.parametrize("recording", [SPEECH, NOISE, MACHINE])
def test_neither_speech_nor_noise_nor_machines_do(recording):
    assert _drawn(recording) == []


def test_what_went_through_is_learned_as_generated_and_never_judged():
    view = views.View(MUSIC, "taught", "clean", 10.0, (), ())

    assert view.generated
    assert view.made
    assert view.family == "taught"


def test_without_torch_no_decoder_is_taught_and_a_line_says_so(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(taught, "find_spec", lambda _: None)

    taught.teach([MUSIC], tmp_path)

    assert "torch" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


def test_without_music_no_decoder_is_taught(monkeypatch, tmp_path):
    monkeypatch.setattr(taught, "find_spec", lambda _: object())

    taught.teach([], tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_decoders_in_the_cache_count_only_where_torch_is(monkeypatch, tmp_path):
    (tmp_path / taught.FOLDER).mkdir()
    (tmp_path / taught.FOLDER / "codec.pt").touch()

    monkeypatch.setattr(taught, "find_spec", lambda _: object())
    assert taught.ready(tmp_path)
    monkeypatch.setattr(taught, "find_spec", lambda _: None)
    assert not taught.ready(tmp_path)


def test_an_empty_cache_has_no_decoders(monkeypatch, tmp_path):
    monkeypatch.setattr(taught, "find_spec", lambda _: object())

    assert not taught.ready(tmp_path)


def test_music_is_given_to_the_networks_in_mono_at_their_rate_and_level():
    stereo = np.random.default_rng(3).standard_normal((44_100, 2)).astype(np.float32)

    given = taught._at(stereo, 44_100, 16_000)

    assert given.shape == (16_000,)
    assert np.sqrt(np.mean(given**2)) == pytest.approx(taught.LEVEL, rel=1e-3)
