"""``trackgate artists``: whose voices are looked for."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from services.cli.adapters.registry_api import RegistryApi
from services.cli.commands.registry_access import aware, digest, on_registry, tell
from services.cli.console import out, print_json
from services.cli.options import Json

_DATES = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"]

app = typer.Typer(no_args_is_help=True, rich_markup_mode="rich", help="Artists whose voices are looked for.")


@app.command("enrol")
@on_registry
def enrol(
    api: RegistryApi,
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
    group: Annotated[
        str, typer.Option(help="The register or era of these recordings; a template of its own.")
    ] = "",
    without: Annotated[
        list[str] | None, typer.Option(help="SHA-256 of a recording to drop; repeat it.")
    ] = None,
    document: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="Proof of authority; only its SHA-256 is sent."),
    ] = None,
    consent_at: Annotated[
        datetime | None, typer.Option(formats=_DATES, help="When consent was given; now when left out.")
    ] = None,
    consent_by: Annotated[str | None, typer.Option(help="Who gave it; the artist when left out.")] = None,
    *,
    name: Annotated[str, typer.Option(help="As it stands on releases.")],
    consent: Annotated[
        str, typer.Option(help="How the artist agreed to being recognised by voice: who, how, when.")
    ],
    authority: Annotated[str, typer.Option(help="Why you may speak for the artist.")],
    json: Json = False,
) -> None:
    r"""Propose to protect an artist's voice, or to change what is known of an artist.

    The detectors check the recordings, then a second person approves: `trackgate proposals approve ID`.
    Recordings come beside those that are kept. A voice is biometric data: say how the artist consented.

    [dim]$[/] trackgate artists enrol ada-voice take1.flac take2.flac --name "Ada Voice" \
        --consent "Signed form of 2026-01-02, kept by the label" --rights "own recordings" \
        --authority "Her label; contract of 2025-11-01" --document contract.pdf
    """
    form: dict[str, Any] = {
        "name": name,
        "aliases": alias or [],
        "isni": isni,
        "biometric_consent": consent,
        "own_distributors": own_distributor or [],
        "rights_basis": rights,
        "group": group,
        "without": without or [],
        "consent": {
            "given_by": consent_by or name,
            "given_at": aware(consent_at or datetime.now(UTC)).isoformat(),
        },
        "authority": {"statement": authority, "document_sha256": document and digest(document)},
    }
    proposed = api.enrol(artist_id, form, references or [])
    if json:
        print_json(proposed)
        return
    seconds = sum(reference["seconds"] for reference in proposed["references"])
    count = len(proposed["references"])
    out.print(f"[green]✓[/] {artist_id}: {count} recording(s), {seconds:.0f} s, {proposed['state']}")
    if proposed["state"] == "pending":
        out.print(f"  a second person approves: [bold]trackgate proposals approve {artist_id}[/]")


@app.command("list")
@on_registry
def list_artists(
    api: RegistryApi,
    *,
    json: Json = False,
) -> None:
    """List protected artists."""
    found = api.get("/v1/artists")
    if not json:
        for artist in found:
            artist["recordings"] = len(artist["references"])
            artist["approved_by"] = artist["approved_by"] or "-"
    tell(found, ("artist_id", "name", "status", "recordings", "own_distributors", "approved_by"), json=json)


@app.command("withdraw")
@on_registry
def withdraw(
    api: RegistryApi,
    artist_id: Annotated[str, typer.Argument(metavar="ID")],
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Stop looking for an artist's voice at once; destroy its key, its template and the recordings."""
    if not yes:
        typer.confirm(f"Remove the recordings of {artist_id} for good?", abort=True)
    api.post(f"/v1/artists/{artist_id}/withdraw")
    out.print(f"[green]✓[/] {artist_id} is withdrawn and the recordings are removed")
