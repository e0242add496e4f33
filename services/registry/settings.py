"""Settings of the registry, ``TRACKGATE_REGISTRY_*`` beside those that all services share."""

import hashlib
import secrets
from pathlib import Path

from pydantic import Field

from services.registry.sign_in_settings import SignInSettings
from shared.errors import SettingsError
from shared.events.base import Sha256
from shared.private_files import make_private
from shared.voiceprints.settings import VoiceprintSettings
from shared.webhooks.settings import WebhookSettings

MIB = 1024 * 1024
TOKEN_BYTES = 32


class RegistrySettings(SignInSettings, WebhookSettings, VoiceprintSettings):
    """One of the two token settings is required; a token in a file is for this machine alone."""

    registry_port: int = Field(default=18802, ge=1, le=65535, description="port of the registry's API")
    registry_token_sha256: Sha256 | None = Field(
        default=None, description="SHA-256 of the administrators' bearer token, in hex"
    )
    registry_token_file: Path | None = Field(
        default=None,
        description="holds the token itself, made at the first start; only while bound to loopback",
    )
    registry_people: Path | None = Field(
        default=None, description="people who propose and approve, as `add-person` writes them"
    )
    registry_reference_limit: int = Field(
        default=200 * MIB, ge=1, description="bytes of one reference recording"
    )
    registry_request_limit: int = Field(default=1024 * MIB, ge=1, description="bytes of one enrolment")


def token_digest(settings: RegistrySettings) -> str:
    """The SHA-256 that a request's bearer token must have.

    Raises:
        SettingsError: neither is set, both are, or a token file on an address that others reach.
    """
    digest, file = settings.registry_token_sha256, settings.registry_token_file
    if (digest is None) == (file is None):
        raise SettingsError(
            "set TRACKGATE_REGISTRY_TOKEN_SHA256 to the SHA-256 of the administrators' token "
            "(`printf %s TOKEN | sha256sum`), or on your own machine TRACKGATE_REGISTRY_TOKEN_FILE to a file "
            "that the registry keeps one in; one of them, not both"
        )
    if digest is not None:
        return digest
    if not settings.loopback_only:
        raise SettingsError(
            f"TRACKGATE_REGISTRY_TOKEN_FILE is for a loopback address and TRACKGATE_BIND is {settings.bind}: "
            "set TRACKGATE_REGISTRY_TOKEN_SHA256 instead"
        )
    assert file is not None  # noqa: S101 - exactly one of the two is set
    return hashlib.sha256(_kept_token(file).encode()).hexdigest()


def _kept_token(file: Path) -> str:
    """The token in ``file``; made there, readable by its owner alone, the first time."""
    try:
        if not file.exists():
            make_private(file, secrets.token_urlsafe(TOKEN_BYTES).encode() + b"\n")
        token = file.read_text(encoding="ascii").strip()
    except OSError as error:
        raise SettingsError(
            f"TRACKGATE_REGISTRY_TOKEN_FILE: cannot write {file}: {error.strerror}"
        ) from error
    if not token:
        raise SettingsError(f"TRACKGATE_REGISTRY_TOKEN_FILE: {file} is empty; delete it")
    return token
