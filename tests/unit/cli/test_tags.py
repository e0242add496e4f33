"""What a file says about itself."""

from pathlib import Path

import numpy as np
import soundfile

from services.cli.metadata import metadata_of
from services.cli.tags import tags_of


def id3(frames: dict[str, str]) -> bytes:
    """An ID3v2.3 tag with text frames in ISO 8859-1, as https://id3.org/id3v2.3.0 lays it out."""
    body = b"".join(
        name.encode() + (len(text) + 1).to_bytes(4, "big") + b"\0\0\0" + text.encode("latin-1")
        for name, text in frames.items()
    )
    size = bytes((len(body) >> shift) & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x03\0\0" + size + body


def test_vorbis_comments_name_artist_and_title(tmp_path: Path) -> None:
    path = tmp_path / "upload.flac"
    with soundfile.SoundFile(path, "w", samplerate=8000, channels=1) as file:
        file.title, file.artist = "Song of Songs", "Ada Voice"
        file.write(np.zeros(800))
    assert tags_of(path) == {"title": "Song of Songs", "display_artist": "Ada Voice"}


def test_an_isrc_is_taken_without_its_hyphens(tmp_path: Path) -> None:
    path = tmp_path / "upload.mp3"
    path.write_bytes(id3({"TIT2": "Song", "TPE1": "Ada", "TSRC": "us-s1z-99-00001"}) + bytes(2000))
    assert tags_of(path) == {"title": "Song", "display_artist": "Ada", "isrc": "USS1Z9900001"}


def test_a_malformed_isrc_is_left_out_rather_than_declared(tmp_path: Path) -> None:
    path = tmp_path / "upload.mp3"
    path.write_bytes(id3({"TPE1": "Ada", "TSRC": "unknown"}) + bytes(2000))
    assert tags_of(path) == {"display_artist": "Ada"}


def test_a_file_without_readable_tags_says_nothing(tmp_path: Path) -> None:
    path = tmp_path / "upload.mp3"
    path.write_bytes(b"not audio at all")
    assert tags_of(path) == {}


def test_tags_beat_the_file_s_name_and_lose_against_the_metadata_file() -> None:
    declared = metadata_of(
        Path("Name - Name.flac"),
        options={},
        common={"title": "common"},
        by_file={},
        tags={"title": "tag", "display_artist": "tag"},
    )
    assert declared == {"title": "common", "display_artist": "tag"}
