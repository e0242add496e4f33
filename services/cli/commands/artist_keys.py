"""``trackgate keys``: keys with which distributors deliver for an artist."""

from datetime import datetime
from typing import Annotated, Any

import typer

from services.cli.adapters.registry_api import RegistryApi
from services.cli.commands.registry_access import aware, on_registry, tell
from services.cli.console import out, print_json
from services.cli.options import Json

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    help="Artist keys: whoever presents one with a delivery delivers for the artist.",
)
_Artist = Annotated[str, typer.Argument(metavar="ARTIST")]


@app.command("give")
@on_registry
def give(
    api: RegistryApi,
    artist_id: _Artist,
    key_id: Annotated[str, typer.Argument(metavar="ID", help="For example `ada-acme`.")],
    distributor: Annotated[
        str | None, typer.Option(help="Who alone may present it; anybody when left out.")
    ] = None,
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
    given = api.post(f"/v1/artists/{artist_id}/keys", body)
    if json:
        print_json(given)
    else:
        out.print(f"[green]✓[/] {key_id} for {distributor or 'anybody'}, shown this once:")
        out.print(given["artist_key"], soft_wrap=True)


@app.command("list")
@on_registry
def list_keys(
    api: RegistryApi,
    artist_id: _Artist,
    *,
    json: Json = False,
) -> None:
    """The keys that an artist gave."""
    found = api.get(f"/v1/artists/{artist_id}/keys")
    if not json:
        for one in found:
            one["distributor_id"] = one["distributor_id"] or "anybody"
    tell(found, ("key_id", "distributor_id", "valid_until", "live"), json=json)


@app.command("revoke")
@on_registry
def revoke(
    api: RegistryApi,
    artist_id: _Artist,
    key_id: Annotated[str, typer.Argument(metavar="ID")],
) -> None:
    """Revoke a key at once: what was delivered with it is decided again."""
    api.post(f"/v1/artists/{artist_id}/keys/{key_id}/revoke")
    out.print(f"[green]✓[/] {key_id} is revoked")
