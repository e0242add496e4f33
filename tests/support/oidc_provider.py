"""An OpenID provider for tests, as a process: ``… oidc_provider PORT CLIENT SECRET [HOST]``.

It does what the specifications ask of a provider (discovery, real RS256 keys, PKCE, codes that work once,
client authentication, RP-initiated logout), and lets a test say who signs in next and what is wrong with the
next token.
"""

import base64
import hashlib
import hmac
import json
import secrets
import sys
import time
from dataclasses import dataclass, field
from typing import Annotated, Any
from urllib.parse import parse_qsl, unquote_plus, urlencode

import uvicorn
from fastapi import FastAPI, Form, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from joserfc import jwt
from joserfc.jwk import RSAKey
from pydantic import BaseModel


class Next(BaseModel):
    """Who signs in next, and how the next token is spoilt: see ``spoilt``."""

    claims: dict[str, Any]
    fault: str = ""


@dataclass
class Provider:
    issuer: str
    client_id: str
    client_secret: str
    next: Next = field(default_factory=lambda: Next(claims={"sub": "nobody"}))
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    keys: list[RSAKey] = field(default_factory=list)
    signed_out: list[dict[str, str]] = field(default_factory=list)

    def new_key(self) -> RSAKey:
        key = RSAKey.generate_key(2048, {"kid": secrets.token_hex(4), "use": "sig", "alg": "RS256"})
        self.keys.insert(0, key)
        return key

    def id_token(self, nonce: str, access_token: str) -> str:
        now = int(time.time())
        half = hashlib.sha256(access_token.encode()).digest()[:16]
        claims = {
            **self.next.claims,
            "iss": self.issuer,
            "aud": self.client_id,
            "iat": now,
            "exp": now + 300,
            "nonce": nonce,
            "at_hash": base64.urlsafe_b64encode(half).rstrip(b"=").decode(),
        }
        return self.spoilt(claims)

    def spoilt(self, claims: dict[str, Any]) -> str:  # noqa: C901 - one case for each way to be wrong
        key, header = self.keys[0], {"alg": "RS256", "kid": self.keys[0].kid}
        now = int(time.time())
        match self.next.fault:
            case "nonce":
                claims["nonce"] = "of-another-sign-in"
            case "no nonce":
                del claims["nonce"]
            case "expired":
                claims |= {"iat": now - 900, "exp": now - 600}
            case "other audience":
                claims["aud"] = "another-client"
            case "several audiences":
                claims["aud"] = [self.client_id, "another-client"]
            case "issuer":
                claims["iss"] = "https://elsewhere.example"
            case "access token":
                claims["at_hash"] = "AAAAAAAAAAAAAAAAAAAAAA"
            case "unknown key":
                key = RSAKey.generate_key(2048)
                header["kid"] = "nobody-published-this"
            case "forged":
                key = RSAKey.generate_key(2048)
            case "alg none":
                return f"{_b64({'alg': 'none'})}.{_b64(claims)}."
            case "shared secret":
                return _signed_with_public_key(claims, self.keys[0])
        return jwt.encode(header, claims, key)


def _b64(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def _signed_with_public_key(claims: dict[str, Any], key: RSAKey) -> str:
    """HS256 with the public key for a secret: what a checker that believes the header accepts."""
    signing = f"{_b64({'alg': 'HS256', 'kid': key.kid})}.{_b64(claims)}"
    mac = hmac.new(key.as_pem(private=False), signing.encode(), "sha256").digest()
    return f"{signing}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def make_app(provider: Provider) -> FastAPI:  # noqa: C901 - one function for each endpoint
    app = FastAPI()
    issuer = provider.issuer

    @app.get("/.well-known/openid-configuration")
    def described() -> dict[str, Any]:
        return {
            "issuer": issuer,
            "authorization_endpoint": f"{issuer}/authorize",
            "token_endpoint": f"{issuer}/token",
            "jwks_uri": f"{issuer}/keys",
            "end_session_endpoint": f"{issuer}/sign-out",
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        }

    @app.get("/keys")
    def keys() -> dict[str, Any]:
        return {"keys": [key.as_dict(private=False) for key in provider.keys]}

    @app.get("/authorize")
    def authorize(request: Request) -> Response:
        asked = dict(request.query_params)
        wanted = {"response_type": "code", "client_id": provider.client_id, "code_challenge_method": "S256"}
        if {name: asked.get(name) for name in wanted} != wanted or "openid" not in asked["scope"].split():
            return JSONResponse({"error": "invalid_request"}, 400)
        if provider.next.fault == "denied":
            query = urlencode({"error": "access_denied", "state": asked["state"]})
            return RedirectResponse(f"{asked['redirect_uri']}?{query}", 302)
        code = secrets.token_urlsafe(24)
        provider.codes[code] = asked
        return RedirectResponse(
            f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}", 302
        )

    @app.post("/token")
    def token(
        request: Request,
        code: Annotated[str, Form()],
        redirect_uri: Annotated[str, Form()],
        code_verifier: Annotated[str, Form()],
        grant_type: Annotated[str, Form()],
    ) -> Response:
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        user, _, password = base64.b64decode(given).decode().partition(":")
        if (scheme, unquote_plus(user), unquote_plus(password)) != (
            "Basic",
            provider.client_id,
            provider.client_secret,
        ):
            return JSONResponse({"error": "invalid_client"}, 401)
        asked = provider.codes.pop(code, None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(code_verifier.encode()).digest()).rstrip(b"=")
        if (
            asked is None
            or grant_type != "authorization_code"
            or redirect_uri != asked["redirect_uri"]
            or challenge.decode() != asked["code_challenge"]
        ):
            return JSONResponse({"error": "invalid_grant"}, 400)
        access_token = secrets.token_urlsafe(24)
        return JSONResponse(
            {
                "access_token": access_token,
                "token_type": "Bearer",
                "expires_in": 300,
                "id_token": provider.id_token(asked["nonce"], access_token),
            }
        )

    @app.get("/sign-out")
    def sign_out(request: Request) -> Response:
        provider.signed_out.append(dict(request.query_params))
        return RedirectResponse(request.query_params["post_logout_redirect_uri"], 302)

    @app.put("/of-the-test/next")
    def set_next(next_one: Next) -> None:
        provider.next = next_one

    @app.post("/of-the-test/new-key")
    def new_key() -> None:
        provider.new_key()
        del provider.keys[1:]

    @app.get("/of-the-test/signed-out")
    def signed_out() -> list[dict[str, str]]:
        return provider.signed_out

    return app


def query_of(address: str) -> dict[str, str]:
    return dict(parse_qsl(address.partition("?")[2]))


def main() -> None:
    port, client_id, client_secret = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    host = sys.argv[4] if len(sys.argv) > 4 else "127.0.0.1"
    provider = Provider(f"http://{host}:{port}", client_id, client_secret)
    provider.new_key()
    uvicorn.run(make_app(provider), host="127.0.0.1", port=port, log_level="warning")


if __name__ == "__main__":
    main()
