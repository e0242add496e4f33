"""``trackgate proposals``: what was proposed, what the checks say, and a second person's answer."""

from typing import Annotated, Any

import typer
from rich.markup import escape

from services.cli.adapters.registry_api import RegistryApi
from services.cli.commands.registry_access import on_registry, tell
from services.cli.console import out, print_json
from services.cli.options import Json

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode="rich", help="Artists whom somebody proposes to protect."
)
_Id = Annotated[str, typer.Argument(metavar="ID", help="The artist's id.")]


@app.command("list")
@on_registry
def list_proposals(
    api: RegistryApi,
    *,
    json: Json = False,
) -> None:
    """The last proposal for every artist, those that wait first."""
    found = api.get("/v1/proposals")
    tell(found, ("artist_id", "name", "state", "proposed_by", "waiting_for"), json=json)


@app.command("show")
@on_registry
def show(
    api: RegistryApi,
    artist_id: _Id,
    *,
    json: Json = False,
) -> None:
    """What the detectors think of the recordings, and how well the voice is told apart."""
    found = api.get(f"/v1/proposals/{artist_id}")
    if json:
        print_json(found)
    else:
        _tell(found)


@app.command("approve")
@on_registry
def approve(
    api: RegistryApi,
    artist_id: _Id,
    accepting: Annotated[
        str, typer.Option(help="Why doubts are set aside; needed where there are any.")
    ] = "",
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Look at a proposal and protect the artist as proposed. Whoever proposed it cannot."""
    found = api.get(f"/v1/proposals/{artist_id}")
    _tell(found)
    if not yes:
        typer.confirm(f"Protect {found['name']} so?", abort=True)
    answer = {"proposal_id": found["proposal_id"], "accepting": accepting}
    api.post(f"/v1/proposals/{artist_id}/approve", answer)
    out.print(f"[green]✓[/] {artist_id} is protected")


@app.command("reject")
@on_registry
def reject(
    api: RegistryApi,
    artist_id: _Id,
    *,
    why: Annotated[str, typer.Option(help="Told to whoever proposed it.")],
) -> None:
    """Turn a proposal down, or take your own back; its recordings are removed."""
    api.post(f"/v1/proposals/{artist_id}/reject", {"why": why})
    out.print(f"[green]✓[/] the proposal for {artist_id} is turned down")


def _tell(found: dict[str, Any]) -> None:
    out.print(f"[bold]{escape(found['name'])}[/] ({found['artist_id']}): {found['state']}")
    if found["waiting_for"]:
        out.print(f"  still being checked by {' and '.join(found['waiting_for'])}")
    for heading, concerns in (("unfit", found["unfit"]), ("doubt", found["doubts"])):
        for one in concerns:
            about = f" {one['sha256'][:12]}" if one["sha256"] else ""
            out.print(f"  [yellow]{heading}[/]{about}: {escape(one['what'])} {escape(one['do'])}")
    for near in found["neighbours"]:
        who = near["artist_id"] or "another protected artist"
        out.print(f"  nearer than {near['percentile']:g} % of different voices: {who}, {near['verdict']}")
    if not found["neighbours"] and not found["waiting_for"]:
        out.print(f"  compared with {found['compared_with']} protected artists")
