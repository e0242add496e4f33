"""Contracts between services."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import ContractError
from shared.events import FindingRecorded, TrackUploaded
from shared.ids import deterministic_id
from tests.support.events import a_finding, an_upload


def test_an_event_reads_back_as_it_was_written():
    assert TrackUploaded.from_bytes(an_upload().to_bytes()) == an_upload()


def test_a_reader_ignores_what_a_newer_writer_added():
    written = an_upload().to_bytes().replace(b'"track_id"', b'"added_later": {"x": 1}, "track_id"', 1)
    assert TrackUploaded.from_bytes(written) == an_upload()


@pytest.mark.parametrize(
    "value", [None, b"", b"null", b"[]", b"{", b"\xff\xfe", a_finding(an_upload()).to_bytes()]
)
def test_what_is_no_such_event_is_refused(value):
    with pytest.raises(ContractError):
        TrackUploaded.from_bytes(value)


def test_a_refusal_names_the_field_and_quotes_nothing():
    secret = an_upload().to_bytes().replace(b"Somebody", b"").replace(b"Song 1", b"Very Secret Title")
    with pytest.raises(ContractError, match=r"declaration\.display_artist") as caught:
        TrackUploaded.from_bytes(secret)
    assert "Secret" not in str(caught.value)


def test_what_is_no_json_is_told_as_just_that():
    with pytest.raises(ContractError, match=r"^TrackUploaded: Invalid JSON: expected value at line 1"):
        TrackUploaded.from_bytes(b"\xff")


def test_not_a_number_is_no_score():
    finding = a_finding(an_upload()).to_bytes().replace(b'"score":null', b'"score":NaN')
    with pytest.raises(ContractError):
        FindingRecorded.from_bytes(finding)


@given(st.lists(st.text(), min_size=1), st.lists(st.text(), min_size=1))
def test_ids_tell_different_causes_apart_and_repeat_for_the_same(one, other):
    assert (deterministic_id(*one) == deterministic_id(*other)) == (one == other)
