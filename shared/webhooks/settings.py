"""Settings that the registry and the notifier share: the key over signing secrets, and trusted hosts."""

import base64
import secrets
from pathlib import Path

from pydantic import Field, SecretStr

from shared.errors import SettingsError
from shared.private_files import make_private
from shared.settings import Settings
from shared.webhooks.sealing import KEY_BYTES, Seal, key_from_text


class WebhookSettings(Settings):
    """One of the two keys; a key in a file that makes itself is for this machine alone."""

    webhook_key: SecretStr | None = Field(
        default=None,
        description="32 bytes in base64 that seal signing secrets; the same for registry and notifier",
    )
    webhook_key_file: Path | None = Field(
        default=None, description="holds that key; made at the first start, only while bound to loopback"
    )
    webhook_allowed_hosts: tuple[str, ...] = Field(
        default=(), description="hosts that webhooks may reach over http and at private addresses (JSON)"
    )


def load_seal(settings: WebhookSettings) -> Seal | None:
    """The seal, or None where no key is set.

    Raises:
        SettingsError: both are set, the key is malformed, or its file cannot be used.
    """
    key, file = settings.webhook_key, settings.webhook_key_file
    if key is not None and file is not None:
        raise SettingsError("set TRACKGATE_WEBHOOK_KEY or TRACKGATE_WEBHOOK_KEY_FILE, not both")
    if key is not None:
        return Seal(key_from_text(key.get_secret_value()))
    if file is None:
        return None
    try:
        if not file.exists():
            if not settings.loopback_only:
                raise SettingsError(
                    f"TRACKGATE_WEBHOOK_KEY_FILE: {file} does not exist, and a key is made only on loopback"
                )
            make_private(file, base64.b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n")
        return Seal(key_from_text(file.read_text(encoding="ascii")))
    except OSError as error:
        raise SettingsError(f"TRACKGATE_WEBHOOK_KEY_FILE: {file}: {error.strerror}") from error
