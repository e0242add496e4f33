"""The master key: it wraps the artists' keys and nothing else, so that changing it re-writes no template."""

import base64
import binascii
import hashlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from shared.errors import SettingsError
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
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    new = path.with_name(f"{path.name}.{secrets.token_hex(8)}.new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as opened:
        opened.write(as_text(keys))
        opened.flush()
        os.fsync(opened.fileno())
    if not only_new:
        new.replace(path)
        return
    try:
        os.link(new, path)
    except FileExistsError:
        pass
    finally:
        new.unlink()


def _key(word: str, setting: str) -> bytes:
    try:
        key = base64.b64decode(word.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise SettingsError(f"{setting} is not 32 bytes in base64: `openssl rand -base64 32` makes them")
    return key
