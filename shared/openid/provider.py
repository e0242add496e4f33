"""An OpenID provider: authorization code flow with PKCE, discovery, keys, sign-out."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri  # type: ignore[import-untyped]  # no types
from authlib.oauth2.rfc7636 import create_s256_code_challenge  # type: ignore[import-untyped]  # no types
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from pydantic import BaseModel, ConfigDict, ValidationError

from shared.clock import Clock
from shared.errors import SystemicError
from shared.openid.addresses import is_protected
from shared.openid.id_tokens import (
    ALGORITHMS,
    BadToken,
    Claims,
    Expected,
    UnknownKey,
    check_id_token,
)
from shared.openid.signing_in import SigningIn

_DISCOVERY = "/.well-known/openid-configuration"
_METADATA_SECONDS = 3600.0
_KEY_TYPES = {"RSA", "EC"}


class Metadata(BaseModel):
    """What the provider says of itself (OpenID Connect Discovery 1.0)."""

    model_config = ConfigDict(frozen=True)

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    end_session_endpoint: str | None = None
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)


@dataclass(frozen=True)
class Client:
    """What the provider knows this service as. No ``secret``: a public client, which PKCE alone protects."""

    issuer: str
    client_id: str
    secret: str | None
    redirect_uri: str
    scopes: str = "openid profile"
    algorithms: frozenset[str] = frozenset({"RS256", "PS256", "ES256"})


@dataclass(frozen=True)
class Redeemed:
    """``id_token`` as it came, for the sign-out."""

    claims: Mapping[str, Any]
    id_token: str


class OpenIdProvider:
    """Asked over ``http``, which follows no redirects.

    Metadata is kept for an hour, keys until one is missing.

    Raises:
        SystemicError: from every method, when the provider does not answer or answers nonsense.
    """

    def __init__(self, client: Client, http: httpx.AsyncClient, clock: Clock) -> None:
        self._client = client
        self._http = http
        self._clock = clock
        self._metadata: tuple[float, Metadata] | None = None
        self._keys: KeySet | None = None

    async def address(self, started: SigningIn) -> str:
        """Where the browser goes to sign in."""
        metadata = await self._described()
        address: str = prepare_grant_uri(
            metadata.authorization_endpoint,
            self._client.client_id,
            "code",
            redirect_uri=self._client.redirect_uri,
            scope=self._client.scopes,
            state=started.state,
            nonce=started.nonce,
            code_challenge=create_s256_code_challenge(started.verifier),
            code_challenge_method="S256",
        )
        return address

    async def redeem(self, code: str, started: SigningIn) -> Redeemed | BadToken:
        """Trade the code for a checked ID token. A code works once; the provider sees to that."""
        metadata = await self._described()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._client.redirect_uri,
            "code_verifier": started.verifier,
        }
        answer = await self._post(metadata, form)
        if answer.status_code in {httpx.codes.BAD_REQUEST, httpx.codes.UNAUTHORIZED}:
            return BadToken("code")
        told = _json(answer)
        id_token, access_token = told.get("id_token"), told.get("access_token")
        if not isinstance(id_token, str):
            return BadToken("no-id-token")
        expected = Expected(
            issuer=self._client.issuer,
            client_id=self._client.client_id,
            nonce=started.nonce,
            now=int(self._clock.now().timestamp()),
            access_token=access_token if isinstance(access_token, str) else None,
        )
        algorithms = self._client.algorithms & ALGORITHMS
        found = check_id_token(id_token, self._keys or await self._read_keys(), algorithms, expected)
        if isinstance(found, UnknownKey):
            found = check_id_token(id_token, await self._read_keys(), algorithms, expected)
        match found:
            case Claims():
                return Redeemed(found.told, id_token)
            case UnknownKey():
                return BadToken("unknown-key")
            case BadToken():
                return found

    async def sign_out_address(self, id_token: str, back_to: str) -> str | None:
        """Where the browser goes to sign out there too; None: the provider has no such place."""
        metadata = await self._described()
        if metadata.end_session_endpoint is None:
            return None
        query = urlencode(
            {
                "id_token_hint": id_token,
                "client_id": self._client.client_id,
                "post_logout_redirect_uri": back_to,
            }
        )
        joint = "&" if urlsplit(metadata.end_session_endpoint).query else "?"
        return f"{metadata.end_session_endpoint}{joint}{query}"

    async def _described(self) -> Metadata:
        if self._metadata is not None and time.monotonic() - self._metadata[0] < _METADATA_SECONDS:
            return self._metadata[1]
        try:
            metadata = Metadata.model_validate(await self._get(self._client.issuer.rstrip("/") + _DISCOVERY))
        except ValidationError as error:
            raise SystemicError("the OpenID provider's description of itself is not valid") from error
        if metadata.issuer != self._client.issuer:
            raise SystemicError("the OpenID provider's description names another issuer")
        for address in (metadata.authorization_endpoint, metadata.token_endpoint, metadata.jwks_uri):
            if not is_protected(address):
                raise SystemicError("the OpenID provider has an endpoint without TLS")
        self._metadata = (time.monotonic(), metadata)
        return metadata

    async def _read_keys(self) -> KeySet:
        told = await self._get((await self._described()).jwks_uri)
        try:
            self._keys = KeySet.import_key_set(
                {"keys": [key for key in told["keys"] if key["kty"] in _KEY_TYPES]}
            )
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise SystemicError("the OpenID provider's keys are not valid") from error
        return self._keys

    async def _post(self, metadata: Metadata, form: dict[str, str]) -> httpx.Response:
        auth = httpx.Auth()  # adds nothing
        if self._client.secret is None:
            form |= {"client_id": self._client.client_id}
        elif "client_secret_basic" in metadata.token_endpoint_auth_methods_supported:
            auth = httpx.BasicAuth(_quoted(self._client.client_id), _quoted(self._client.secret))
        else:
            form |= {"client_id": self._client.client_id, "client_secret": self._client.secret}
        try:
            return await self._http.post(
                metadata.token_endpoint, data=form, auth=auth, headers={"Accept": "application/json"}
            )
        except httpx.HTTPError as error:
            raise SystemicError(f"the OpenID provider does not answer: {error}") from error

    async def _get(self, address: str) -> dict[str, Any]:
        try:
            return _json(await self._http.get(address))
        except httpx.HTTPError as error:
            raise SystemicError(f"the OpenID provider does not answer: {error}") from error


def _quoted(text: str) -> str:
    """As RFC 6749, section 2.3.1, wants id and secret before they go into Basic."""
    return urlencode({"": text})[1:]


def _json(answer: httpx.Response) -> dict[str, Any]:
    try:
        told = answer.raise_for_status().json()
    except httpx.HTTPStatusError as error:
        raise SystemicError(f"the OpenID provider answers {answer.status_code}") from error
    except ValueError as error:
        raise SystemicError("the OpenID provider answers something that is not JSON") from error
    if not isinstance(told, dict):
        raise SystemicError("the OpenID provider answers something that is not an object")
    return told
