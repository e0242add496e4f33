"""What a distributor may say about a track, and what each fault is called."""

import hashlib
import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.declaring import read_metadata
from services.ingest.domain import Refused, key_sha256, safe_file_name, seconds_to_next_day, track_id_of
from shared.events import AiUse, Declaration
from tests.unit.ingest.fakes import NOON

SHA = "a" * 64


def read(**fields: Any) -> Declaration | Refused:
    return read_metadata(json.dumps({"title": "Night Bus", "display_artist": "Ada", **fields}).encode())


def declared(**fields: Any) -> Declaration:
    declaration = read(**fields)
    assert isinstance(declaration, Declaration), declaration
    return declaration


def faults(**fields: Any) -> dict[str, str]:
    refused = read(**fields)
    assert isinstance(refused, Refused), refused
    return {fault.field: fault.reason for fault in refused.faults}


@pytest.mark.parametrize(
    "written",
    ["USS1Z9900001", "US-S1Z-99-00001", "us-s1z-99-00001", "ISRC US-S1Z-99-00001", "ISRC: uss1z9900001"],
)
def test_an_isrc_is_kept_bare_however_it_is_presented(written: str) -> None:
    assert declared(isrc=written).isrc == "USS1Z9900001"


@pytest.mark.parametrize(
    "written", ["", "USS1Z990000", "1SS1Z9900001", "USS1Z99000O1", "US S1Z 99 00001 2", 7]
)
def test_a_wrong_isrc_is_named(written: object) -> None:
    assert set(faults(isrc=written)) == {"metadata.isrc"}


def test_every_fault_is_told_at_once_by_field() -> None:
    found = faults(
        title="  ",
        isrc="XX",
        ai_use="some",
        contributors=[{"name": "Ada"}, {"name": "Bo", "role": "Vocalist", "ai_use": "much"}],
        territories=["germany"],
        release_date="next year",
        mood="blue",
    )
    assert set(found) == {
        "metadata.title",
        "metadata.isrc",
        "metadata.ai_use",
        "metadata.contributors[0].role",
        "metadata.contributors[1].ai_use",
        "metadata.territories[0]",
        "metadata.release_date",
        "metadata.mood",
    }


@pytest.mark.parametrize(
    ("overall", "by_role", "fine"),
    [
        ("none", "none", True),
        ("none", "undeclared", True),
        ("none", "partly", False),
        ("none", "all", False),
        ("partly", "all", True),
        ("partly", "none", True),
        ("all", "all", True),
        ("all", "undeclared", True),
        ("all", "partly", False),
        ("all", "none", False),
        ("undeclared", "all", True),
    ],
)
def test_the_whole_and_its_credits_must_agree_as_ddex_says(overall: str, by_role: str, *, fine: bool) -> None:
    said = [{"name": "Ada", "role": "Composer"}, {"name": "G", "role": "Vocalist", "ai_use": by_role}]
    if fine:
        assert declared(ai_use=overall, contributors=said).ai_use.value == overall
    else:
        assert set(faults(ai_use=overall, contributors=said)) == {"metadata.contributors[1].ai_use"}


def test_ddex_spelling_of_ai_use_is_taken_and_silence_is_undeclared() -> None:
    assert declared(ai_use="Partly").ai_use is AiUse.PARTLY
    assert declared().ai_use is AiUse.UNDECLARED


def test_worldwide_stands_alone() -> None:
    assert set(faults(territories=["Worldwide", "DE"])) == {"metadata.territories"}
    assert set(faults(territories=[])) == {"metadata.territories"}
    assert declared(territories=["FR", "DE", "FR"]).territories == ("DE", "FR")


def test_faults_are_told_in_words_that_say_how_to_write_it() -> None:
    assert faults(title=" ", colour="red", territories=["Mars"], artist_keys=["x"], display_artist=3) == {
        "metadata.title": "must not be empty",
        "metadata.colour": "there is no such field",
        "metadata.territories[0]": "not a territory: two capital letters (ISO 3166-1 alpha-2), or Worldwide",
        "metadata.artist_keys[0]": "not an artist key: the artist gives you one, and it begins with tga_",
        "metadata.display_artist": "wants a text",
    }


