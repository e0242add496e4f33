"""Of a package's audio only music is taken, and generated clips keep the name of what made them."""

from pathlib import Path

import numpy as np
import soundfile

from services.ai_detector.training import corpus, packaged

RATE = 22_050


def _long(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    seed = sum(path.name.encode())
    sound = 0.1 * np.random.default_rng(seed).standard_normal(int(21 * RATE))
    soundfile.write(path, sound.astype(np.float32), RATE, subtype="PCM_16")


def test_rain_speech_and_what_lies_outside_the_music_folder_are_left_out(tmp_path: Path) -> None:
    tmp_path = tmp_path / "music" / "ambient"  # where packages are unpacked says nothing of what is in them
    _long(tmp_path / "megaglest-data" / "music" / "theme.wav")
    _long(tmp_path / "megaglest-data" / "sounds" / "rain.wav")
    _long(tmp_path / "0ad-data" / "music" / "nile.wav")
    _long(tmp_path / "0ad-data" / "ambient" / "storm.wav")
    _long(tmp_path / "naev-data" / "voices" / "hello.wav")

    found = corpus.from_debian(tmp_path)

    assert {(r.source, r.path.name) for r in found} == {
        ("debian/megaglest-data", "theme.wav"),
        ("debian/0ad-data", "nile.wav"),
    }
    assert not any(r.generated for r in found)


def test_clips_that_a_package_carries_are_generated_and_of_one_family(tmp_path: Path) -> None:
    for name in ("calm/a.opus", "happy/b.opus", "happy/readme.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")

    found = packaged.generated(tmp_path, fetch=False)

    assert [r.path.name for r in found] == ["a.opus", "b.opus"]
    assert all(r.generated and r.licence == "MIT" for r in found)
    assert {r.family for r in found} == {"ace_step_1_5"}
    assert packaged.generated(tmp_path / "absent", fetch=False) == []
