"""Files measured by hand: JSON with all evidence, CSV for many."""

import csv
import json
from pathlib import Path

import pytest
import soundfile

from services.ai_detector.cli import COLUMNS, parser, run
from tests.unit.ai_detector.sounds import coloured_noise, with_teeth

RATE = 32_000


@pytest.fixture
def marked(tmp_path: Path) -> Path:
    soundfile.write(tmp_path / "marked.wav", with_teeth(coloured_noise(12, RATE), RATE, 100.0), RATE)
    return tmp_path / "marked.wav"


def test_explain_prints_the_comb_and_what_each_scalar_adds(
    marked: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(parser().parse_args(["explain", str(marked)])) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["comb"]["evident"] is True
    assert told["comb"]["spacing_hz"] == pytest.approx(100.0, rel=1e-3)
    assert {"rate": 32_000, "strides": 320, "multiple": 1} in told["comb"]["possible_origins"]
    assert told["human_recordings_behind_that"] > 0
    assert told["contributions"].keys() <= told["features"].keys()


def test_score_writes_a_row_per_file_of_a_manifest_and_fails_when_one_fails(marked: Path) -> None:
    folder = marked.parent
    (folder / "broken.wav").write_text("no audio at all")
    (folder / "m.csv").write_text("file,label\nmarked.wav,x\nbroken.wav,y\nabsent.wav,z\n")
    arguments = ["score", "--manifest", str(folder / "m.csv"), "--out", str(folder / "out.csv")]
    assert run(parser().parse_args(arguments)) == 1
    with (folder / "out.csv").open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert tuple(rows[0]) == COLUMNS
    assert [row["verdict"] == "error" for row in rows] == [False, True, True]
    assert float(rows[0]["probability"]) > 0.5
