"""API keys and sign-in tokens that the demonstration was given, so that a second run goes on with them."""

import os
from pathlib import Path


class SecretsFolder:
    """One file per secret, readable by its owner alone; ``trackgate --api-key-file`` takes such a file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, name: str) -> Path:
        return self._folder / name

    def get(self, name: str) -> str | None:
        """None where there is none, or an empty one."""
        try:
            return self.path(name).read_text(encoding="ascii").strip() or None
        except FileNotFoundError:
            return None

    def put(self, name: str, secret: str) -> None:
        """Replaces the file as a whole: a crash leaves the old secret or the new one."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        new = self.path(f"{name}.new")
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(secret + "\n")
        new.replace(self.path(name))


def api_key_name(distributor_id: str) -> str:
    return f"{distributor_id}.key"


def reviewer_token_name(reviewer_id: str) -> str:
    return f"reviewer-{reviewer_id}.token"


def person_token_name(person_id: str) -> str:
    return f"person-{person_id}.token"
