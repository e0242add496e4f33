"""The key or token that a command needs, from an option, the environment or a file."""

from pathlib import Path

from shared.errors import SettingsError


def secret(given: str | None, file: Path | None, *, name: str, how: str) -> str:
    """``given``, else what ``file`` holds.

    Raises:
        SettingsError: neither; ``how`` says how to come by one.
    """
    if given:
        return given
    if file is not None and file.is_file():
        kept = file.read_text(encoding="utf-8").strip()
        if kept:
            return kept
    raise SettingsError(f"no {name}: {how}")
