"""What a file says about itself: its tags (ID3, Vorbis comments, MP4), as far as a declaration takes them."""

import re
from pathlib import Path

from tinytag import TinyTag, TinyTagException

from services.cli.metadata import Metadata

_ISRC = re.compile(r"^[A-Z]{2}[A-Z0-9]{3}[0-9]{7}$")


def tags_of(path: Path) -> Metadata:
    """Title, artist and a well-formed ISRC where the tags have them; nothing from a file that cannot be read.

    A file without readable tags is none of this function's business: the delivery itself says what is wrong.
    """
    try:
        tag = TinyTag.get(path, duration=False)
    except (TinyTagException, OSError, ValueError):
        return {}
    said: Metadata = {"title": _first(tag.title), "display_artist": _first(tag.artist)}
    isrc = next(iter(tag.other.get("isrc", [])), "").upper().replace("-", "").strip()
    said["isrc"] = isrc if _ISRC.match(isrc) else None
    return {name: value for name, value in said.items() if value}


def _first(words: str | None) -> str | None:
    return words.strip() if words and words.strip() else None
