"""The key or token that a command needs, from an option, the environment or a file."""

from pathlib import Path

from shared.errors import SettingsError


def secret(given: str | None, file: Path | None, *, name: str, how: str) -> str:
    """``given``, else what ``file`` holds, without blanks and line ends around it.

    Raises:
        SettingsError: neither, or something that no HTTP header can carry; ``how`` says how to come by one.
    """
    kept = (given or "").strip()
    missing = ""
    if not kept and file is not None:
        try:
            kept = file.read_text(encoding="utf-8").strip()
            missing = f": {file} is empty"
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is no text"
            missing = f": {file} cannot be read ({why})"
    if not kept:
        raise SettingsError(f"no {name}{missing}; {how}" if missing else f"no {name}: {how}")
    if not (kept.isascii() and kept.isprintable()):
        raise SettingsError(f"the {name} holds characters that none has: copy it again, and nothing else")
    return kept
