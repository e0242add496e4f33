"""What clients send: the edge of the service, checked before anything happens."""

from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)
from stdnum import isni as isni_number
from stdnum.exceptions import ValidationError as NotAnIsni

from shared.events import GrantUse
from shared.events.base import Sha256, Slug, Territory
from shared.events.upload import Isrc, ShortText

ANYONE = "*"


def _isni(text: str) -> str:
    try:
        return str(isni_number.validate(text))
    except NotAnIsni as error:
        raise ValueError(f"not an ISNI: {error}") from error


Isni = Annotated[str, AfterValidator(_isni)]
Statement = Annotated[str, StringConstraints(min_length=20, max_length=2000, strip_whitespace=True)]


class Form(BaseModel):
    """A misspelt field is refused rather than ignored: it could be the one that restricts a grant."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ArtistForm(Form):
    """What is said about an artist.

    ``biometric_consent`` is the explicit consent to being recognised by voice (GDPR Art. 9): who gave it, how
    and when. ``rights_basis`` says why the recordings sent along may be used.
    """

    name: ShortText
    aliases: tuple[ShortText, ...] = Field(default=(), max_length=50)
    isni: Isni | None = None
    biometric_consent: Statement
    own_distributors: tuple[Slug, ...] = Field(default=(), max_length=50)
    rights_basis: ShortText | None = None


class NewArtistForm(ArtistForm):
    artist_id: Slug


class GrantForm(Form):
    """``valid_from`` is the moment of the request when it is left out."""

    artist_id: Slug
    grantee: Slug | Annotated[str, StringConstraints(pattern=r"^\*$")]
    uses: tuple[GrantUse, ...] = Field(min_length=1)
    isrcs: tuple[Isrc, ...] = Field(default=(), max_length=10_000)
    territories: tuple[Territory, ...] = Field(default=("Worldwide",), min_length=1)
    valid_from: AwareDatetime | None = None
    valid_until: AwareDatetime
    label_required: bool = True
    document_sha256: Sha256 | None = None


class DistributorForm(Form):
    """``distributor_id`` is made from the name when it is left out."""

    name: ShortText
    distributor_id: Slug | None = None
    tracks_per_day: int = Field(default=10_000, ge=0)

    @model_validator(mode="after")
    def _has_an_id(self) -> Self:
        if self.distributor_id is None and not slug_of(self.name):
            raise ValueError("give a distributor_id: none can be made from this name")
        return self

    @property
    def id(self) -> str:
        return self.distributor_id or slug_of(self.name)


def slug_of(name: str) -> str:
    """Lower-case ASCII letters and digits, joined by hyphens; empty where the name has none."""
    words = "".join(char if char.isascii() and char.isalnum() else " " for char in name.lower()).split()
    return "-".join(words)[:100]
