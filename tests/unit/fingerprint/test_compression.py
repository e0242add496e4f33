"""Fingerprints as bytes: there and back, as AcoustID reads them, and what is no fingerprint is refused."""

import base64
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.fingerprint import CompressionError, compress, decompress

PRINTED: dict[str, str] = json.loads((Path(__file__).parent / "fpcalc.json").read_text())


@pytest.mark.parametrize("text", PRINTED.values(), ids=PRINTED.keys())
def test_what_fpcalc_compressed_is_the_same_after_there_and_back(text: str) -> None:
    content = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    assert compress(decompress(content)) == content


@given(st.lists(st.integers(0, 2**32 - 1), max_size=60))
def test_any_subfingerprints_come_back(values: list[int]) -> None:
    given_values = np.array(values, np.uint32)
    assert decompress(compress(given_values)).tolist() == values


@given(st.binary(max_size=80))
def test_foreign_bytes_are_refused_or_read_and_never_break_anything(content: bytes) -> None:
    try:
        found = decompress(content)
    except CompressionError:
        return
    assert found.dtype == np.uint32


@pytest.mark.parametrize("text", PRINTED.values(), ids=PRINTED.keys())
@pytest.mark.parametrize("kept", [0, 3, 50])
def test_a_fingerprint_that_ends_early_is_refused(text: str, kept: int) -> None:
    content = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    with pytest.raises(CompressionError):
        decompress(content[:kept])


def test_another_algorithm_is_refused() -> None:
    with pytest.raises(CompressionError, match="algorithm 2"):
        decompress(b"\x02" + compress(np.array([7], np.uint32))[1:])