def test_control_characters_are_refused() -> None:
    assert set(faults(title="Night\x00Bus", display_artist="Ada\x1b[31m")) == {
        "metadata.title",
        "metadata.display_artist",
    }


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'"title"', b"\xff\xfe", b'{"title": NaN}'])
def test_what_is_no_json_object_is_a_fault_of_the_part(content: bytes) -> None:
    refused = read_metadata(content)
    assert isinstance(refused, Refused)
    assert refused.faults[0].field.startswith("metadata")


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_read_or_refused(content: bytes) -> None:
    assert isinstance(read_metadata(content), Declaration | Refused)


@given(
    st.dictionaries(
        st.sampled_from(
            ["title", "display_artist", "isrc", "contributors", "ai_use", "release_date", "territories"]
        ),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=20),
            lambda inner: (
                st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
            ),
            max_leaves=6,
        ),
    )
)
def test_arbitrary_json_is_read_or_refused_naming_fields(fields: dict[str, Any]) -> None:
    outcome = read_metadata(json.dumps(fields).encode())
    if isinstance(outcome, Refused):
        assert outcome.faults
        assert all(fault.field.startswith("metadata") and fault.reason for fault in outcome.faults)


def test_the_same_words_in_another_order_are_the_same_track() -> None:
    one = declared(isrc="USS1Z9900001", territories=["DE", "FR"], release_date="2026-12-04")
    two = declared(release_date="2026-12-04", territories=["FR", "DE"], isrc="us-s1z-99-00001")
    assert one.release_date == date(2026, 12, 4)
    assert track_id_of("acme", SHA, one) == track_id_of("acme", SHA, two)


def test_other_bytes_words_or_distributors_are_other_tracks() -> None:
    ids = {
        track_id_of("acme", SHA, declared()),
        track_id_of("acme", "b" * 64, declared()),
        track_id_of("other", SHA, declared()),
        track_id_of("acme", SHA, declared(ai_use="none")),
    }
    assert len(ids) == 4


def test_the_id_of_a_track_never_changes() -> None:
    """A delivery that was accepted by an older version must be known again."""
    assert track_id_of("acme", SHA, declared()) == "39bb923d-27e7-58cb-9aa8-f723ad53b8f0"


def test_an_idempotency_key_may_be_quoted() -> None:
    assert key_sha256('"release-42"') == key_sha256("release-42") == key_sha256(" release-42 ")


@pytest.mark.parametrize("key", ["", '""', "x" * 256, "naïve", "a\tb"])
def test_an_idempotency_key_has_bounds(key: str) -> None:
    assert isinstance(key_sha256(key), Refused)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("a.flac", "a.flac"),
        ("../../etc/passwd", "passwd"),
        ("C:\\music\\a.flac", "a.flac"),
        ("a\x00\x1b[31m.flac", "a[31m.flac"),
        ("..../", None),
        ("x" * 300, "x" * 255),
        (None, None),
    ],
)
def test_a_file_name_is_for_people_only(sent: str | None, kept: str | None) -> None:
    assert safe_file_name(sent) == kept


def test_the_quota_starts_anew_at_midnight_utc() -> None:
    assert seconds_to_next_day(NOON) == 12 * 3600 + 1


class TestArtistKeys:
    KEY = "tga_ada-voice_" + "x" * 43

    def test_of_a_key_that_is_presented_the_digest_alone_goes_on(self) -> None:
        found = declared(artist_keys=[self.KEY, f" {self.KEY} "])
        assert found.artist_keys_sha256 == (hashlib.sha256(self.KEY.encode()).hexdigest(),)
        assert self.KEY not in found.model_dump_json()

    @pytest.mark.parametrize("wrong", ["tgk_acme_" + "x" * 43, "tga_", 7, "tga_" + "ä" * 43])
    def test_what_is_no_artist_key_is_refused_and_not_quoted(self, wrong: object) -> None:
        ((field, reason),) = faults(artist_keys=[wrong]).items()
        assert field == "metadata.artist_keys[0]"
        assert "xxx" not in reason

    def test_delivered_again_with_a_key_it_is_another_track_and_decided_anew(self) -> None:
        keyed = declared(artist_keys=[self.KEY])
        assert track_id_of("acme", SHA, declared()) != track_id_of("acme", SHA, keyed)
