"""``trackgate sweep``: audio that belongs to no track leaves the object store."""

import subprocess
import sys
from typing import Annotated

import typer


def sweep(
    *,
    remove: Annotated[bool, typer.Option("--remove", help="Remove it, and not only count it.")] = False,
    hours: Annotated[float, typer.Option(min=1.0, help="Only what nobody put for so long.")] = 24.0,
) -> None:
    """Count, or remove, what refused deliveries left in the object store.

    Safe beside a running service: what any record on tracks.uploaded names stays. It is ingest that does it
    (`python -m services.ingest sweep`), so run this where ingest is installed and sees the store.

    [dim]$[/] trackgate sweep
    [dim]$[/] trackgate sweep --remove
    """
    argv = [sys.executable, "-m", "services.ingest", "sweep", "--hours", str(hours)]
    raise typer.Exit(subprocess.run([*argv, *(["--remove"] if remove else [])], check=False).returncode)
