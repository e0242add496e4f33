"""What the pages' forms say, as the API's own forms; what is wrong, by field."""

import hashlib
import re
from collections.abc import AsyncIterator, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.datastructures import FormData, UploadFile

from services.registry.enrolment import CHUNK
from services.registry.forms import ArtistForm, ArtistKeyForm, GrantForm, NewArtistForm
from services.registry.ports import Delivered

M = TypeVar("M", bound=BaseModel)
Faults = Mapping[str, str]
_SLUG = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")


async def artist_form(parts: FormData, *, new: bool) -> ArtistForm | NewArtistForm | Faults:
    """The proposal; of a document that was sent along the digest alone is kept."""
    document = await _digest(parts.get("document")) or _text(parts, "document_sha256")
    said: dict[str, Any] = {
        "name": _text(parts, "name"),
        "aliases": _lines(parts, "aliases"),
        "isni": _text(parts, "isni") or None,
        "biometric_consent": _text(parts, "biometric_consent"),
        "consent": {
            "given_by": _text(parts, "given_by"),
            "given_at": _day(_text(parts, "given_at")),
            "wording": _text(parts, "wording"),
        },
        "authority": {"statement": _text(parts, "statement"), "document_sha256": document or None},
        "own_distributors": _lines(parts, "own_distributors"),
        "rights_basis": _text(parts, "rights_basis") or None,
        "group": _text(parts, "group"),
        "without": [one for one in parts.getlist("without") if isinstance(one, str)],
    }
    if parts.get("agreed") != "yes":
        return {"agreed": "Without the artist's agreement to this wording nobody is protected"}
    if new:
        return _checked(NewArtistForm, said | {"artist_id": _text(parts, "artist_id")})
    return _checked(ArtistForm, said)


def grant_form(parts: FormData, artist_id: str) -> GrantForm | Faults:
    said = {
        "artist_id": artist_id,
        "grantee": _text(parts, "grantee"),
        "uses": [one for one in parts.getlist("uses") if isinstance(one, str)],
        "isrcs": [isrc.replace("-", "").upper() for isrc in _lines(parts, "isrcs")],
        "territories": [one if one == "Worldwide" else one.upper() for one in _lines(parts, "territories")]
        or ["Worldwide"],
        "valid_until": _day(_text(parts, "valid_until")),
        "label_required": parts.get("label_required") == "yes",
        "document_sha256": _text(parts, "document_sha256") or None,
        "granted_by": _text(parts, "granted_by"),
    }
    if start := _text(parts, "valid_from"):
        said["valid_from"] = _day(start)
    form = _checked(GrantForm, said)
    if not _SLUG.fullmatch(_text(parts, "grant_id")):
        return {"grant_id": "lower-case letters, digits and hyphens"}
    return form


def key_form(parts: FormData) -> ArtistKeyForm | Faults:
    said = {
        "key_id": _text(parts, "key_id"),
        "distributor_id": _text(parts, "distributor_id") or None,
        "valid_until": _day(_text(parts, "valid_until")),
    }
    return _checked(ArtistKeyForm, said)


def recordings(parts: FormData) -> tuple[Delivered, ...]:
    """A file input that was left empty sends a part without a name."""
    files = [one for one in parts.getlist("references") if isinstance(one, UploadFile) and one.filename]
    return tuple(Delivered(file.filename or "a recording", _chunks(file)) for file in files)


def said(parts: FormData) -> dict[str, Any]:
    """What was written, to be shown again beside what is wrong with it."""
    return {name: value for name, value in parts.items() if isinstance(value, str)}


def _checked(form: type[M], said: Mapping[str, Any]) -> M | Faults:
    try:
        return form.model_validate(said)
    except ValidationError as error:
        faults = error.errors(include_input=False, include_url=False)
        return {_field(fault["loc"]): fault["msg"].removeprefix("Value error, ") for fault in faults}


def _field(location: tuple[int | str, ...]) -> str:
    """The input that it belongs to: nested ones have no prefix, entries of a list no number."""
    names = [part for part in location if isinstance(part, str)]
    return names[-1] if names[0] in {"consent", "authority"} else names[0]


def _text(parts: FormData, name: str) -> str:
    value = parts.get(name, "")
    return value.strip() if isinstance(value, str) else ""


def _lines(parts: FormData, name: str) -> list[str]:
    text = _text(parts, name).replace(",", "\n")
    return [line.strip() for line in text.splitlines() if line.strip()]


def _day(text: str) -> str:
    """A day as browsers send it is that day's beginning in UTC."""
    return f"{text}T00:00:00Z" if text and "T" not in text else text


async def _digest(document: object) -> str | None:
    if not isinstance(document, UploadFile) or not document.filename:
        return None
    digest = hashlib.sha256()
    while chunk := await document.read(CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


async def _chunks(file: UploadFile) -> AsyncIterator[bytes]:
    while chunk := await file.read(CHUNK):
        yield chunk
