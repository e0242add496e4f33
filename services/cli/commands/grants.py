"""``trackgate grants``: what an artist allows to whom."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from services.cli.adapters.registry_api import RegistryApi
from services.cli.commands.registry_access import aware, digest, on_registry, tell
from services.cli.console import out, print_json
from services.cli.options import Json
from shared.events import GrantUse

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode="rich", help="Consent: what an artist allows to whom."
)

_DATES = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S%z"]


@app.command("give")
@on_registry
def give(
    api: RegistryApi,
    grant_id: Annotated[str, typer.Argument(metavar="ID", help="For example `ada-acme-2026`.")],
    valid_from: Annotated[
        datetime | None, typer.Option("--from", formats=_DATES, help="Now when left out.")
    ] = None,
    isrc: Annotated[list[str] | None, typer.Option(help="Only these recordings; repeat it.")] = None,
    territory: Annotated[list[str] | None, typer.Option(help="Only there; repeat it.")] = None,
    document: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="The signed document; only its SHA-256 is sent."),
    ] = None,
    *,
    artist: Annotated[str, typer.Option(help="The artist who consents.")],
    to: Annotated[str, typer.Option(help="A distributor's id, or * for anyone.")],
    use: Annotated[list[GrantUse], typer.Option(help="Repeat it.")],
    until: Annotated[datetime, typer.Option(formats=_DATES, help="At most ten years on.")],
    by: Annotated[str, typer.Option(help="Who signed, as or for the artist.")],
    label: Annotated[bool, typer.Option(help="Whether listeners must be told.")] = True,
    json: Json = False,
) -> None:
    r"""Record an artist's consent.

    [dim]$[/] trackgate grants give ada-acme --artist ada-voice --to acme-music \
        --by "Ada Voice" --use cloned_vocal --until 2027-01-01 --territory DE --document signed.pdf
    """
    body: dict[str, Any] = {
        "artist_id": artist,
        "grantee": to,
        "uses": [one.value for one in use],
        "isrcs": isrc or [],
        "territories": territory or ["Worldwide"],
        "valid_until": aware(until).isoformat(),
        "label_required": label,
        "document_sha256": digest(document) if document else None,
        "granted_by": by,
    }
    if valid_from is not None:
        body["valid_from"] = aware(valid_from).isoformat()
    given = api.put(f"/v1/grants/{grant_id}", body)
    if json:
        print_json(given)
    else:
        state = "live" if given["live"] else f"live from {given['valid_from']}"
        out.print(f"[green]✓[/] {grant_id}: {artist} → {to}, {state}, until {given['valid_until']}")


@app.command("list")
@on_registry
def list_grants(
    api: RegistryApi,
    artist: Annotated[str | None, typer.Option(help="Only this artist's.")] = None,
    *,
    json: Json = False,
) -> None:
    """List consent grants."""
    query = {"artist_id": artist} if artist else {}
    found = api.get("/v1/grants", **query)
    tell(found, ("grant_id", "artist_id", "grantee", "uses", "territories", "valid_until", "live"), json=json)


@app.command("revoke")
@on_registry
def revoke(
    api: RegistryApi,
    grant_id: Annotated[str, typer.Argument(metavar="ID")],
) -> None:
    """End consent at once. It cannot be revived under the same id."""
    revoked = api.post(f"/v1/grants/{grant_id}/revoke")
    out.print(f"[green]✓[/] {grant_id} is revoked since {revoked['revoked_at']}")
