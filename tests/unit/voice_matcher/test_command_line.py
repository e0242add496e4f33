"""``score`` and ``explain`` by hand, on files."""

import csv
import json
from pathlib import Path

import pytest

from services.voice_matcher.command_line import run

SAMPLES = Path(__file__).parents[3] / "deploy" / "samples"


@pytest.fixture
def references(tmp_path: Path) -> Path:
    table = tmp_path / "references.csv"
    table.write_text(f"artist,file\nliva,{SAMPLES / 'references' / 'liva-norrfjell-2.flac'}\n")
    return table


def test_score_writes_a_row_for_every_query_and_artist(references: Path, tmp_path: Path) -> None:
    queries, out = tmp_path / "queries.csv", tmp_path / "scores.csv"
    (tmp_path / "link.flac").symlink_to(SAMPLES / "tracks" / "switchboard-songs.flac")
    tracks = {
        "own": tmp_path / "link.flac",
        "other": SAMPLES / "tracks" / "il-centralino.flac",
        "broken": SAMPLES / "tracks" / "not-audio.flac",
        "away": tmp_path / "nowhere.flac",
    }
    rows = [f"{name},{file}" for name, file in tracks.items()]
    queries.write_text("\n".join(["id,file", *rows]) + "\n")
    given = ["--references", str(references), "--queries", str(queries), "--out", str(out)]
    assert run(["score", *given, "--processes", "1"]) == 0
    with out.open(newline="") as table:
        told = {row["id"]: row for row in csv.DictReader(table)}
    assert {name: row["verdict"] for name, row in told.items()} == {
        "own": "match",
        "other": "no_match",
        "broken": "not_measured",
        "away": "not_measured",
    }
    assert float(told["own"]["score"]) > float(told["other"]["score"])
    assert float(told["own"]["seconds_of_voice"]) > 3.0
    assert told["broken"]["score"] == told["away"]["score"] == ""


def test_explain_tells_passages_thresholds_and_the_reference(
    references: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    track = SAMPLES / "tracks" / "night-shift.flac"
    assert run(["explain", str(track), "--artist", "liva", "--references", str(references)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["verdict"] == "match"
    assert told["score"] >= told["thresholds"]["match"]
    assert all(p["start"] < p["end"] for p in told["best_passages"])
    assert Path(told["closest_reference"]).exists()


def test_explain_names_the_passages_of_both_recordings_that_are_most_alike(
    references: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    track, picture = SAMPLES / "tracks" / "night-shift.flac", tmp_path / "why.png"
    arguments = ["explain", str(track), "--artist", "liva", "--references", str(references)]
    assert run([*arguments, "--png", str(picture)]) == 0
    told = json.loads(capsys.readouterr().out)
    best = told["most_alike"][0]
    assert best["end"] - best["start"] == pytest.approx(3.0)
    assert best["reference_end"] - best["reference_start"] == pytest.approx(3.0)
    assert best["likeness"]["campplus"] > 0.5
    assert {"start", "end", "fused", "campplus", "resemblyzer"} <= set(told["segments"][0])
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_an_artist_without_references_is_an_error_that_names_it(
    references: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    track = SAMPLES / "tracks" / "night-shift.flac"
    assert run(["explain", str(track), "--artist", "nobody", "--references", str(references)]) == 2
    assert "nobody" in capsys.readouterr().err
