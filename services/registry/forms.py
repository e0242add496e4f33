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

from services.registry.wordings import CURRENT, WORDINGS
from shared.events import GrantUse
from shared.events.base import Sha256, Slug, Territory
from shared.events.upload import Isrc, ShortText

ANYONE = "*"


def _isni(text: str) -> str:
    try:
        return str(isni_number.validate(text))
    except NotAnIsni as error:
        raise ValueError(f"not an ISNI: {error}") from error


def _known_wording(version: str) -> str:
    if version not in WORDINGS:
        raise ValueError(f"no such wording; there are {', '.join(sorted(WORDINGS))}")
    return version


Isni = Annotated[str, AfterValidator(_isni)]
Statement = Annotated[str, StringConstraints(min_length=20, max_length=2000, strip_whitespace=True)]


class Form(BaseModel):
    """A misspelt field is refused rather than ignored: it could be the one that restricts a grant."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ConsentForm(Form):
    """Explicit consent to being recognised by voice (GDPR Art. 9): who gave it, when, to which wording."""

    given_by: ShortText
    given_at: AwareDatetime
    wording: Annotated[str, AfterValidator(_known_wording)] = CURRENT


class AuthorityForm(Form):
    """Why the proposer may speak for the artist, and the digest of the document that says so."""

    statement: Statement
    document_sha256: Sha256 | None = None


class ArtistForm(Form):
    """What is proposed of an artist.

    ``biometric_consent`` says how the consent was given and where it is kept. ``rights_basis`` says why the
    recordings sent along may be used, and ``group`` which register or era they stand for. ``without`` are
    recordings, by SHA-256, that are kept no longer.
    """

    name: ShortText
    aliases: tuple[ShortText, ...] = Field(default=(), max_length=50)
    isni: Isni | None = None
    biometric_consent: Statement
    consent: ConsentForm
    authority: AuthorityForm
    own_distributors: tuple[Slug, ...] = Field(default=(), max_length=50)
    rights_basis: ShortText | None = None
    group: Annotated[str, StringConstraints(max_length=60, strip_whitespace=True)] = ""
    without: tuple[Sha256, ...] = ()


class NewArtistForm(ArtistForm):
    artist_id: Slug


class GrantForm(Form):
    """``granted_by`` is who signed. ``valid_from`` is the moment of the request when it is left out."""

    artist_id: Slug
    grantee: Slug | Annotated[str, StringConstraints(pattern=r"^\*$")]
    uses: tuple[GrantUse, ...] = Field(min_length=1)
    isrcs: tuple[Isrc, ...] = Field(default=(), max_length=10_000)
    territories: tuple[Territory, ...] = Field(default=("Worldwide",), min_length=1)
    valid_from: AwareDatetime | None = None
    valid_until: AwareDatetime
    label_required: bool = True
    document_sha256: Sha256 | None = None
    granted_by: ShortText


class ApprovalForm(Form):
    """``proposal_id`` is that of the proposal that was looked at: a newer one is not approved unseen.

    ``accepting`` says why doubts about the recordings are set aside; needed where there are any.
    """

    proposal_id: ShortText
    accepting: Annotated[str, StringConstraints(max_length=2000, strip_whitespace=True)] = ""


class RejectionForm(Form):
    why: Annotated[str, StringConstraints(min_length=3, max_length=2000, strip_whitespace=True)]


class ArtistKeyForm(Form):
    """``distributor_id`` is the one that may present the key; None: whoever the artist gives it to."""

    key_id: Slug
    distributor_id: Slug | None = None
    valid_until: AwareDatetime


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
