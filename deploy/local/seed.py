"""What the samples need before they can be screened, given to the services as their users would give it.

Everything may be repeated: what is there already is left as it is.
"""

import hashlib
import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from deploy.local.errors import SeedingFailed
from deploy.local.secrets_folder import SecretsFolder, api_key_name, reviewer_token_name
from deploy.samples.manifest import FOLDER, Distributor, EnrolledArtist, Grant, Manifest
from services.cli.adapters.registry_api import RegistryApi

_REVIEWERS_SETTING = "TRACKGATE_MODERATION_REVIEWERS"


class SeededReviewer(BaseModel):
    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    role: str


REVIEWERS = (
    SeededReviewer(id="ada", name="Ada Lindqvist", role="senior"),
    SeededReviewer(id="ben", name="Ben Okafor", role="moderator"),
)


def first_day(file: Path, today: date) -> date:
    """The day of the first run on this home, from which the samples' release dates count.

    A later run must say the same of the same recordings, or they would be other deliveries.
    """
    if file.exists():
        return date.fromisoformat(file.read_text(encoding="ascii").strip())
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{today.isoformat()}\n", encoding="ascii")
    return today


class RegistrySeed:
    """Distributors first, as artists and grants name them. Every method raises Refusal as the API does."""

    def __init__(self, registry: RegistryApi, secrets: SecretsFolder) -> None:
        self._registry = registry
        self._secrets = secrets

    def plant(self, manifest: Manifest) -> dict[str, str]:
        """The API key of each distributor.

        Raises:
            SeededFailed: a person revoked what the samples need.
        """
        registered = self._known("/v1/distributors", "distributor_id")
        keys = {one.id: self._register(one, registered.get(one.id)) for one in manifest.distributors}
        artists = self._known("/v1/artists", "artist_id")
        for artist in manifest.artists:
            self._enrol(artist, artists.get(artist.id))
        grants = self._known("/v1/grants", "grant_id")
        for grant in manifest.grants:
            self._give(grant, grants.get(grant.id))
        return keys

    def _known(self, path: str, key: str) -> dict[str, dict[str, Any]]:
        return {row[key]: row for row in self._registry.get(path)}

    def _register(self, distributor: Distributor, known: Mapping[str, Any] | None) -> str:
        """A key that was lost is replaced: the registry keeps digests only."""
        name = api_key_name(distributor.id)
        kept = self._secrets.get(name)
        if known is None:
            form = {"distributor_id": distributor.id, "name": distributor.name}
            kept = str(self._registry.post("/v1/distributors", form)["api_key"])
            self._secrets.put(name, kept)
        elif kept is None:
            kept = str(self._registry.post(f"/v1/distributors/{distributor.id}/key")["api_key"])
            self._secrets.put(name, kept)
        if known is not None and not known["active"]:
            self._registry.post(f"/v1/distributors/{distributor.id}/activate")
        return kept

    def _enrol(self, artist: EnrolledArtist, known: Mapping[str, Any] | None) -> None:
        paths = [FOLDER / reference for reference in artist.references]
        digests = {hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}
        if known is not None and known["status"] == "active":
            digests -= {reference["sha256"] for reference in known["references"]}
        if not digests:
            return
        form = {
            "name": artist.name,
            "aliases": artist.aliases,
            "biometric_consent": artist.biometric_consent,
            "own_distributors": artist.own_distributors,
            "rights_basis": artist.rights_basis,
        }
        self._registry.enrol(artist.id, form, paths)

    def _give(self, grant: Grant, known: Mapping[str, Any] | None) -> None:
        """Its days count from today; one that still lives is left alone."""
        if known is not None and known["revoked_at"] is not None:
            raise SeedingFailed(
                f"the consent grant {grant.id}, which a sample needs, was revoked on this home, and what is "
                "revoked stays so: set TRACKGATE_HOME to a new folder to start afresh"
            )
        if known is not None and known["live"]:
            return
        now = datetime.now(UTC)
        form = grant.model_dump(mode="json", include={"grantee", "uses", "isrcs", "territories"}) | {
            "artist_id": grant.artist,
            "label_required": grant.label_required,
            "valid_from": grant.valid_from(now).isoformat(),
            "valid_until": grant.valid_until(now).isoformat(),
        }
        self._registry.put(f"/v1/grants/{grant.id}", form)


def seed_reviewers(env: Mapping[str, str], secrets: SecretsFolder) -> dict[str, str]:
    """The sign-in token of each reviewer, made by the moderation service's own command where it is missing.

    ``env`` is what that service is told. To be done before it starts, as it reads the file once.

    Raises:
        SeedingFailed: the command refuses; the message is its own.
    """
    told = {**os.environ, **env}
    file = Path(told[_REVIEWERS_SETTING])
    return {one.id: _reviewer_token(one, told, file, secrets) for one in REVIEWERS}


def _reviewer_token(
    reviewer: SeededReviewer, env: Mapping[str, str], file: Path, secrets: SecretsFolder
) -> str:
    name = reviewer_token_name(reviewer.id)
    kept = secrets.get(name)
    if kept is not None and _holds(file, kept):
        return kept
    command = ["add-reviewer", reviewer.id, "--name", reviewer.name, "--role", reviewer.role]
    made = subprocess.run(
        [sys.executable, "-m", "services.moderation", *command],
        env=env,
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,
    )
    if made.returncode != 0:
        raise SeedingFailed(f"no reviewer could be made: {made.stderr.strip() or made.stdout.strip()}")
    token = made.stdout.strip()
    secrets.put(name, token)
    return token


def _holds(reviewers: Path, token: str) -> bool:
    digest = hashlib.sha256(token.encode()).hexdigest()
    return reviewers.is_file() and digest in reviewers.read_text(encoding="utf-8")
