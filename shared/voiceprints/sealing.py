"""AES-256-GCM over a voice template, bound to the artist, the key and what was measured.

Sealed text is ``v1.<base64 of nonce and ciphertext>``. A template that is copied to another artist's record,
or named as another model's, does not open.
"""

import base64
import json
import os
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
NONCE_BYTES = 12
_VERSION = "v1"


@dataclass(frozen=True)
class Unopened:
    """``why`` holds nothing of the content."""

    why: str


def seal(key: bytes, content: bytes, *bound_to: str) -> str:
    nonce = os.urandom(NONCE_BYTES)
    closed = AESGCM(key).encrypt(nonce, content, _bound(bound_to))
    return f"{_VERSION}.{base64.b64encode(nonce + closed).decode()}"


def unseal(key: bytes, sealed: str, *bound_to: str) -> bytes | Unopened:
    """The content that was sealed under this key and bound to the same words."""
    version, _, text = sealed.partition(".")
    if version != _VERSION:
        return Unopened("sealed in a way that this version does not know")
    try:
        raw = base64.b64decode(text, validate=True)
        return AESGCM(key).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], _bound(bound_to))
    except (InvalidTag, ValueError):
        return Unopened("sealed under another key, bound to something else, or changed")


def _bound(words: tuple[str, ...]) -> bytes:
    return json.dumps(words).encode()
