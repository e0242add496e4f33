"""``trackgate statements``: DSA statements of reasons, out of the decision log."""

import typer

from services.cli.commands.policy import PASS_ON, hand_over

app = typer.Typer(no_args_is_help=True, rich_markup_mode="rich", help="DSA statements of reasons.")


@app.callback()
def statements() -> None:
    """Statements are made with each restricting decision; here they leave."""


@app.command("export", context_settings=PASS_ON)
def export(context: typer.Context) -> None:
    """One JSON object a line, in the Transparency Database's fields: [b]export --since 7d --out FILE[/].

    Each is validated and searched for personal data first; what is refused is told, and the exit status is 1.
    """
    hand_over("statements", *context.args)
