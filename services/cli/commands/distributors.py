"""``trackgate distributors``: who may deliver."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from services.cli.adapters.registry_api import RegistryApi
from services.cli.commands.registry_access import on_registry, tell
from services.cli.console import err, out, print_json
from services.cli.options import Json
from shared.private_files import write_private

app = typer.Typer(no_args_is_help=True, rich_markup_mode="rich", help="Who may deliver.")


@app.command("add")
@on_registry
def add_distributor(
    api: RegistryApi,
    name: Annotated[str, typer.Argument(help="As people know it.")],
    distributor_id: Annotated[
        str | None, typer.Option("--id", help="Made from the name when left out.")
    ] = None,
    tracks_per_day: Annotated[int, typer.Option(min=0)] = 10_000,
    save: Annotated[
        Path | None, typer.Option(help="Keep the key in this file, for you alone, instead of showing it.")
    ] = None,
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
    _tell_key(api.post("/v1/distributors", body), save, json=json)


@app.command("new-key")
@on_registry
def new_key(
    api: RegistryApi,
    distributor_id: Annotated[str, typer.Argument(metavar="ID")],
    save: Annotated[Path | None, typer.Option(help="Keep the key in this file, for you alone.")] = None,
    *,
    json: Json = False,
) -> None:
    """Give a distributor a new API key. The old one stops working at once."""
    _tell_key(api.post(f"/v1/distributors/{distributor_id}/key"), save, json=json)


@app.command("list")
@on_registry
def list_distributors(
    api: RegistryApi,
    *,
    json: Json = False,
) -> None:
    """List who may deliver."""
    tell(api.get("/v1/distributors"), ("distributor_id", "name", "active", "tracks_per_day"), json=json)


@app.command("deactivate")
@on_registry
def deactivate(
    api: RegistryApi,
    distributor_id: Annotated[str, typer.Argument(metavar="ID")],
) -> None:
    """Refuse what a distributor delivers from now on."""
    api.post(f"/v1/distributors/{distributor_id}/deactivate")
    out.print(f"[green]✓[/] {distributor_id} may deliver no more")


def _tell_key(told: dict[str, Any], save: Path | None, *, json: bool) -> None:
    key = told["api_key"]
    if save is not None and (fault := _kept(save, key)) is not None:
        err.print(f"[red]✗[/] {escape(f'{save} cannot be written ({fault})')}: the key is shown instead")
        save = None
    if save is not None:
        told = {name: value for name, value in told.items() if name != "api_key"} | {
            "api_key_file": str(save)
        }
    if json:
        print_json(told)
    elif save is not None:
        out.print(f"[green]✓[/] {told['distributor_id']}: the key is in {escape(str(save))}")
    else:
        out.print(f"[green]✓[/] {told['distributor_id']} may deliver. Its API key, told only now:")
        out.print(key, markup=False, soft_wrap=True)


def _kept(save: Path, key: str) -> str | None:
    """Why the key could not be kept: it is told only once, so that must not lose it."""
    try:
        write_private(save, f"{key}\n".encode("ascii"))
    except OSError as error:
        return error.strerror or type(error).__name__
    return None
