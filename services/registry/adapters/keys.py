"""API keys: ``tgk_<distributor>_<32 random bytes, URL-safe>``, so that a leaked one is recognised as ours."""

import secrets

RANDOM_BYTES = 32


def make_key(distributor_id: str) -> str:
    return f"tgk_{distributor_id}_{secrets.token_urlsafe(RANDOM_BYTES)}"
