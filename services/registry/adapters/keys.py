"""Keys that are told once: ``tgk_…`` of distributors, ``tga_…`` of artists; a leaked one is known as ours."""

import secrets

RANDOM_BYTES = 32


def make_key(distributor_id: str) -> str:
    return f"tgk_{distributor_id}_{secrets.token_urlsafe(RANDOM_BYTES)}"


def make_artist_key(artist_id: str) -> str:
    return f"tga_{artist_id}_{secrets.token_urlsafe(RANDOM_BYTES)}"
