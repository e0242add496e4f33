"""The sample recordings as the demo delivers them: ``manifest.yaml``, read strictly.

A wrong key, or a distributor or artist that is not declared, stops the reading.
"""

from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.events import AiUse, Contributor, Declaration, GrantUse

FOLDER = Path(__file__).parent
MANIFEST = FOLDER / "manifest.yaml"


class ExpectedOutcome(StrEnum):
    """What must become of a sample: a decision's outcome, or refused by the upload endpoint with 4xx."""

    PUBLISH = "publish"
    LABEL = "label"
    QUARANTINE = "quarantine"
    REJECTED_AT_UPLOAD = "rejected_at_upload"


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Distributor(_Strict):
    id: str
    name: str


class EnrolledArtist(_Strict):
    """An artist whom the demo enrols from ``references``, paths below the samples' folder."""

    id: str
    name: str
    aliases: tuple[str, ...] = ()
    own_distributors: tuple[str, ...]
    rights_basis: str
    biometric_consent: str
    references: tuple[str, ...] = Field(min_length=1)


class Grant(_Strict):
    """A consent grant whose days count from the day of the run."""

    id: str
    artist: str
    grantee: str
    uses: tuple[GrantUse, ...] = Field(min_length=1)
    isrcs: tuple[str, ...]
    territories: tuple[str, ...] = Field(min_length=1)
    valid_from_days: int
    valid_until_days: int
    label_required: bool

    def valid_from(self, now: datetime) -> datetime:
        return now + timedelta(days=self.valid_from_days)

    def valid_until(self, now: datetime) -> datetime:
        return now + timedelta(days=self.valid_until_days)


class Expected(_Strict):
    """``reasons`` and ``labels`` are codes that must be among those given; others may stand beside them.

    For a refused upload ``reasons`` is the kind of failure (shared.audio.FailureKind). ``says`` tells people.
    """

    outcome: ExpectedOutcome
    reasons: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    says: tuple[str, ...] = Field(min_length=1)


class Sample(_Strict):
    file: str
    distributor: str
    title: str
    display_artist: str
    isrc: str | None = None
    contributors: tuple[Contributor, ...] = Field(min_length=1)
    ai_use: AiUse
    release_in_days: int
    territories: tuple[str, ...] = Field(min_length=1)
    expected: Expected
    why: str

    @property
    def path(self) -> Path:
        return FOLDER / self.file

    def declaration(self, today: date) -> Declaration:
        return Declaration(
            title=self.title,
            display_artist=self.display_artist,
            isrc=self.isrc,
            contributors=self.contributors,
            ai_use=self.ai_use,
            release_date=today + timedelta(days=self.release_in_days),
            territories=self.territories,
        )

    def metadata(self, today: date) -> dict[str, Any]:
        """The declaration as its distributor writes it: without digests, which ingest makes."""
        return self.declaration(today).model_dump(mode="json", exclude={"artist_keys_sha256"})


class Manifest(_Strict):
    distributors: tuple[Distributor, ...]
    artists: tuple[EnrolledArtist, ...]
    grants: tuple[Grant, ...]
    samples: tuple[Sample, ...]

    @model_validator(mode="after")
    def _names_are_known(self) -> Self:
        distributors = {distributor.id for distributor in self.distributors}
        artists = {artist.id for artist in self.artists}
        used = {sample.distributor for sample in self.samples} | {grant.grantee for grant in self.grants}
        used |= {owner for artist in self.artists for owner in artist.own_distributors}
        if unknown := used - distributors:
            raise ValueError(f"not among the distributors: {', '.join(sorted(unknown))}")
        if unknown := {grant.artist for grant in self.grants} - artists:
            raise ValueError(f"not among the artists: {', '.join(sorted(unknown))}")
        return self

    @property
    def files(self) -> tuple[str, ...]:
        """Every recording named, as a path below the samples' folder: references, then tracks."""
        references = tuple(file for artist in self.artists for file in artist.references)
        return references + tuple(sample.file for sample in self.samples)


def load_manifest(path: Path = MANIFEST) -> Manifest:
    """Read the manifest.

    Raises:
        pydantic.ValidationError: a key, a value or a name in it is wrong.
    """
    return Manifest.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
