"""API keys and sign-in tokens that the demonstration was given, so that a second run goes on with them."""

from pathlib import Path

from shared.private_files import write_private


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
        write_private(self.path(name), f"{secret}\n".encode("ascii"))


def api_key_name(distributor_id: str) -> str:
    return f"{distributor_id}.key"


def reviewer_token_name(reviewer_id: str) -> str:
    return f"reviewer-{reviewer_id}.token"


def person_token_name(person_id: str) -> str:
    return f"person-{person_id}.token"
