"""Reading an enrolment: multipart with a JSON part ``artist`` and files ``references``."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

from fastapi import Request
from pydantic import ValidationError
from starlette.datastructures import FormData, UploadFile

from services.registry.domain import MOST_REFERENCES
from services.registry.forms import ArtistForm
from services.registry.ports import Delivered
from shared.http import FieldError, Problem, ProblemError

F = TypeVar("F", bound=ArtistForm)
CHUNK = 1024 * 1024


@dataclass(frozen=True)
class Enrolment(Generic[F]):
    form: F
    files: tuple[Delivered, ...]


@asynccontextmanager
async def enrolment(request: Request, form: type[F], *, limit_bytes: int) -> AsyncIterator[Enrolment[F]]:
    """The request's parts; the files are gone when the block ends.

    Call it after the token is checked: the body is read here, onto the disk.

    Raises:
        ProblemError: too large, of no stated length, not multipart, or the JSON part is missing or wrong.
    """
    check_length(request, limit_bytes)
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise _problem(415, "not-multipart", "Send multipart/form-data: a part `artist`, files `references`")
    async with request.form(max_files=MOST_REFERENCES, max_fields=1) as parts:
        files = [part for part in parts.getlist("references") if isinstance(part, UploadFile)]
        yield Enrolment(
            form=_parse(parts, form),
            files=tuple(Delivered(file.filename or "a recording", _chunks(file)) for file in files),
        )


def check_length(request: Request, limit_bytes: int) -> None:
    """Before the body is read.

    Raises:
        ProblemError: it is larger, or does not say how large it is.
    """
    length = request.headers.get("content-length", "")
    if not length.isdigit():
        raise _problem(411, "length-required", "Send the length of the body (Content-Length)")
    if int(length) > limit_bytes:
        raise _problem(413, "too-large", f"An enrolment has at most {limit_bytes} bytes")


def _parse(parts: FormData, form: type[F]) -> F:
    text = parts.get("artist")
    if not isinstance(text, str):
        fault = FieldError(field="artist", reason="the JSON part is missing")
        raise _problem(422, "invalid-request", "The request is not valid", (fault,))
    try:
        return form.model_validate_json(text)
    except ValidationError as error:
        faults = tuple(
            FieldError(field=".".join(str(part) for part in fault["loc"]) or "artist", reason=fault["msg"])
            for fault in error.errors(include_input=False, include_url=False)
        )
        raise _problem(422, "invalid-request", "The request is not valid", faults) from error


async def _chunks(file: UploadFile) -> AsyncIterator[bytes]:
    while chunk := await file.read(CHUNK):
        yield chunk


def _problem(status: int, name: str, title: str, errors: tuple[FieldError, ...] = ()) -> ProblemError:
    return ProblemError(Problem.of(name, title=title, status=status, errors=errors))
