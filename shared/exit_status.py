"""How a process of ours ends that cannot do its work."""

import sys

from shared.errors import SettingsError, TrackgateError

EXIT_SETTINGS = 2
EXIT_FAILED = 70


def failed(error: TrackgateError, *, service: str = "") -> int:
    """Says on standard error what is wrong; the exit status: 2 for wrong settings, 70 for all else."""
    sys.stderr.write(f"{service}: {error}\n" if service else f"{error}\n")
    return EXIT_SETTINGS if isinstance(error, SettingsError) else EXIT_FAILED
