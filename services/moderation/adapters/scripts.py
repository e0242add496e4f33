"""The queue's Lua scripts: each is one atomic step."""

from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent / "lua"
_SEARCHING = {"claim_next", "page", "upcoming"}


@cache
def source_of(name: str) -> str:
    """The script with what it is built on in front of it."""
    parts = ("common", "walk", name) if name in _SEARCHING else ("common", name)
    return "\n".join((_FOLDER / f"{part}.lua").read_text(encoding="utf-8") for part in parts)
