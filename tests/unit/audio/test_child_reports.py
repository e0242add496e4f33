"""What the parent makes of a child that died or lies: a file may have taken it over."""

import json
import signal

import pytest

from shared.audio import DecodeFailure, DecodeLimits, FailureKind, Inspected
from shared.audio.decoding import _inspected
from shared.audio.outcome import Isolation
from shared.audio.sandbox import ChildReport, Ended, _Said, _understand
from shared.audio.transport import Received
from shared.errors import SystemicError

READY = b'{"isolation": ["limits"]}\n'
GOOD = {
    "container": "flac",
    "codec": "flac",
    "sample_rate": 44_100,
    "channels": 2,
    "frames": 10,
    "peak": 0.5,
    "silent": False,
}


def reported(said: object) -> ChildReport:
    return ChildReport(said, Isolation(()), 0.1, Received())  # type: ignore[arg-type] # a child may say anything


def understand(status: int, report: bytes, noise: bytes = b"") -> ChildReport | DecodeFailure:
    return _understand(
        Ended(status, 0.1), _Said(Received(), bytearray(report), bytearray(noise)), DecodeLimits()
    )


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (-signal.SIGSEGV, FailureKind.CRASHED),
        (-signal.SIGABRT, FailureKind.CRASHED),
        (-signal.SIGXCPU, FailureKind.OUT_OF_RESOURCES),
        (-signal.SIGKILL, FailureKind.OUT_OF_RESOURCES),
        (1, FailureKind.CRASHED),
        (0, FailureKind.CRASHED),
    ],
)
def test_a_child_that_ends_without_a_result_is_a_failure_of_the_file(status: int, kind: FailureKind) -> None:
    outcome = understand(status, READY)
    assert isinstance(outcome, DecodeFailure)
    assert outcome.kind is kind


def test_a_child_that_never_looked_at_the_file_is_our_outage_and_says_why() -> None:
    with pytest.raises(SystemicError, match="No module named 'soundfile'"):
        understand(1, b"", b"Traceback\nModuleNotFoundError: No module named 'soundfile'\n")


@pytest.mark.parametrize("second", [b"nonsense", b"\xff\xfe", b"[" * 5000])
def test_a_report_that_is_no_json_is_a_failure_of_the_file(second: bytes) -> None:
    outcome = understand(0, READY + second + b"\n")
    assert isinstance(outcome, DecodeFailure)
    assert outcome.kind is FailureKind.CRASHED


@pytest.mark.parametrize(
    "change",
    [
        {"frames": 0},
        {"frames": -5},
        {"frames": "many"},
        {"sample_rate": None},
        {"channels": 0},
        {"peak": float("nan")},
        {"failure": "brilliant", "message": ""},
        {"failure": "malformed"},
    ],
)
def test_a_report_of_another_shape_is_not_believed(change: dict[str, object]) -> None:
    said = json.loads(json.dumps(GOOD | change))
    outcome = _inspected(reported(said))
    assert isinstance(outcome, DecodeFailure)
    assert outcome.kind is FailureKind.CRASHED


def test_a_report_in_its_exact_shape_is() -> None:
    assert isinstance(_inspected(reported(GOOD)), Inspected)


@pytest.mark.parametrize("said", [[], "frames", None, 7])
def test_a_report_that_is_no_object_is_not_believed(said: object) -> None:
    assert isinstance(_inspected(reported(said)), DecodeFailure)


@pytest.mark.parametrize(
    "claimed",
    [
        {"fingerprint": "AQAA"},
        {"fingerprint": "no base64!", "pcm_sha256": "0" * 64},
        {"fingerprint": 7, "pcm_sha256": "0" * 64},
        {"fingerprint": "AQAA", "pcm_sha256": "0" * 63},
        {"fingerprint": "AQAA", "pcm_sha256": "G" * 64},
        {"fingerprint": "AQAA", "pcm_sha256": None},
        {"fingerprint": "A" * 80_000, "pcm_sha256": "0" * 64},
    ],
)
def test_a_fingerprint_of_another_shape_is_not_believed(claimed: dict[str, object]) -> None:
    assert isinstance(_inspected(reported(GOOD | claimed)), DecodeFailure)


def test_a_fingerprint_in_its_shape_is() -> None:
    inspected = _inspected(reported(GOOD | {"fingerprint": "AQAA", "pcm_sha256": "0" * 64}))
    assert isinstance(inspected, Inspected)
    assert (inspected.fingerprint, inspected.pcm_sha256) == (b"\x01\0\0", "0" * 64)
