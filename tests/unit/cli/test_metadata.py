"""What is declared about a file, and where it is taken from."""

from pathlib import PurePath
from typing import Any

import pytest

from services.cli.metadata import from_name, metadata_of, read_metadata_file
from shared.errors import SettingsError

NOTHING: dict[str, Any] = {}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Ada Voice - Song of Songs.flac", {"display_artist": "Ada Voice", "title": "Song of Songs"}),
        ("Ada_Voice_-_Song.flac", {"display_artist": "Ada Voice", "title": "Song"}),
        ("03 - Ada Voice - Song.flac", {"display_artist": "Ada Voice", "title": "Song"}),
        ("03 - Song.flac", {"title": "Song"}),
        ("Song.flac", {"title": "Song"}),
        ("Well-known.flac", {"title": "Well-known"}),
        (" - .flac", {"title": "-"}),
        ("Ada - Song - Live.flac", {"display_artist": "Ada", "title": "Song - Live"}),
    ],
)
def test_a_file_name_says_title_and_perhaps_artist(name: str, said: dict[str, str]) -> None:
    assert from_name(PurePath(name)) == said


def test_options_beat_the_file_s_own_words_which_beat_the_common_ones_which_beat_the_name() -> None:
    declared = metadata_of(
        PurePath("folder/Name - Name.flac"),
        options={"title": "option", "ai_use": None, "territories": None},
        common={"title": "common", "display_artist": "common", "ai_use": "all"},
        by_file={"Name - Name.flac": {"title": "own", "display_artist": "own"}},
    )
    assert declared == {"title": "option", "display_artist": "own", "ai_use": "all"}


def test_no_artist_is_asked_for_rather_than_invented() -> None:
    with pytest.raises(SettingsError, match="who is the artist"):
        metadata_of(PurePath("Song.flac"), options=NOTHING, common=NOTHING, by_file=NOTHING)


def test_saying_nothing_about_ai_is_not_saying_none() -> None:
    declared = metadata_of(PurePath("A - B.flac"), options={"ai_use": None}, common={}, by_file={})
    assert "ai_use" not in declared


def test_a_metadata_file_holds_common_and_own_words() -> None:
    common, own = read_metadata_file(b'{"ai_use": "none", "files": {"a.flac": {"title": "A"}}}', "album.json")
    assert common == {"ai_use": "none"}
    assert own == {"a.flac": {"title": "A"}}


@pytest.mark.parametrize(
    "written",
    [b"", b"nonsense", b"[]", b'{"files": []}', b'{"files": {"a.flac": "A"}}', b'{"title": "caf\xe9"}'],
)
def test_any_other_file_is_refused_by_name(written: bytes) -> None:
    with pytest.raises(SettingsError, match=r"album\.json"):
        read_metadata_file(written, "album.json")
