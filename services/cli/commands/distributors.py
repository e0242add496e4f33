"""``trackgate distributors``: who may deliver."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from services.cli.commands.registry_access import registry_access, tell
from services.cli.console import out, print_json
from services.cli.options import DEFAULT_REGISTRY, DEFAULT_TOKEN_FILE, Json, RegistryUrl, Token, TokenFile

app = typer.Typer(no_args_is_help=True, rich_markup_mode="rich", help="Who may deliver.")


@app.command("add")
def add_distributor(
    name: Annotated[str, typer.Argument(help="As people know it.")],
    distributor_id: Annotated[
        str | None, typer.Option("--id", help="Made from the name when left out.")
    ] = None,
    tracks_per_day: Annotated[int, typer.Option(min=0)] = 10_000,
    save: Annotated[
        Path | None, typer.Option(help="Keep the key in this file, for you alone, instead of showing it.")
    ] = None,
    registry: RegistryUrl = DEFAULT_REGISTRY,
    token: Token = None,
    token_file: TokenFile = DEFAULT_TOKEN_FILE,
    *,
    json: Json = False,
) -> None:
    """Register a distributor and get its API key, which is told only once.

    [dim]$[/] trackgate distributors add "Acme Music"
    [dim]$[/] trackgate distributors add "Acme Music" --save acme.key
    """
    body: dict[str, Any] = {"name": name, "tracks_per_day": tracks_per_day}
    if distributor_id is not None:
        body["distributor_id"] = distributor_id
    with registry_access(registry, token, token_file) as api:
        _tell_key(api.post("/v1/distributors", body), save, json=json)


@app.command("new-key")
def new_key(
    distributor_id: Annotated[str, typer.Argument(metavar="ID")],
    save: Annotated[Path | None, typer.Option(help="Keep the key in this file, for you alone.")] = None,
    registry: RegistryUrl = DEFAULT_REGISTRY,
    token: Token = None,
    token_file: TokenFile = DEFAULT_TOKEN_FILE,
    *,
    json: Json = False,
) -> None:
    """Give a distributor a new API key. The old one stops working at once."""
    with registry_access(registry, token, token_file) as api:
        _tell_key(api.post(f"/v1/distributors/{distributor_id}/key"), save, json=json)


@app.command("list")
def list_distributors(
    registry: RegistryUrl = DEFAULT_REGISTRY,
    token: Token = None,
    token_file: TokenFile = DEFAULT_TOKEN_FILE,
    *,
    json: Json = False,
) -> None:
    """List who may deliver."""
    with registry_access(registry, token, token_file) as api:
        tell(api.get("/v1/distributors"), ("distributor_id", "name", "active", "tracks_per_day"), json=json)


@app.command("deactivate")
def deactivate(
    distributor_id: Annotated[str, typer.Argument(metavar="ID")],
    registry: RegistryUrl = DEFAULT_REGISTRY,
    token: Token = None,
    token_file: TokenFile = DEFAULT_TOKEN_FILE,
) -> None:
    """Refuse what a distributor delivers from now on."""
    with registry_access(registry, token, token_file) as api:
        api.post(f"/v1/distributors/{distributor_id}/deactivate")
    out.print(f"[green]✓[/] {distributor_id} may deliver no more")


def _tell_key(told: dict[str, Any], save: Path | None, *, json: bool) -> None:
    key = told["api_key"]
    if save is not None:
        descriptor = os.open(save, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(key + "\n")
        told = {name: value for name, value in told.items() if name != "api_key"} | {
            "api_key_file": str(save)
        }
    if json:
        print_json(told)
    elif save is not None:
        out.print(f"[green]✓[/] {told['distributor_id']}: the key is in {save}")
    else:
        out.print(f"[green]✓[/] {told['distributor_id']} may deliver. Its API key, told only now:")
        out.print(key, markup=False, soft_wrap=True)
