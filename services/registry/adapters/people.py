"""People of the registry: a JSON list in a file, tokens as SHA-256; read anew whenever the file changes."""

import hashlib
import hmac
import secrets
from pathlib import Path

import structlog
from pydantic import TypeAdapter, ValidationError

from services.registry.people import ADMINISTRATOR, Person, Role, administrator
from shared.errors import SettingsError, SystemicError
from shared.private_files import write_private

SETTING = "TRACKGATE_REGISTRY_PEOPLE"
_PEOPLE = TypeAdapter(tuple[Person, ...])
log = structlog.get_logger()


class People:
    """Who holds which token. The administrators' token counts as one person."""

    def __init__(self, file: Path | None, *, token_sha256: str) -> None:
        """Raises SettingsError: the file is there and is not a list of people."""
        self._file = file
        self._administrator = administrator(token_sha256)
        self._stamp: tuple[int, int, int] | None = None
        self._listed: tuple[Person, ...] = ()
        self._known()
        if not self._listed:
            log.warning("nobody but the administrator: proposals need a second person to approve them")

    def holding(self, token: str) -> Person | None:
        """Whose token this is; compares with all of them in constant time.

        Raises:
            SystemicError: the file of people cannot be read any more.
        """
        digest, found = hashlib.sha256(token.encode()).hexdigest(), None
        for person in self._everybody():
            if person.token_sha256 is not None and hmac.compare_digest(person.token_sha256, digest):
                found = person
        return found

    def named(self, person_id: str) -> Person | None:
        """Raises SystemicError: the file of people cannot be read any more."""
        return next((one for one in self._everybody() if one.person_id == person_id), None)

    def _everybody(self) -> tuple[Person, ...]:
        try:
            return (*self._known(), self._administrator)
        except SettingsError as error:
            raise SystemicError(str(error)) from error

    def _known(self) -> tuple[Person, ...]:
        if self._file is None:
            return ()
        try:
            stat = self._file.stat()
        except FileNotFoundError:
            self._stamp, self._listed = None, ()
            return ()
        stamp = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
        if stamp != self._stamp:
            self._listed, self._stamp = read_people(self._file), stamp
        return self._listed


def read_people(file: Path) -> tuple[Person, ...]:
    """Raises SettingsError: it cannot be read, is not a list of people, or names one twice."""
    try:
        people = _PEOPLE.validate_json(file.read_bytes())
    except (OSError, ValidationError) as error:
        raise SettingsError(f"{SETTING}: {file} cannot be used: {error}") from error
    if len({person.person_id for person in people} | {ADMINISTRATOR}) != len(people) + 1:
        raise SettingsError(f"{SETTING}: {file} names a person twice, or one `{ADMINISTRATOR}`")
    if any(person.token_sha256 is None for person in people):
        raise SettingsError(f"{SETTING}: {file} names a person without a token")
    return people


def add_person(file: Path, person_id: str, name: str, role: Role, artists: tuple[str, ...] = ()) -> str:
    """Add or replace a person and return the new sign-in token, which is kept nowhere.

    Raises:
        SettingsError: the file is there and is not a list of people, or the person is not valid.
    """
    others = tuple(one for one in (read_people(file) if file.exists() else ()) if one.person_id != person_id)
    token = secrets.token_urlsafe(32)
    try:
        added = Person(
            person_id=person_id,
            name=name,
            role=role,
            artists=frozenset(artists),
            token_sha256=hashlib.sha256(token.encode()).hexdigest(),
        )
    except ValidationError as error:
        raise SettingsError(f"not a person: {error}") from error
    write_private(file, _PEOPLE.dump_json((*others, added), indent=2))
    return token
