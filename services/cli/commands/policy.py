"""``trackgate policy`` and ``trackgate explain``: the policy service's own commands, under one roof."""

import os
import sys
from typing import Annotated, NoReturn

import typer

PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}
app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    help="Check, try, promote, roll back, backtest and replay policies.",
)
Context = typer.Context


def hand_over(*arguments: str) -> NoReturn:
    """Become the policy service's command, so that its output, questions and exit status are its own."""
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "services.policy", *arguments])  # noqa: S606 - no shell, own module


@app.command("check", context_settings=PASS_ON)
def check(context: Context) -> None:
    """Name every mistake in a policy file, with its line, column and the nearest valid name."""
    hand_over("check", *context.args)


@app.command("draft", context_settings=PASS_ON)
def draft(context: Context) -> None:
    """Put a policy file on record: [b]draft FILE --by NAME[/]."""
    hand_over("draft", *context.args)


@app.command("shadow", context_settings=PASS_ON)
def shadow(context: Context) -> None:
    """Evaluate a version on live traffic without letting it act: [b]shadow VERSION --by NAME[/]."""
    hand_over("shadow", *context.args)


@app.command("rollout", context_settings=PASS_ON)
def rollout(context: Context) -> None:
    """Let it decide for a share: [b]rollout VERSION --percent 5 --by SECOND-PERSON[/]."""
    hand_over("rollout", *context.args)


@app.command("promote", context_settings=PASS_ON)
def promote(context: Context) -> None:
    """Let it decide for all: [b]promote VERSION --by SECOND-PERSON[/]."""
    hand_over("promote", *context.args)


@app.command("rollback", context_settings=PASS_ON)
def rollback(context: Context) -> None:
    """The version before decides again, in every worker, at once: [b]rollback --by NAME[/]."""
    hand_over("rollback", *context.args)


@app.command("retire", context_settings=PASS_ON)
def retire(context: Context) -> None:
    """Take a version out of use: [b]retire VERSION --by NAME[/]."""
    hand_over("retire", *context.args)


@app.command("versions", context_settings=PASS_ON)
def versions(context: Context) -> None:
    """List every version, its stage and who brought it there."""
    hand_over("versions", *context.args)


@app.command("show", context_settings=PASS_ON)
def show(context: Context) -> None:
    """Print the policy file of a version."""
    hand_over("show", *context.args)


@app.command("backtest", context_settings=PASS_ON)
def backtest(context: Context) -> None:
    """What a policy would have made of the record: [b]backtest FILE --since 7d --html report.html[/]."""
    hand_over("backtest", *context.args)


@app.command("replay", context_settings=PASS_ON)
def replay(context: Context) -> None:
    """Decide again from the record and compare, word for word."""
    hand_over("replay", *context.args)


@app.command("label", context_settings=PASS_ON)
def label(context: Context) -> None:
    """Add a label or take one away: [b]label TRACK negate ai-detected --by NAME --reason … --days 30[/]."""
    hand_over("label", *context.args)


def explain(
    track: Annotated[str, typer.Argument(help="Track id.")],
    *,
    every_rule: Annotated[
        bool, typer.Option("--all", help="Also the rules that did not match, and why.")
    ] = False,
) -> None:
    """Say what was decided on a track, and why: every rule, every input, every decision before.

    [dim]$[/] trackgate explain 0b2d2b9e-7c1e-5a3f-9d54-2f4c0d1a6e11 --all
    """
    hand_over("explain", track, *(["--all"] if every_rule else []))
