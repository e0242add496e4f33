"""Options that several commands share. Each can be set by its environment variable."""

from collections.abc import Callable, Mapping
from os import environ
from pathlib import Path
from typing import Annotated

import typer

from shared.server_addresses import checked_kafka, checked_redis

_BROKER, _SERVICES = "Where the broker is", "Where the services are"


def _refused_in_words(check: Callable[[str], str]) -> Callable[[str], str]:
    def checked(said: str) -> str:
        try:
            return check(said)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from error

    return checked


Kafka = Annotated[
    str,
    typer.Option(
        "--kafka",
        envvar="TRACKGATE_KAFKA",
        help="Bootstrap servers, host:port,…",
        rich_help_panel=_BROKER,
        callback=_refused_in_words(checked_kafka),
    ),
]
Redis = Annotated[
    str,
    typer.Option(
        "--redis",
        envvar="TRACKGATE_REDIS",
        help="Redis or Valkey URL.",
        callback=_refused_in_words(checked_redis),
    ),
]
Partitions = Annotated[
    int,
    typer.Option(
        "--partitions",
        envvar="TRACKGATE_PARTITIONS",
        min=1,
        max=1000,
        help="Partitions of the tracks.* topics.",
        rich_help_panel=_BROKER,
    ),
]
Api = Annotated[
    str,
    typer.Option(
        "--api", envvar="TRACKGATE_API", help="Base URL of the upload API.", rich_help_panel=_SERVICES
    ),
]
ApiKey = Annotated[
    str | None,
    typer.Option(
        "--api-key",
        envvar="TRACKGATE_API_KEY",
        show_default=False,
        help="Your distributor's API key, `tgk_…`.",
        rich_help_panel=_SERVICES,
    ),
]
ApiKeyFile = Annotated[
    Path | None,
    typer.Option(
        "--api-key-file",
        envvar="TRACKGATE_API_KEY_FILE",
        help="A file that holds the key.",
        rich_help_panel=_SERVICES,
    ),
]
RegistryUrl = Annotated[
    str,
    typer.Option(
        "--registry",
        envvar="TRACKGATE_REGISTRY",
        help="Base URL of the registry.",
        rich_help_panel=_SERVICES,
    ),
]
Token = Annotated[
    str | None,
    typer.Option(
        "--token",
        envvar="TRACKGATE_REGISTRY_TOKEN",
        show_default=False,
        help="The registry's administrators' token.",
        rich_help_panel=_SERVICES,
    ),
]
TokenFile = Annotated[
    Path,
    typer.Option(
        "--token-file",
        envvar="TRACKGATE_REGISTRY_TOKEN_FILE",
        help="A file that holds the token; the local stack keeps one.",
        rich_help_panel=_SERVICES,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines instead of tables.")]

DEFAULT_KAFKA = "127.0.0.1:19192"
DEFAULT_REDIS = "redis://127.0.0.1:16479/0"
DEFAULT_PARTITIONS = 6
DEFAULT_API = "http://127.0.0.1:18801"
DEFAULT_REGISTRY = "http://127.0.0.1:18802"


def local_home(environment: Mapping[str, str]) -> Path:
    """Where the local stack keeps its data, the token and the audio among them."""
    return Path(environment.get("TRACKGATE_HOME") or ".trackgate")


DEFAULT_TOKEN_FILE = local_home(environ) / "registry" / "token"
DEFAULT_STORE = local_home(environ) / "objects"
