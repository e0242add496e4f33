"""What the commands of the registry share: reaching it, telling lists, dates and digests."""

import functools
import hashlib
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, get_type_hints

from rich.markup import escape
from rich.table import Table

from services.cli.adapters.registry_api import RegistryApi, registry_api
from services.cli.console import out, plain_words, print_json
from services.cli.credentials import secret
from services.cli.options import DEFAULT_REGISTRY, DEFAULT_TOKEN_FILE, RegistryUrl, Token, TokenFile

P = ParamSpec("P")
_REACHING = {
    "registry": (RegistryUrl, DEFAULT_REGISTRY),
    "token": (Token, None),
    "token_file": (TokenFile, DEFAULT_TOKEN_FILE),
}
"""The options that say how to reach the registry, with their defaults."""


@contextmanager
def registry_access(url: str, token: str | None, file: Path) -> Iterator[RegistryApi]:
    with plain_words():
        held = secret(
            token,
            file,
            name="administrators' token",
            how="set TRACKGATE_REGISTRY_TOKEN, or TRACKGATE_REGISTRY_TOKEN_FILE to the file that holds it",
        )
        with registry_api(url, held) as api:
            yield api


def on_registry(command: Callable[Concatenate[RegistryApi, P], None]) -> Callable[..., None]:
    """Gives a command the registry as its first argument, and its user the options that say where it is.

    Typer makes options of what the signature says: the command's own parameters, then these.
    """
    _, *own = inspect.signature(command).parameters.values()
    hints = get_type_hints(command, include_extras=True)
    first, *_ = hints
    del hints[first]
    reaching = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)
        for name, (kind, default) in _REACHING.items()
    ]

    @functools.wraps(command)
    def run(*, registry: str, token: str | None, token_file: Path, **given: Any) -> None:
        with registry_access(registry, token, token_file) as api:
            command(api, **given)  # type: ignore[call-arg]  # Typer passes what the signature below says

    run.__dict__["__signature__"] = inspect.Signature([*own, *reaching])
    run.__annotations__ = hints | {name: kind for name, (kind, _) in _REACHING.items()}
    return run


def aware(at: datetime) -> datetime:
    """A date without a zone is UTC's."""
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def digest(document: Path) -> str:
    """The document itself stays where it is."""
    return hashlib.sha256(document.read_bytes()).hexdigest()


def tell(records: list[dict[str, Any]], columns: tuple[str, ...], *, json: bool) -> None:
    if json:
        print_json(records)
        return
    table = Table(
        *(name.replace("_", " ") for name in columns), header_style="bold", box=None, pad_edge=False
    )
    for record in records:
        table.add_row(*(_cell(record[name]) for name in columns))
    out.print(table)


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return escape(" ".join(map(str, value)))
    if isinstance(value, bool):
        return "yes" if value else "[dim]no[/]"
    return escape(str(value))
