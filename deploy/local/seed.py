"""People whom the samples need, made by the services' own commands, and the day of the first run."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from deploy.local.errors import SeedingFailed
from deploy.local.secrets_folder import SecretsFolder, person_token_name, reviewer_token_name

_REVIEWERS_SETTING = "TRACKGATE_MODERATION_REVIEWERS"
_PEOPLE_SETTING = "TRACKGATE_REGISTRY_PEOPLE"


class SeededPerson(BaseModel):
    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    role: str


REVIEWERS = (
    SeededPerson(id="ada", name="Ada Lindqvist", role="senior"),
    SeededPerson(id="ben", name="Ben Okafor", role="moderator"),
)
APPROVER = SeededPerson(id="omar", name="Omar Haddad", role="registrar")
"""Approves what the administrators' token proposes: one alone protects nobody."""


def first_day(file: Path, today: date) -> date:
    """The day of the first run on this home, from which the samples' release dates count.

    A later run must say the same of the same recordings, or they would be other deliveries.
    """
    if file.exists():
        return date.fromisoformat(file.read_text(encoding="ascii").strip())
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{today.isoformat()}\n", encoding="ascii")
    return today


def seed_reviewers(env: Mapping[str, str], secrets: SecretsFolder) -> dict[str, str]:
    """The sign-in token of each reviewer, made by the moderation service's own command where it is missing.

    ``env`` is what that service is told. To be done before it starts, as it reads the file once.

    Raises:
        SeedingFailed: the command refuses; the message is its own.
    """
    return {
        one.id: _token(
            one,
            ("services.moderation", "add-reviewer"),
            {**os.environ, **env},
            _REVIEWERS_SETTING,
            secrets,
            reviewer_token_name(one.id),
        )
        for one in REVIEWERS
    }


def seed_approver(env: Mapping[str, str], secrets: SecretsFolder) -> str:
    """The token of the registry's second person. The registry may be running.

    Raises:
        SeedingFailed: the command refuses; the message is its own.
    """
    command = ("services.registry", "add-person")
    name = person_token_name(APPROVER.id)
    return _token(APPROVER, command, {**os.environ, **env}, _PEOPLE_SETTING, secrets, name)


def _token(
    person: SeededPerson,
    command: tuple[str, str],
    env: Mapping[str, str],
    setting: str,
    secrets: SecretsFolder,
    name: str,
) -> str:
    kept = secrets.get(name)
    if kept is not None and _holds(Path(env[setting]), kept):
        return kept
    module, verb = command
    made = subprocess.run(
        [sys.executable, "-m", module, verb, person.id, "--name", person.name, "--role", person.role],
        env=env,
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,
    )
    if made.returncode != 0:
        raise SeedingFailed(f"{person.name} could not be made: {made.stderr.strip() or made.stdout.strip()}")
    token = made.stdout.strip()
    secrets.put(name, token)
    return token


def _holds(people: Path, token: str) -> bool:
    digest = hashlib.sha256(token.encode()).hexdigest()
    return people.is_file() and digest in people.read_text(encoding="utf-8")
