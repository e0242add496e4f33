"""The sample recordings that ship: complete, small, credited, and the ones that were checked."""

import hashlib
import json
import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import soundfile
import yaml
from pydantic import ValidationError

from deploy.samples.manifest import FOLDER, MANIFEST, ExpectedOutcome, Manifest, Sample, load_manifest
from services.ingest.declaring import read_metadata
from shared.audio import DecodeFailure, inspect_audio
from shared.events import AiUse, Declaration

SIZE_LIMIT = 15_000_000
POLICIES = Path(__file__).parents[3] / "services/policy/policies"
TODAY = date(2026, 3, 1)


@pytest.fixture(scope="module")
def manifest() -> Manifest:
    return load_manifest()


def shipped_files() -> set[str]:
    return {f"{part}/{path.name}" for part in ("references", "tracks") for path in (FOLDER / part).iterdir()}


def playable(manifest: Manifest) -> list[Path]:
    refused = ExpectedOutcome.REJECTED_AT_UPLOAD
    tracks = [sample.path for sample in manifest.samples if sample.expected.outcome is not refused]
    return tracks + [FOLDER / file for artist in manifest.artists for file in artist.references]


def seconds_of(path: Path) -> float:
    audio, rate = soundfile.read(path, dtype="int16", always_2d=True)
    return len(audio) / int(rate)


def test_every_file_listed_is_shipped_and_every_file_shipped_is_listed(manifest: Manifest) -> None:
    assert len(set(manifest.files)) == len(manifest.files)
    assert set(manifest.files) == shipped_files()


def test_all_recordings_together_stay_under_15_megabytes(manifest: Manifest) -> None:
    assert sum((FOLDER / file).stat().st_size for file in manifest.files) < SIZE_LIMIT


def test_every_file_is_credited_with_a_licence(manifest: Manifest) -> None:
    credits_text = (FOLDER / "CREDITS.md").read_text(encoding="utf-8")
    licence_of = dict(
        re.findall(r"^\| `((?:tracks|references)/[^`]+)` \|.*\| ([^|]+) \|$", credits_text, re.MULTILINE)
    )
    assert set(licence_of) == set(manifest.files)
    assert all(re.search(r"CC-BY|MIT|Apache", licence) for licence in licence_of.values())


def test_every_licence_text_that_the_credits_point_to_is_there() -> None:
    credits_text = (FOLDER / "CREDITS.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(LICENSES/[^`]+\.txt)`", credits_text))
    assert named == {f"LICENSES/{path.name}" for path in (FOLDER / "LICENSES").iterdir()}


def test_the_files_are_the_ones_whose_checksums_were_recorded(manifest: Manifest) -> None:
    lines = (FOLDER / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    recorded = {file: digest for digest, file in (line.split("  ", 1) for line in lines)}
    measured = {file: hashlib.sha256((FOLDER / file).read_bytes()).hexdigest() for file in manifest.files}
    assert recorded == measured


def test_every_sample_that_is_to_be_screened_decodes_to_12_to_40_seconds(manifest: Manifest) -> None:
    lengths = {path.name: seconds_of(path) for path in playable(manifest)}
    assert all(12.0 <= seconds <= 40.0 for seconds in lengths.values()), lengths


@pytest.mark.parametrize(
    "sample", [s for s in load_manifest().samples if s.expected.outcome is ExpectedOutcome.REJECTED_AT_UPLOAD]
)
def test_what_must_be_refused_fails_to_decode_for_the_expected_reason(sample: Sample) -> None:
    failure = inspect_audio(sample.path)
    assert isinstance(failure, DecodeFailure)
    assert [failure.kind] == list(sample.expected.reasons)


def test_every_expected_code_is_one_that_the_policy_can_give(manifest: Manifest) -> None:
    rules = yaml.safe_load((POLICIES / "default.yaml").read_text(encoding="utf-8"))["rules"]
    labels = yaml.safe_load((POLICIES / "labels.yaml").read_text(encoding="utf-8"))["labels"]
    outcomes_of: dict[str, set[str]] = {}
    for rule in rules:
        outcomes_of.setdefault(rule["then"]["reason"], set()).add(rule["then"]["outcome"])
    for sample in manifest.samples:
        if sample.expected.outcome is ExpectedOutcome.REJECTED_AT_UPLOAD:
            continue
        assert set(sample.expected.labels) <= set(labels)
        assert set(sample.expected.reasons) <= set(outcomes_of)
        given = {outcome for reason in sample.expected.reasons for outcome in outcomes_of[reason]}
        assert not given or sample.expected.outcome in given


def test_an_artist_is_enrolled_from_at_least_30_seconds_that_no_sample_repeats(manifest: Manifest) -> None:
    tracks = {sample.file for sample in manifest.samples}
    for artist in manifest.artists:
        assert sum(seconds_of(FOLDER / file) for file in artist.references) >= 30.0
        assert tracks.isdisjoint(artist.references)


def test_every_kind_of_outcome_is_shown(manifest: Manifest) -> None:
    assert {sample.expected.outcome for sample in manifest.samples} == set(ExpectedOutcome)


def test_the_grant_covers_exactly_one_sample_of_its_grantee_and_is_live_on_the_day_of_the_run(
    manifest: Manifest,
) -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    for grant in manifest.grants:
        covered = [sample for sample in manifest.samples if sample.isrc in grant.isrcs]
        assert [sample.distributor for sample in covered] == [grant.grantee]
        assert grant.valid_from(now) <= now < grant.valid_until(now)


def test_a_sample_declares_its_release_relative_to_the_day_of_the_run(manifest: Manifest) -> None:
    (sample,) = [sample for sample in manifest.samples if sample.file == "tracks/borrowed-voice.flac"]
    declared = sample.declaration(TODAY)
    assert declared.release_date == date(2026, 3, 21)
    assert declared.ai_use is AiUse.PARTLY
    assert {party.role: party.ai_use for party in declared.contributors}["Vocalist"] is AiUse.ALL


@pytest.mark.parametrize("key", list(Sample.model_fields))
def test_a_key_written_wrongly_stops_the_reading(tmp_path: Path, key: str) -> None:
    content = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))
    content["samples"][0][f"{key}_"] = content["samples"][0].pop(key, None)
    path = tmp_path / "manifest.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    with pytest.raises(ValidationError):
        load_manifest(path)


def test_a_distributor_that_is_not_declared_stops_the_reading(tmp_path: Path) -> None:
    content = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))
    content["samples"][0]["distributor"] = "nobody-knows"
    path = tmp_path / "manifest.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    with pytest.raises(ValidationError, match="nobody-knows"):
        load_manifest(path)


def test_ingest_reads_what_distributors_write_about_the_samples(manifest: Manifest) -> None:
    for sample in manifest.samples:
        written = json.dumps(sample.metadata(TODAY)).encode()
        read = read_metadata(written)
        assert isinstance(read, Declaration), sample.file
