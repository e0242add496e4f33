"""Settings that registry and voice matcher share: where the artists' keys lie, and what wraps them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field, SecretStr

from shared.audit.file import AuditFile
from shared.clock import Clock
from shared.errors import SettingsError
from shared.settings import Settings
from shared.voiceprints.keyring import Keyring
from shared.voiceprints.master import MasterKey, master_keys, new_master_key, read_file, write_file

KEY = "TRACKGATE_VOICEPRINT_MASTER_KEY"
KEY_FILE = "TRACKGATE_VOICEPRINT_MASTER_KEY_FILE"
LOG = "TRACKGATE_VOICEPRINT_LOG"


class VoiceprintSettings(Settings):
    """All or nothing: without a folder for keys no template is written, and each worker measures anew."""

    voiceprint_keys: Path | None = Field(
        default=None,
        description="folder of the artists' keys, the same for registry and voice matcher; none: templates "
        "stay in memory",
    )
    voiceprint_master_key: SecretStr | None = Field(
        default=None, description="32 bytes in base64 that wrap those keys; older ones after it, by commas"
    )
    voiceprint_master_key_file: Path | None = Field(
        default=None, description="holds them, a line each; made at the first start, only while on loopback"
    )
    voiceprint_log: Path | None = Field(
        default=None, description="access log of the voice templates, hash-chained; needed with a folder"
    )


@dataclass(frozen=True)
class Vault:
    """The artists' keys and the log of who used them."""

    keys: Keyring
    log: AuditFile


def load_vault(settings: VoiceprintSettings, clock: Clock) -> Vault | None:
    """None where no folder is set.

    Raises:
        SettingsError: a part is missing, doubled, malformed or cannot be used.
    """
    if settings.voiceprint_keys is None:
        return None
    if settings.voiceprint_log is None:
        raise SettingsError(f"TRACKGATE_VOICEPRINT_KEYS is set: set {LOG} too, no template is used unlogged")
    keyring = Keyring(settings.voiceprint_keys, _masters(settings))
    return Vault(keyring, AuditFile(settings.voiceprint_log, clock, setting=LOG))


def _masters(settings: VoiceprintSettings) -> Callable[[], tuple[MasterKey, ...]]:
    key, file = settings.voiceprint_master_key, settings.voiceprint_master_key_file
    if (key is None) == (file is None):
        raise SettingsError(f"TRACKGATE_VOICEPRINT_KEYS is set: set {KEY} or {KEY_FILE} too, not both")
    if key is not None:
        fixed = master_keys(key.get_secret_value(), KEY)
        return lambda: fixed
    assert file is not None  # noqa: S101 - exactly one of the two is set
    if not file.exists():
        if not settings.loopback_only:
            raise SettingsError(f"{KEY_FILE}: {file} does not exist, and a key is made only on loopback")
        try:
            write_file(file, (new_master_key(),), only_new=True)
        except OSError as error:
            raise SettingsError(f"{KEY_FILE}: cannot write {file}: {error.strerror}") from error
    return lambda: read_file(file, KEY_FILE)
