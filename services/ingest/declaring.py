"""The metadata part of a delivery: what a distributor may declare about a track. Pure."""

import hashlib
import re
import unicodedata
from datetime import date
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)
from pydantic_core import PydanticCustomError
from stdnum import isni as stdnum_isni
from stdnum import isrc as stdnum_isrc
from stdnum.exceptions import ValidationError as StdnumError

from services.ingest.domain import Fault, RefusalKind, Refused
from shared.events import AiUse, Contributor, Declaration
from shared.fault_words import fault_words

MAX_CONTRIBUTORS = 200
MAX_METADATA_BYTES = 256 * 1024
_TERRITORY = r"^([A-Z]{2}|Worldwide)$"
_ARTIST_KEY = r"^tga_[!-~]{20,200}$"


def _printable(text: str) -> str:
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in text):
        raise PydanticCustomError("control_characters", "contains control characters")
    return text


def _isrc(text: object) -> object:
    """ISO 3901: hyphens, blanks and a leading "ISRC" are presentation only."""
    if not isinstance(text, str):
        return text
    bare = text.strip().upper().removeprefix("ISRC").strip(": ")
    try:
        return stdnum_isrc.validate(bare)
    except StdnumError:
        raise PydanticCustomError(
            "isrc",
            "not an ISRC: a known two-letter prefix, three letters or digits, seven digits, "
            "for example USS1Z9900001 (hyphens are allowed)",
        ) from None


def _isni(text: object) -> object:
    if not isinstance(text, str):
        return text
    try:
        return stdnum_isni.validate(text)
    except StdnumError:
        raise PydanticCustomError("isni", "not an ISNI: sixteen characters with a check digit") from None


def _territory(text: object) -> object:
    if isinstance(text, str) and re.match(_TERRITORY, text) is None:
        raise PydanticCustomError(
            "territory", "not a territory: two capital letters (ISO 3166-1 alpha-2), or Worldwide"
        )
    return text


def _artist_key(text: object) -> object:
    if isinstance(text, str) and re.match(_ARTIST_KEY, text.strip()) is None:
        raise PydanticCustomError(
            "artist_key", "not an artist key: the artist gives you one, and it begins with tga_"
        )
    return text


def _somewhere(territories: tuple[str, ...]) -> tuple[str, ...]:
    if not territories:
        raise PydanticCustomError("nowhere", "names no territory; leave it out for Worldwide")
    if "Worldwide" in territories and len(territories) > 1:
        raise PydanticCustomError("territories", "Worldwide includes all others, so it stands alone")
    return territories


def _lower(text: object) -> object:
    """DDEX writes ``None``, ``Partly``, ``All``; both spellings are taken."""
    return text.lower() if isinstance(text, str) else text


Text = Annotated[
    str,
    StringConstraints(min_length=1, max_length=500, strip_whitespace=True),
    AfterValidator(_printable),
]
DeclaredAiUse = Annotated[AiUse, BeforeValidator(_lower)]
ArtistKey = Annotated[
    str,
    BeforeValidator(_artist_key),
    StringConstraints(pattern=_ARTIST_KEY, strip_whitespace=True),
    Field(description="an artist's key, as the artist gave it to you: what you deliver is the artist's own"),
]
TerritoryCode = Annotated[
    str,
    BeforeValidator(_territory),
    StringConstraints(pattern=_TERRITORY),
    Field(description="ISO 3166-1 alpha-2, or Worldwide"),
]


class _Form(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CreditForm(_Form):
    """One credit. ``role`` is DDEX's name of the role; ``ai_use`` what was generated in that role."""

    name: Text
    role: Text = Field(examples=["MainArtist", "Vocalist", "Composer", "Producer"])
    isni: Annotated[str | None, BeforeValidator(_isni)] = None
    ai_use: DeclaredAiUse = AiUse.UNDECLARED


class TrackForm(_Form):
    """The ``metadata`` part of a delivery.

    ``ai_use`` says how much of the recording was generated: ``none``, ``partly``, ``all``, or ``undeclared``
    when you make no statement (which is not ``none``). Say it by role in the credits where you can.
    """

    title: Text
    display_artist: Text
    isrc: Annotated[str | None, BeforeValidator(_isrc), Field(description="with or without hyphens")] = None
    contributors: Annotated[tuple[CreditForm, ...], Field(max_length=MAX_CONTRIBUTORS)] = ()
    ai_use: DeclaredAiUse = AiUse.UNDECLARED
    release_date: Annotated[date | None, Field(ge=date(1860, 1, 1))] = None
    territories: Annotated[tuple[TerritoryCode, ...], Field(max_length=300), AfterValidator(_somewhere)] = (
        "Worldwide",
    )
    test_delivery: bool = False
    artist_keys: Annotated[tuple[ArtistKey, ...], Field(max_length=20)] = ()


def read_metadata(content: bytes) -> Declaration | Refused:
    """The declaration in the ``metadata`` part, or every fault that it has, by field.

    Of artist keys it holds the digests alone.
    """
    try:
        form = TrackForm.model_validate_json(content)
    except ValidationError as error:
        faults = tuple(
            Fault(_path(fault["loc"]), fault_words(fault))
            for fault in error.errors(include_input=False, include_url=False)
        )
        return Refused(RefusalKind.INVALID_METADATA, faults)
    contradictions = _contradictions(form)
    if contradictions:
        return Refused(RefusalKind.INVALID_METADATA, contradictions)
    return Declaration(
        title=form.title,
        display_artist=form.display_artist,
        isrc=form.isrc,
        contributors=tuple(Contributor(**credit.model_dump()) for credit in form.contributors),
        ai_use=form.ai_use,
        release_date=form.release_date,
        territories=tuple(sorted(set(form.territories))),
        test_delivery=form.test_delivery,
        artist_keys_sha256=tuple(
            sorted({hashlib.sha256(key.encode()).hexdigest() for key in form.artist_keys})
        ),
    )


def _contradictions(form: TrackForm) -> tuple[Fault, ...]:
    """DDEX ERN 4.3.1, ContainsAI: None and All each say something about every credit."""
    excluded = {
        AiUse.NONE: (AiUse.PARTLY, AiUse.ALL),
        AiUse.ALL: (AiUse.NONE, AiUse.PARTLY),
    }.get(form.ai_use, ())
    return tuple(
        Fault(
            f"metadata.contributors[{index}].ai_use",
            f"is {credit.ai_use.value}, but the recording is declared {form.ai_use.value} as a whole",
        )
        for index, credit in enumerate(form.contributors)
        if credit.ai_use in excluded
    )


def _path(location: tuple[int | str, ...]) -> str:
    return "metadata" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
