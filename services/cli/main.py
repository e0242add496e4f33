"""``trackgate``: the command line's composition root."""

import typer

from services.cli.commands import dlq
from services.cli.commands.topics import topics

app = typer.Typer(
    name="trackgate",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(dlq.app, name="dlq", rich_help_panel="Operate")
app.command(rich_help_panel="Operate")(topics)


@app.callback()
def trackgate() -> None:
    """Screen music before anyone hears it.

    Every track that you submit is published, labelled or quarantined, with its reasons.

    [dim]$[/] trackgate submit song.flac --artist "Ada Voice" --ai-use none --watch
    [dim]$[/] trackgate status 5f0c…
    [dim]$[/] trackgate doctor

    Settings come from options or from the environment: TRACKGATE_API and TRACKGATE_API_KEY for uploads,
    TRACKGATE_REGISTRY and TRACKGATE_REGISTRY_TOKEN for artists, grants and distributors, TRACKGATE_KAFKA for
    topics and dead letters.
    """
