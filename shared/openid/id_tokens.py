"""Checking ID tokens (OpenID Connect Core 1.0, section 3.1.3.7)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from authlib.oidc.core import CodeIDToken  # type: ignore[import-untyped]  # it ships no types
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jwt import Token

ALGORITHMS = frozenset(
    {*(f"RS{size}" for size in (256, 384, 512)), *(f"PS{size}" for size in (256, 384, 512)), "ES256", "ES384"}
)
"""Signatures with a public key. ``none`` and those with a shared secret are never taken."""
LEEWAY_SECONDS = 30
_MAX_BYTES = 65_536


@dataclass(frozen=True)
class Claims:
    """What the provider says of a person; every check has passed."""

    told: Mapping[str, Any]


@dataclass(frozen=True)
class UnknownKey:
    """Signed with a key that is not in the set: the provider may have new ones."""


@dataclass(frozen=True)
class BadToken:
    """``why`` is a slug for the audit log."""

    why: str


@dataclass(frozen=True)
class Expected:
    """What a token must say. ``now`` in seconds since 1970."""

    issuer: str
    client_id: str
    nonce: str
    now: int
    access_token: str | None = None


def check_id_token(
    token: str, keys: KeySet, algorithms: frozenset[str], expected: Expected
) -> Claims | UnknownKey | BadToken:
    """Signature by one of ``keys``, issuer, audience, times (30 s of leeway), nonce, azp and at_hash."""
    signed = _signed(token, keys, sorted(algorithms & ALGORITHMS))
    if not isinstance(signed, Token):
        return signed
    params = {
        "nonce": expected.nonce,
        "client_id": expected.client_id,
        "access_token": expected.access_token,
    }
    options = {
        "iss": {"essential": True, "value": expected.issuer},
        "aud": {"essential": True, "value": expected.client_id},
        "nonce": {"essential": True, "value": expected.nonce},
    }
    try:
        CodeIDToken(signed.claims, signed.header, options=options, params=params).validate(
            now=expected.now, leeway=LEEWAY_SECONDS
        )
    except JoseError as error:
        return BadToken(str(getattr(error, "claim", None) or error.error).replace("_", "-"))
    except (TypeError, ValueError):
        return BadToken("claims")
    return Claims(dict(signed.claims))


def _signed(token: str, keys: KeySet, algorithms: list[str]) -> Token | UnknownKey | BadToken:
    if len(token) > _MAX_BYTES:
        return BadToken("too-long")
    try:
        header = jws.extract_compact(token.encode()).headers()
    except (JoseError, ValueError):
        return BadToken("not-a-token")
    if header.get("alg") not in algorithms:
        return BadToken("algorithm")
    kid = header.get("kid")
    fitting = [key for key in keys.keys if (kid is None or key.kid == kid) and key.get("use", "sig") == "sig"]
    if len(fitting) != 1:
        return UnknownKey()
    try:
        return jwt.decode(token, fitting[0], algorithms=algorithms)
    except (JoseError, ValueError):
        return BadToken("signature")
