"""``trackgate submit``, ``status`` and ``watch``."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from services.cli.adapters.tracks_api import TracksApi, tracks_api
from services.cli.console import EXIT_FAILED, out, plain_words, print_json
from services.cli.credentials import secret
from services.cli.metadata import metadata_of, read_metadata_file
from services.cli.options import DEFAULT_API, Api, ApiKey, ApiKeyFile, Json
from services.cli.screening import Accepted, Decided, Submission, submit
from services.cli.tags import tags_of
from services.cli.track_tables import coloured, result_json, results_table, track_json, tracks_table
from services.cli.tracks import RECEIVED, Track
from services.cli.upload_bars import upload_bars
from shared.events import AiUse

_DECLARED = "What you declare"


def _key(given: str | None, file: Path | None) -> str:
    return secret(
        given,
        file,
        name="API key",
        how="set TRACKGATE_API_KEY; `trackgate distributors add NAME` makes one",
    )


def submit_files(
    files: Annotated[
        list[Path],
        typer.Argument(exists=True, dir_okay=False, readable=True, help="FLAC, WAV, MP3, Ogg, Opus."),
    ],
    metadata: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="JSON: fields for all files, and under `files` those of one, by its name.",
            rich_help_panel=_DECLARED,
        ),
    ] = None,
    title: Annotated[str | None, typer.Option(help="Of a single file.", rich_help_panel=_DECLARED)] = None,
    artist: Annotated[str | None, typer.Option(help="The display artist.", rich_help_panel=_DECLARED)] = None,
    ai_use: Annotated[
        AiUse | None,
        typer.Option(
            help="How much is generated; leaving it out is no statement.", rich_help_panel=_DECLARED
        ),
    ] = None,
    isrc: Annotated[str | None, typer.Option(help="Of a single file.", rich_help_panel=_DECLARED)] = None,
    release_date: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], rich_help_panel=_DECLARED)
    ] = None,
    territory: Annotated[
        list[str] | None,
        typer.Option(
            help="ISO 3166-1 alpha-2; repeat it. Worldwide when left out.", rich_help_panel=_DECLARED
        ),
    ] = None,
    artist_key: Annotated[
        list[str] | None,
        typer.Option(help="As the artist gave it to you; repeat it.", rich_help_panel=_DECLARED),
    ] = None,
    api: Api = DEFAULT_API,
    api_key: ApiKey = None,
    api_key_file: ApiKeyFile = None,
    parallel: Annotated[int, typer.Option(min=1, max=16, help="Uploads at the same time.")] = 2,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds to wait for a decision.")] = 600.0,
    *,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Stay until each is decided.")] = False,
    json: Json = False,
) -> None:
    """Deliver recordings, and with [b]--watch[/] see what becomes of them.

    What you leave out comes from the metadata file, then from the file's tags, then from its name
    (`Artist - Title.flac`). The same file with the same words is the same track however often you send it.

    [dim]$[/] trackgate submit "Ada Voice - Song.flac" --ai-use none --watch
    [dim]$[/] trackgate submit *.flac --metadata album.json --watch --json > decisions.json

    Exit status 0 when every file was accepted and, with [b]--watch[/], decided; else 1.
    """
    if len(files) > 1 and (title or isrc):
        raise typer.BadParameter("a title or ISRC is of one file: use --metadata for several")
    options: dict[str, Any] = {
        "title": title,
        "display_artist": artist,
        "ai_use": ai_use.value if ai_use else None,
        "isrc": isrc,
        "release_date": release_date.date().isoformat() if release_date else None,
        "territories": territory,
        "artist_keys": artist_key,
    }
    with plain_words():
        common, by_file = read_metadata_file(metadata.read_bytes(), metadata.name) if metadata else ({}, {})
        submissions = [
            Submission(
                file, metadata_of(file, options=options, common=common, by_file=by_file, tags=tags_of(file))
            )
            for file in files
        ]
        key = _key(api_key, api_key_file)

        async def run() -> list[Any]:
            async with tracks_api(api, key) as tracks:
                with upload_bars(submissions) as display:
                    return await submit(
                        tracks, submissions, display, watch=watch, parallel=parallel, patience_seconds=timeout
                    )

        results = asyncio.run(run())
    if json:
        print_json([result_json(one, result) for one, result in zip(submissions, results, strict=True)])
    else:
        out.print(results_table(submissions, results))
    if not all(isinstance(result, Decided | Accepted) for result in results):
        raise typer.Exit(EXIT_FAILED)


def status(
    tracks: Annotated[list[str], typer.Argument(metavar="TRACK…", help="Track ids.")],
    api: Api = DEFAULT_API,
    api_key: ApiKey = None,
    api_key_file: ApiKeyFile = None,
    *,
    json: Json = False,
) -> None:
    """Show what became of tracks: decision, labels, reasons, scores, and how it came about.

    [dim]$[/] trackgate status 0b2d2b9e-7c1e-5a3f-9d54-2f4c0d1a6e11
    """
    with plain_words():
        key = _key(api_key, api_key_file)

        async def run() -> list[Track]:
            async with tracks_api(api, key) as reader:
                return [await reader.track(track_id) for track_id in tracks]

        found = asyncio.run(run())
    if json:
        print_json([track_json(track) for track in found])
        return
    out.print(tracks_table(found))
    for track in found:
        out.print(f"\n[bold]{escape(track.title)}[/]")
        for entry in track.history:
            out.print(f"  [dim]{entry.at:%Y-%m-%d %H:%M:%S}[/] {entry.what:<9} {escape(entry.summary)}")


def watch(
    tracks: Annotated[list[str], typer.Argument(metavar="TRACK…", help="Track ids.")],
    api: Api = DEFAULT_API,
    api_key: ApiKey = None,
    api_key_file: ApiKeyFile = None,
    *,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Past a quarantine, until a person has resolved it.")
    ] = False,
    json: Json = False,
) -> None:
    """Watch tracks until each is decided, a line for every change.

    [dim]$[/] trackgate watch 0b2d2b9e-7c1e-5a3f-9d54-2f4c0d1a6e11 --follow
    """
    with plain_words():
        key = _key(api_key, api_key_file)

        async def one(reader: TracksApi, track_id: str) -> Track | None:
            last = None
            async for last in reader.watch(track_id):
                if not json:
                    now = datetime.now().astimezone()
                    told = coloured(last.progress)
                    out.print(f"[dim]{now:%H:%M:%S}[/] {escape(last.title)} [dim]{track_id}[/] {told}")
                if last.final or (last.state != RECEIVED and not follow):
                    break
            return last

        async def run() -> list[Track | None]:
            async with tracks_api(api, key) as reader:
                return await asyncio.gather(*(one(reader, track_id) for track_id in tracks))

        found = [track for track in asyncio.run(run()) if track is not None]
    if json:
        print_json([track_json(track) for track in found])
    else:
        out.print(tracks_table(found))
