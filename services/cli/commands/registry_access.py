"""What the commands of the registry share: reaching it, telling lists, dates and digests."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.markup import escape
from rich.table import Table

from services.cli.adapters.registry_api import RegistryApi, registry_api
from services.cli.console import out, plain_words, print_json
from services.cli.credentials import secret


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
