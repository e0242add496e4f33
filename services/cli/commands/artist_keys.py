"""``trackgate keys``: keys with which distributors deliver for an artist."""

from datetime import datetime
from typing import Annotated, Any

import typer

from services.cli.commands.registry_access import aware, registry_access, tell
from services.cli.console import out, print_json
from services.cli.options import DEFAULT_REGISTRY, DEFAULT_TOKEN_FILE, Json, RegistryUrl, Token, TokenFile

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    help="Artist keys: whoever presents one with a delivery delivers for the artist.",
)
_Artist = Annotated[str, typer.Argument(metavar="ARTIST")]


@app.command("give")
def give(
    artist_id: _Artist,
    key_id: Annotated[str, typer.Argument(metavar="ID", help="For example `ada-acme`.")],
    distributor: Annotated[
        str | None, typer.Option(help="Who alone may present it; anybody when left out.")
    ] = None,
    registry: RegistryUrl = DEFAULT_REGISTRY,
    token: Token = None,
    token_file: TokenFile = DEFAULT_TOKEN_FILE,
    *,
    until: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="At most ten years on.")],
    json: Json = False,
) -> None:
    """Make an artist key. It is shown once, here."""
    body: dict[str, Any] = {
        "key_id": key_id,
        "distributor_id": distributor,
        "valid_until": aware(until).isoformat(),
    }
    with registry_access(registry, token, token_file) as api:
        given = api.post(f"/v1/artists/{artist_id}/keys", body)
    if json:
        print_json(given)
    else:
        out.print(f"[green]✓[/] {key_id} for {distributor or 'anybody'}, shown this once:")
        out.print(given["artist_key"], soft_wrap=True)


@app.command("list")
def list_keys(
    artist_id: _Artist,
    registry: RegistryUrl = DEFAULT_REGISTRY,
    token: Token = None,
    token_file: TokenFile = DEFAULT_TOKEN_FILE,
    *,
    json: Json = False,
) -> None:
    """The keys that an artist gave."""
    with registry_access(registry, token, token_file) as api:
        found = api.get(f"/v1/artists/{artist_id}/keys")
    if not json:
        for one in found:
            one["distributor_id"] = one["distributor_id"] or "anybody"
    tell(found, ("key_id", "distributor_id", "valid_until", "live"), json=json)


@app.command("revoke")
def revoke(
    artist_id: _Artist,
    key_id: Annotated[str, typer.Argument(metavar="ID")],
    registry: RegistryUrl = DEFAULT_REGISTRY,
    token: Token = None,
    token_file: TokenFile = DEFAULT_TOKEN_FILE,
) -> None:
    """Revoke a key at once: what was delivered with it is decided again."""
    with registry_access(registry, token, token_file) as api:
        api.post(f"/v1/artists/{artist_id}/keys/{key_id}/revoke")
    out.print(f"[green]✓[/] {key_id} is revoked")
