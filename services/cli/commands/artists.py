"""``trackgate artists``: whose voices are looked for."""

from pathlib import Path
from typing import Annotated

import typer

from services.cli.commands.registry_access import registry_access, tell
from services.cli.console import out, print_json
from services.cli.options import DEFAULT_REGISTRY, DEFAULT_TOKEN_FILE, Json, RegistryUrl, Token, TokenFile

app = typer.Typer(no_args_is_help=True, rich_markup_mode="rich", help="Artists whose voices are looked for.")


@app.command("enrol")
def enrol(
    artist_id: Annotated[str, typer.Argument(metavar="ID", help="For example `ada-voice`.")],
    references: Annotated[
        list[Path] | None,
        typer.Argument(exists=True, dir_okay=False, help="Recordings of the artist's own voice."),
    ] = None,
    rights: Annotated[str | None, typer.Option(help="Why the recordings may be used.")] = None,
    alias: Annotated[list[str] | None, typer.Option(help="Repeat it.")] = None,
    isni: Annotated[str | None, typer.Option(help="The artist's ISNI.")] = None,
    own_distributor: Annotated[
        list[str] | None, typer.Option(help="Who delivers for the artist; repeat it.")
    ] = None,
    registry: RegistryUrl = DEFAULT_REGISTRY,
    token: Token = None,
    token_file: TokenFile = DEFAULT_TOKEN_FILE,
    *,
    name: Annotated[str, typer.Option(help="As it stands on releases.")],
    consent: Annotated[
        str, typer.Option(help="How the artist agreed to being recognised by voice: who, how, when.")
    ],
    json: Json = False,
) -> None:
    r"""Protect an artist's voice, or change what is known of an artist.

    Recordings come beside those that are kept. A voice is biometric data: say how the artist consented.

    [dim]$[/] trackgate artists enrol ada-voice take1.flac take2.flac --name "Ada Voice" \
        --consent "Signed form of 2026-01-02, kept by the label" --rights "own recordings"
    """
    form = {
        "name": name,
        "aliases": alias or [],
        "isni": isni,
        "biometric_consent": consent,
        "own_distributors": own_distributor or [],
        "rights_basis": rights,
    }
    with registry_access(registry, token, token_file) as api:
        enrolled = api.enrol(artist_id, form, references or [])
    if json:
        print_json(enrolled)
        return
    seconds = sum(reference["seconds"] for reference in enrolled["references"])
    count = len(enrolled["references"])
    out.print(f"[green]✓[/] {artist_id} is protected with {count} recording(s), {seconds:.0f} s")


@app.command("list")
def list_artists(
    registry: RegistryUrl = DEFAULT_REGISTRY,
    token: Token = None,
    token_file: TokenFile = DEFAULT_TOKEN_FILE,
    *,
    json: Json = False,
) -> None:
    """List protected artists."""
    with registry_access(registry, token, token_file) as api:
        found = api.get("/v1/artists")
    if not json:
        for artist in found:
            artist["recordings"] = len(artist["references"])
    tell(found, ("artist_id", "name", "status", "recordings", "own_distributors"), json=json)


@app.command("withdraw")
def withdraw(
    artist_id: Annotated[str, typer.Argument(metavar="ID")],
    registry: RegistryUrl = DEFAULT_REGISTRY,
    token: Token = None,
    token_file: TokenFile = DEFAULT_TOKEN_FILE,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Stop looking for an artist's voice at once and remove the recordings for good."""
    if not yes:
        typer.confirm(f"Remove the recordings of {artist_id} for good?", abort=True)
    with registry_access(registry, token, token_file) as api:
        api.post(f"/v1/artists/{artist_id}/withdraw")
    out.print(f"[green]✓[/] {artist_id} is withdrawn and the recordings are removed")
