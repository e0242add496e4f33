"""How the command line speaks: tables and progress on one console, faults in plain words on the other."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, NoReturn

import httpx
import typer
from confluent_kafka import KafkaException
from rich.console import Console
from rich.markup import escape

from services.cli.problems import NO_ADDRESS, Refusal, silence
from shared.errors import SettingsError, SystemicError, TrackgateError

EXIT_FAILED = 1
EXIT_WRONG_USE = 2
EXIT_INTERRUPTED = 130
_BROKER = "TRACKGATE_KAFKA says where the broker is, and `trackgate doctor` looks at it"

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def print_json(value: Any) -> None:
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n")


def fail(message: str, code: int = EXIT_FAILED) -> NoReturn:
    """Say ``message`` as it is (file names and answers may hold square brackets) and end the command."""
    err.print(f"[bold red]✗[/] {escape(message)}", soft_wrap=True)
    raise typer.Exit(code)


@contextmanager
def plain_words() -> Iterator[None]:
    """Turn what can go wrong outside into a sentence and an exit status; a bug keeps its stack."""
    try:
        yield
    except Refusal as refusal:
        fail(str(refusal))
    except SettingsError as error:
        fail(str(error), EXIT_WRONG_USE)
    except SystemicError as error:
        fail(f"{error}; {_BROKER}")
    except TrackgateError as error:
        fail(str(error))
    except httpx.InvalidURL as error:
        fail(f"{error}; {NO_ADDRESS}", EXIT_WRONG_USE)
    except httpx.TransportError as error:
        fail(silence(error))
    except KafkaException as error:
        fail(f"the broker: {error.args[0].str()}; {_BROKER}")
    except KeyboardInterrupt:
        err.print("[yellow]stopped[/]; what was accepted stays accepted")
        raise typer.Exit(EXIT_INTERRUPTED) from None


def age(since: datetime | None, now: datetime) -> str:
    """A rough age for people: ``42 s``, ``7 min``, ``3 h``, ``12 d``."""
    if since is None:
        return "?"
    seconds = max(0, int((now - since).total_seconds()))
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def duration(text: str) -> timedelta:
    """``90s``, ``15m``, ``2h``, ``7d``.

    Raises:
        typer.BadParameter: anything else.
    """
    sizes = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
    number, unit = text[:-1], text[-1:]
    if unit not in sizes or not number.isdigit():
        raise typer.BadParameter(f"{text!r} is no duration: write 90s, 15m, 2h or 7d")
    return timedelta(**{sizes[unit]: int(number)})
