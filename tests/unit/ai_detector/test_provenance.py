"""What a file declares of itself is read offline, in a sandbox, and believed as far as its signature goes."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ai_detector.adapters import c2pa_reader
from services.ai_detector.adapters.c2pa_reader import NOBODY, TrustList, read_provenance
from services.ai_detector.adapters.measuring_process import measure_file
from services.ai_detector.backends import chosen
from services.ai_detector.finding import finding
from services.ai_detector.provenance import in_words, provenance_of
from services.ai_detector.settings import DetectorSettings
from shared.audio.isolation import MEASURES
from shared.errors import SettingsError
from shared.events import ProvenanceState, Verdict
from tests.support.events import A_TIME, an_upload
from tests.unit.ai_detector.signing import Authority, signed, song

GENERATED = "trainedAlgorithmicMedia"


@pytest.fixture(scope="module")
def vendor() -> Authority:
    return Authority.made("Song Machine")


@pytest.fixture(scope="module")
def trust(vendor: Authority) -> TrustList:
    return TrustList(vendor.root)


def written(folder: Path, content: bytes) -> Path:
    file = folder / "song"
    file.write_bytes(content)
    return file


@pytest.mark.parametrize("container", ["WAV", "FLAC", "MP3"])
def test_a_signer_on_the_trust_list_is_trusted_in_every_container(
    tmp_path: Path, vendor: Authority, trust: TrustList, container: str
) -> None:
    file = written(tmp_path, signed(song(container), container, vendor, source=GENERATED))
    found = read_provenance(file, trust)
    assert found is not None
    assert found.state is ProvenanceState.TRUSTED
    assert found.declares_generated is True
    assert found.source_types == (GENERATED,)
    assert (found.generator, found.signed_by) == ("Song Machine 1.2", "Song Machine Ltd")
    assert found.problems == ()
    assert in_words(found) == (
        "a C2PA manifest signed by Song Machine Ltd, on the trust list, "
        "declares that a trained model made it or a part of it"
    )


def test_whoever_is_not_on_the_list_is_untrusted(tmp_path: Path, vendor: Authority) -> None:
    file = written(tmp_path, signed(song("WAV"), "WAV", vendor, source=GENERATED))
    for list_ in (NOBODY, TrustList(Authority.made("Another").root)):
        found = read_provenance(file, list_)
        assert found is not None
        assert found.state is ProvenanceState.UNTRUSTED
        assert "signingCredential.untrusted" in found.problems


def test_audio_changed_after_signing_is_invalid(tmp_path: Path, vendor: Authority, trust: TrustList) -> None:
    content = bytearray(signed(song("WAV"), "WAV", vendor, source=GENERATED))
    content[100_000] ^= 0xFF
    found = read_provenance(written(tmp_path, bytes(content)), trust)
    assert found is not None
    assert found.state is ProvenanceState.INVALID
    assert "assertion.dataHash.mismatch" in found.problems


def test_a_manifest_that_cannot_be_read_is_unreadable(
    tmp_path: Path, vendor: Authority, trust: TrustList
) -> None:
    whole = signed(song("WAV"), "WAV", vendor, source=GENERATED)
    found = read_provenance(written(tmp_path, whole[: whole.index(b"jumdc2pa") + 400]), trust)
    assert found is not None
    assert found.state is ProvenanceState.UNREADABLE
    assert found.problems


def test_a_recording_that_declares_a_microphone_does_not_declare_generated_content(
    tmp_path: Path, vendor: Authority, trust: TrustList
) -> None:
    file = written(tmp_path, signed(song("FLAC"), "FLAC", vendor, source="digitalCapture"))
    found = read_provenance(file, trust)
    assert found is not None
    assert found.state is ProvenanceState.TRUSTED
    assert found.declares_generated is False
    assert found.source_types == ("digitalCapture",)


def test_without_a_manifest_there_is_nothing_to_say_and_no_process_to_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(c2pa_reader, "_BOOT", "raise SystemExit('must not run')")
    assert read_provenance(written(tmp_path, song("FLAC")), NOBODY) is None
    assert read_provenance(written(tmp_path, b""), NOBODY) is None


@pytest.mark.parametrize("before", [0, (1 << 20) - 4, (1 << 20) - 1, 3 << 20])
def test_a_mark_is_found_wherever_it_lies(tmp_path: Path, before: int) -> None:
    file = written(tmp_path, bytes(before) + b"jumdc2pa" + bytes(100))
    with file.open("rb") as opened:
        assert c2pa_reader._mark(opened.fileno()) == b"jumdc2pa"
    file.write_bytes(bytes(before) + b"jumdc2p" + bytes(1 << 20))
    with file.open("rb") as opened:
        assert c2pa_reader._mark(opened.fileno()) is None


def test_a_manifest_that_lies_elsewhere_is_not_fetched(
    tmp_path: Path, vendor: Authority, trust: TrustList
) -> None:
    pointing = signed(song("MP3"), "MP3", vendor, source=GENERATED, elsewhere="http://127.0.0.1:9/m.c2pa")
    found = read_provenance(written(tmp_path, pointing), trust)
    assert found is not None
    assert found.state is ProvenanceState.UNREADABLE


def test_the_manifest_is_read_in_isolation(tmp_path: Path, vendor: Authority, trust: TrustList) -> None:
    file = written(tmp_path, signed(song("WAV"), "WAV", vendor, source=GENERATED))
    with file.open("rb") as audio:
        answer = c2pa_reader._asked(audio.fileno(), trust)
    assert {"limits", "dies-with-parent", "no-new-privileges"} <= set(answer["isolation"])
    assert set(answer["isolation"]) <= set(MEASURES)


@pytest.mark.parametrize(
    ("child", "problem"),
    [
        ("import os; os.abort()", "broke down"),
        ("print('[1')", "nonsense"),
        ("print('[]')", "no answer"),
        ("print('x' * (5 << 20))", "broke down"),
    ],
)
def test_whatever_a_manifest_does_to_its_reader_there_is_an_answer(
    tmp_path: Path, vendor: Authority, monkeypatch: pytest.MonkeyPatch, child: str, problem: str
) -> None:
    file = written(tmp_path, signed(song("WAV"), "WAV", vendor, source=GENERATED))
    monkeypatch.setattr(c2pa_reader, "_BOOT", child)
    found = read_provenance(file, NOBODY)
    assert found is not None
    assert found.state is ProvenanceState.UNREADABLE
    assert problem in found.problems[0]


def test_the_finding_carries_it_beside_the_measurement(tmp_path: Path, vendor: Authority) -> None:
    plain, declared = tmp_path / "plain", tmp_path / "declared"
    plain.write_bytes(song("WAV"))
    declared.write_bytes(signed(song("WAV"), "WAV", vendor, source=GENERATED))
    trust_file = tmp_path / "trust.pem"
    trust_file.write_text(vendor.root)
    work = chosen(DetectorSettings.load(ai_detector_c2pa_trust=trust_file)).work
    bare, marked = (
        finding(an_upload(), work(file, None), model_version="v", at=A_TIME) for file in (plain, declared)
    )
    assert bare.provenance is None
    assert marked.provenance is not None
    assert marked.provenance.state is ProvenanceState.TRUSTED
    assert marked.verdict is bare.verdict is Verdict.NOT_DETECTED
    assert marked.score == bare.score


def test_nothing_is_said_of_other_bytes_than_were_announced(tmp_path: Path, vendor: Authority) -> None:
    file = written(tmp_path, signed(song("WAV"), "WAV", vendor, source=GENERATED))
    assert measure_file(file, "00" * 32).provenance is None


@pytest.mark.parametrize("content", [None, "no certificate", b"\xff\xfe\x00"])
def test_a_wrong_trust_list_stops_the_start(tmp_path: Path, content: str | bytes | None) -> None:
    file = tmp_path / "trust.pem"
    if content is not None:
        file.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(SettingsError, match="TRACKGATE_AI_DETECTOR_C2PA_TRUST"):
        chosen(DetectorSettings.load(ai_detector_c2pa_trust=file))


def report(**changes: Any) -> dict[str, Any]:
    return {
        "active_manifest": "b",
        "validation_state": "Valid",
        "manifests": {
            "a": {
                "assertions": [
                    {"label": "c2pa.actions", "data": {"actions": [{"digitalSourceType": "x/" + GENERATED}]}}
                ]
            },
            "b": {"assertions": [], "claim_generator": "An Editor/1"},
        },
    } | changes


def test_an_ingredient_made_by_a_model_counts_for_the_whole() -> None:
    found = provenance_of(report())
    assert found.declares_generated
    assert found.generator == "An Editor/1"


def test_text_from_the_file_is_bounded_and_without_control_characters() -> None:
    dirty = {
        "b": {"claim_generator": "\x1b[31mRed\x00\u202e" + "x" * 500, "signature_info": {"issuer": "\n"}}
    }
    found = provenance_of(report(manifests=dirty))
    assert found.generator is not None
    assert found.generator.startswith("[31mRed")
    assert found.generator.isprintable()
    assert len(found.generator) == 200
    assert found.signed_by is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["active_manifest", "manifests", "validation_state", "assertions", "label", "data", "actions"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON.filter(lambda value: isinstance(value, dict)))
def test_any_report_gives_an_answer(value: dict[str, Any]) -> None:
    found = provenance_of(report() | value)
    assert json.loads(found.model_dump_json())["standard"] == "c2pa"
