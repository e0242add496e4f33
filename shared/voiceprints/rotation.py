"""A new master key, without a moment in which a key cannot be read."""

from pathlib import Path

from shared.voiceprints.keyring import Keyring
from shared.voiceprints.master import new_master_key, read_file, write_file
from shared.voiceprints.settings import KEY_FILE


def rotate(keyring: Keyring, file: Path) -> int:
    """Put a new master key first in its file, wrap everything under it, then drop the old.

    Returns how many artists' keys another master key wrapped before. Cut off anywhere, all keys stay readable
    and running it again finishes. No process needs a restart.

    Raises:
        SettingsError: the file cannot be read.
        SystemicError: an artist's key cannot be read or written; the old master keys stay in the file.
    """
    fresh = new_master_key()
    write_file(file, (fresh, *read_file(file, KEY_FILE)))
    rewrapped = keyring.rewrap()
    write_file(file, (fresh,))
    return rewrapped
