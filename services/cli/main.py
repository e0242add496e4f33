"""``trackgate``: the command line's composition root."""

import typer

from services.cli.commands import (
    artist_keys,
    artists,
    distributors,
    dlq,
    grants,
    policy,
    proposals,
    statements,
    webhooks,
)
from services.cli.commands.bench import bench
from services.cli.commands.doctor import doctor
from services.cli.commands.rebuild import rebuild_views
from services.cli.commands.sweep import sweep
from services.cli.commands.topics import topics
from services.cli.commands.tracks import status, submit_files, watch

app = typer.Typer(
    name="trackgate",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("submit", rich_help_panel="Deliver")(submit_files)
app.command(rich_help_panel="Deliver")(status)
app.command(rich_help_panel="Deliver")(watch)
app.add_typer(artists.app, name="artists", rich_help_panel="Protect")
app.add_typer(proposals.app, name="proposals", rich_help_panel="Protect")
app.add_typer(artist_keys.app, name="keys", rich_help_panel="Protect")
app.add_typer(grants.app, name="grants", rich_help_panel="Protect")
app.add_typer(distributors.app, name="distributors", rich_help_panel="Protect")
app.command(rich_help_panel="Decide")(policy.explain)
app.add_typer(policy.app, name="policy", rich_help_panel="Decide")
app.add_typer(statements.app, name="statements", rich_help_panel="Decide")
app.add_typer(webhooks.app, name="webhooks", rich_help_panel="Operate")
app.add_typer(dlq.app, name="dlq", rich_help_panel="Operate")
app.command(rich_help_panel="Operate")(topics)
app.command(rich_help_panel="Operate")(rebuild_views)
app.command(rich_help_panel="Operate")(sweep)
app.command(rich_help_panel="Operate")(doctor)
app.command(rich_help_panel="Operate")(bench)


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
