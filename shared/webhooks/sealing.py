"""Signing secrets at rest: AES-256-GCM under a key of the installation, bound to their distributor."""

import base64
import binascii
import hashlib
import os
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.errors import SettingsError

KEY_BYTES = 32
SECRET_BYTES = 32
_NONCE_BYTES = 12
_PREFIX = "whsec_"


class Unsealable(Exception):
    """A sealed secret that this key does not open: another key sealed it, or it was tampered with."""


def new_secret() -> str:
    """``whsec_`` and 256 random bits in base64, as the Standard Webhooks libraries read it."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def secret_bytes(secret: str) -> bytes:
    """The HMAC key in a ``whsec_…`` secret.

    Raises:
        ValueError: it is none.
    """
    if not secret.startswith(_PREFIX):
        raise ValueError("a signing secret begins with whsec_")
    return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)


def key_from_text(text: str) -> bytes:
    """The key in base64 (either alphabet).

    Raises:
        SettingsError: it is not 32 bytes in base64.
    """
    try:
        key = base64.b64decode(text.strip().replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise SettingsError(
            "wrong settings: TRACKGATE_WEBHOOK_KEY is not 32 bytes in base64: "
            "`openssl rand -base64 32` makes them"
        )
    return key


class Seal:
    """Closes and opens secrets. Sealed text: ``v1.<which key>.<base64 of nonce and ciphertext>``."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)
        self._name = hashlib.sha256(b"trackgate webhook key|" + key).hexdigest()[:8]

    def close(self, secret: str, distributor_id: str) -> str:
        nonce = os.urandom(_NONCE_BYTES)
        closed = self._cipher.encrypt(nonce, secret.encode(), distributor_id.encode())
        return f"v1.{self._name}.{base64.b64encode(nonce + closed).decode()}"

    def open(self, sealed: str, distributor_id: str) -> str:
        """The secret that was closed for this distributor.

        Raises:
            Unsealable: with a reason that holds nothing of the secret.
        """
        version, _, rest = sealed.partition(".")
        name, _, text = rest.partition(".")
        if version != "v1":
            raise Unsealable("the secret is sealed in a way that this version does not know")
        if name != self._name:
            raise Unsealable("the secret is sealed under another TRACKGATE_WEBHOOK_KEY")
        try:
            raw = base64.b64decode(text, validate=True)
            return self._cipher.decrypt(
                raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], distributor_id.encode()
            ).decode()
        except (InvalidTag, ValueError) as error:
            raise Unsealable("the sealed secret was changed, or belongs to another distributor") from error
