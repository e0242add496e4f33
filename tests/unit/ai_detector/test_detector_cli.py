"""Files measured by hand: CSV for many, JSON and a picture for one."""

import csv
import json
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from services.ai_detector.cli import parser, run
from services.ai_detector.scoring import COLUMNS, Listed, listed_in
from shared.errors import SettingsError
from tests.unit.ai_detector.sounds import coloured_noise, with_teeth

RATE = 32_000
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("songs")
    soundfile.write(made / "marked.wav", with_teeth(coloured_noise(32, RATE), RATE, 100.0), RATE)
    soundfile.write(made / "plain.flac", coloured_noise(6, RATE), RATE)
    soundfile.write(made / "silent.wav", np.zeros((8 * RATE, 2)), RATE)
    soundfile.write(made / "whole.flac", coloured_noise(30, RATE), RATE)
    half = (made / "whole.flac").read_bytes()
    (made / "cut.flac").write_bytes(half[: len(half) // 2])
    (made / "broken.wav").write_text("no audio at all")
    return made


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def called(*arguments: str | Path) -> int:
    return run(parser().parse_args([str(argument) for argument in arguments]))


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.mark.timeout(300)  # spawned processes import SciPy, on a busy machine slowly
def test_score_writes_a_row_per_file_in_order_and_one_bad_file_stops_nothing(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    named = ["broken.wav", "marked.wav", "absent.wav", "silent.wav", "plain.flac", "cut.flac"]
    manifest = folder / "m.csv"
    manifest.write_text("file,label\n" + "".join(f"{name},x\n" for name in named))
    out = tmp_path / "out.csv"
    assert called("score", "--manifest", manifest, "--out", out, "--workers", "2") == 0
    found = rows(out)
    assert tuple(found[0]) == COLUMNS
    assert [row["file"] for row in found] == named
    broken, marked, absent, silent, plain, cut = found
    assert (broken["verdict"], absent["verdict"], silent["verdict"]) == ("error", "error", "not_measured")
    assert broken["reasons"].startswith("undecodable: ")
    assert broken["probability"] == absent["probability"] == silent["probability"] == ""
    assert silent["reasons"] == "not measured: silent"
    assert float(marked["probability"]) > 0.9 > float(plain["probability"])
    assert plain["verdict"] == "not_detected"
    assert float(marked["seconds_measured"]) == pytest.approx(32, abs=1)
    assert float(cut["seconds_measured"]) == pytest.approx(15, abs=2)
    assert "the file is cut: only 1" in cut["reasons"]
    assert "6 of 6 files, 2 failed in" in capsys.readouterr().err


@pytest.mark.timeout(300)
def test_the_exit_status_tells_of_failed_files_when_asked(folder: Path) -> None:
    assert called("score", folder / "broken.wav", "--workers", "1", "--strict") == 1


def test_files_of_a_manifest_lie_beside_it_or_in_the_working_directory(here: Path) -> None:
    (here / "songs").mkdir()
    for place in ("songs/beside.wav", "both.wav", "songs/both.wav", "here.wav"):
        (here / place).touch()
    manifest = Path("songs/m.csv")
    manifest.write_text("label,file\na,beside.wav\nb,both.wav\nc,here.wav\nd,nowhere.wav\n")
    assert listed_in(manifest) == [
        Listed("beside.wav", Path("songs/beside.wav")),
        Listed("both.wav", Path("songs/both.wav")),
        Listed("here.wav", Path("here.wav")),
        Listed("nowhere.wav", Path("songs/nowhere.wav")),
    ]


def test_a_manifest_written_by_a_spreadsheet_is_read(here: Path) -> None:
    (here / "m.csv").write_bytes("\ufefffile,x\r\nsöng.wav,1\r\n".encode())
    assert [listed.name for listed in listed_in(Path("m.csv"))] == ["söng.wav"]


@pytest.mark.parametrize("content", [None, "path\na.wav\n", ""])
def test_a_manifest_without_files_is_wrong_use(
    here: Path, content: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    if content is not None:
        (here / "m.csv").write_text(content)
    with pytest.raises(SettingsError, match=r"m\.csv"):
        listed_in(Path("m.csv"))
    assert called("score", "--manifest", "m.csv") == 2
    assert "m.csv" in capsys.readouterr().err


def test_explain_tells_everything_and_draws_it(
    folder: Path, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert called("explain", folder / "marked.wav") == 0
    printed = capsys.readouterr()
    told = json.loads(printed.out)
    comb = told["comb"]
    assert comb["evident"] is True
    assert comb["spacing_hz"] == pytest.approx(100.0, rel=1e-3)
    assert {"rate": 32_000, "strides": 320, "multiple": 1} in comb["possible_origins"]
    assert "EnCodec 32 kHz (MusicGen)" in [decoder["name"] for decoder in comb["decoders"]]
    assert told["percentile"]["human_recordings"] > 0
    assert f"of {told['percentile']['human_scores']} excerpts" in told["percentile"]["says"]
    assert set(told["contributions"]) == {"comb", "texture", "repeats"}
    found = [tooth["hz"] for tooth in told["teeth"] if tooth["stands_out"]]
    assert len(found) > 0.8 * len(told["teeth"]) > 100
    assert all(abs(hz / 100.0 - round(hz / 100.0)) < 0.05 for hz in found)
    assert [p["start"] for p in told["passages"]] == pytest.approx([0, 10.67, 21.33], abs=0.1)
    assert (here / "marked.explained.png").read_bytes().startswith(PNG)
    assert "picture: marked.explained.png" in printed.err


@pytest.mark.parametrize(("name", "status"), [("broken.wav", 1), ("silent.wav", 0)])
def test_explain_says_why_nothing_was_measured_and_draws_nothing(
    folder: Path, here: Path, capsys: pytest.CaptureFixture[str], name: str, status: int
) -> None:
    assert called("explain", folder / name) == status
    assert json.loads(capsys.readouterr().out)["reasons"][0]
    assert list(here.iterdir()) == []


def test_without_matplotlib_the_evidence_is_told_and_a_picture_asked_for_is_an_error(
    folder: Path, here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "services.ai_detector.picture", raising=False)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert called("explain", folder / "plain.flac") == 0
    assert "trackgate[pictures]" in capsys.readouterr().err
    assert called("explain", folder / "plain.flac", "--png", here / "p.png") == 2
    assert "trackgate[pictures]" in capsys.readouterr().err


def test_a_picture_that_cannot_be_written_is_an_error(
    folder: Path, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert called("explain", folder / "plain.flac", "--png", here / "no" / "p.png") == 2
    assert "p.png" in capsys.readouterr().err


def test_a_checkpoint_without_a_name_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert called("score", "a.wav", "--backend", "huggingface") == 2
    assert "TRACKGATE_AI_DETECTOR_CHECKPOINT" in capsys.readouterr().err


def test_help_says_what_the_columns_mean(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parser().parse_args(["score", "--help"])
    told = capsys.readouterr().out
    assert all(column in told for column in ("probability", "verdict", "human_share", "reasons", "--workers"))
