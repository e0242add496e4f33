"""What the samples need of the registry, given to it as its users would give it.

Everything may be repeated: what is there already is left as it is.
"""

import hashlib
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from deploy.local.errors import SeedingFailed
from deploy.local.secrets_folder import SecretsFolder, api_key_name
from deploy.samples.manifest import FOLDER, Distributor, EnrolledArtist, Grant, Manifest
from services.cli.adapters.registry_api import RegistryApi

ACCEPTING = "The artists of the samples are fictions of synthesised voices (CREDITS.md)."
_LOOK_S = 0.5


class RegistrySeed:
    """Distributors first, as artists and grants name them. Every method raises Refusal as the API does."""

    def __init__(self, registry: RegistryApi, secrets: SecretsFolder) -> None:
        self._registry = registry
        self._secrets = secrets

    def plant(self, manifest: Manifest) -> dict[str, str]:
        """Register the distributors and propose the artists; the API key of each distributor."""
        registered = self._known("/v1/distributors", "distributor_id")
        keys = {one.id: self._register(one, registered.get(one.id)) for one in manifest.distributors}
        artists = self._known("/v1/artists", "artist_id")
        for artist in manifest.artists:
            self._propose(artist, artists.get(artist.id))
        return keys

    def protect(
        self, manifest: Manifest, approver: RegistryApi, *, patience_s: float, check: Callable[[], None]
    ) -> None:
        """Approve the artists as a second person and give consent. The detectors must be running.

        Returns when the voice matcher searches for all of them. ``check`` raises when they cannot be.

        Raises:
            SeedingFailed: a check did not come in time, or a person revoked what the samples need.
        """
        until = time.monotonic() + patience_s

        def wait_for(what: str, path: str, come: Callable[[Any], bool]) -> Any:
            while not come(told := approver.get(path)):
                check()
                if time.monotonic() > until:
                    raise SeedingFailed(f"{what} did not come within {patience_s:.0f} s")
                time.sleep(_LOOK_S)
            return told

        for artist in manifest.artists:
            path = f"/v1/proposals/{artist.id}"
            if approver.get(path)["state"] == "pending":
                checks = f"the checks of {artist.name}"
                checked = wait_for(checks, path, lambda told: not told["waiting_for"])
                accepting = ACCEPTING if checked["doubts"] else ""
                answer = {"proposal_id": checked["proposal_id"], "accepting": accepting}
                approver.post(f"{path}/approve", answer)
        for artist in manifest.artists:
            made = f"the template of {artist.name}"
            wait_for(made, f"/v1/artists/{artist.id}", lambda told: told["template_made_at"] is not None)
        grants = self._known("/v1/grants", "grant_id")
        for grant in manifest.grants:
            self._give(grant, grants.get(grant.id), manifest)

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

    def _propose(self, artist: EnrolledArtist, known: Mapping[str, Any] | None) -> None:
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
            "consent": {"given_by": artist.name, "given_at": datetime.now(UTC).isoformat()},
            "authority": {"statement": f"{artist.name} is a fiction of this demonstration (CREDITS.md)"},
        }
        self._registry.enrol(artist.id, form, paths)

    def _give(self, grant: Grant, known: Mapping[str, Any] | None, manifest: Manifest) -> None:
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
            "granted_by": next(one.name for one in manifest.artists if one.id == grant.artist),
            "label_required": grant.label_required,
            "valid_from": grant.valid_from(now).isoformat(),
            "valid_until": grant.valid_until(now).isoformat(),
        }
        self._registry.put(f"/v1/grants/{grant.id}", form)
