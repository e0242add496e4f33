"""The master key: it wraps the artists' keys and nothing else, so that changing it re-writes no template."""

import base64
import binascii
import hashlib
import secrets
from dataclasses import dataclass
from pathlib import Path

from shared.errors import SettingsError
from shared.private_files import make_private, write_private
from shared.voiceprints.sealing import KEY_BYTES


@dataclass(frozen=True)
class MasterKey:
    """``name`` tells keys apart and says nothing of the key."""

    name: str
    key: bytes

    @classmethod
    def of(cls, key: bytes) -> "MasterKey":
        return cls(hashlib.sha256(b"trackgate voiceprint master key|" + key).hexdigest()[:8], key)


def new_master_key() -> MasterKey:
    return MasterKey.of(secrets.token_bytes(KEY_BYTES))


def as_text(keys: tuple[MasterKey, ...]) -> str:
    return "".join(base64.b64encode(one.key).decode() + "\n" for one in keys)


def master_keys(text: str, setting: str) -> tuple[MasterKey, ...]:
    """Keys in base64, parted by commas or lines. The first wraps; the others only unwrap what they wrapped.

    Raises:
        SettingsError: there is none, or one is not 32 bytes in base64.
    """
    words = text.replace(",", " ").split()
    keys = tuple(MasterKey.of(_key(word, setting)) for word in words)
    if not keys:
        raise SettingsError(f"{setting} holds no key: `openssl rand -base64 32` makes one")
    return keys


def read_file(path: Path, setting: str) -> tuple[MasterKey, ...]:
    """Raises SettingsError: it cannot be read, or holds something else."""
    try:
        return master_keys(path.read_text(encoding="ascii"), setting)
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{setting}: {path} cannot be read: {error}") from error


def write_file(path: Path, keys: tuple[MasterKey, ...], *, only_new: bool = False) -> None:
    """Whole or not at all, for the owner alone. With ``only_new`` a file that is there already stands."""
    write = make_private if only_new else write_private
    write(path, as_text(keys).encode("ascii"))


def _key(word: str, setting: str) -> bytes:
    try:
        key = base64.b64decode(word.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise SettingsError(f"{setting} is not 32 bytes in base64: `openssl rand -base64 32` makes them")
    return key
