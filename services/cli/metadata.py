"""What is declared about each file: options, then the metadata file, then its tags, then its name. Pure."""

import json
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from shared.errors import SettingsError

Metadata = dict[str, Any]
FILES = "files"


def read_metadata_file(written: bytes, name: str) -> tuple[Metadata, Mapping[str, Metadata]]:
    """A JSON object with what holds for every file, and under ``files`` what holds for one, by its name.

    Raises:
        SettingsError: it is no such object.
    """
    try:
        content = json.loads(written)
    except ValueError as error:
        raise SettingsError(f"{name}: not JSON in UTF-8: {error}") from error
    if not isinstance(content, dict):
        raise SettingsError(f"{name}: wants a JSON object")
    by_file = content.pop(FILES, {})
    if not isinstance(by_file, dict) or not all(isinstance(one, dict) for one in by_file.values()):
        raise SettingsError(f"{name}: {FILES} wants an object with an object for each file name")
    return content, by_file


def metadata_of(
    file: PurePath,
    *,
    options: Metadata,
    common: Metadata,
    by_file: Mapping[str, Metadata],
    tags: Metadata | None = None,
) -> Metadata:
    """Everything that is declared about ``file``. Options that are None or empty were not given.

    Raises:
        SettingsError: nobody says who the artist is.
    """
    said = {name: value for name, value in options.items() if value not in (None, [], ())}
    declared = {**from_name(file), **(tags or {}), **common, **by_file.get(file.name, {}), **said}
    if not declared.get("display_artist"):
        raise SettingsError(
            f"{file.name}: who is the artist? Give --artist, a metadata file, tags, "
            "or name the file `Artist - Title.flac`"
        )
    return declared


def from_name(file: PurePath) -> Metadata:
    """``Ada Voice - Song of Songs.flac`` says both; any other name is a title, track numbers left out."""
    words = file.stem.replace("_", " ").strip()
    artist, dash, title = words.partition(" - ")
    if artist.strip().rstrip(".").isdigit() and dash:
        return from_name(PurePath(title + file.suffix))
    if dash and artist.strip() and title.strip():
        return {"display_artist": artist.strip(), "title": title.strip()}
    return {"title": words or file.name}
