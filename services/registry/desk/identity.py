"""Who looks at the pages, and that a change comes from one of them."""

import hmac
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from fastapi import Request

from services.registry.desk.sessions import Session, Sessions
from services.registry.people import Person
from shared.http import Problem, ProblemError

COOKIE = "trackgate-registry"


class Known(Protocol):
    """Both raise SystemicError where the file of people cannot be read."""

    def holding(self, token: str) -> Person | None: ...

    def named(self, person_id: str) -> Person | None: ...


class SignInNeeded(Exception):
    """A page was asked for by nobody we know: answered with a way to the sign-in."""


@dataclass(frozen=True)
class SignedIn:
    person: Person
    csrf: str
    secret: str
    provider_token: str | None = None


class DeskIdentity:
    """Whoever was removed from the people, or was given a new token, is signed out at once.

    Whom an OpenID provider let in stays what they were then until the session ends.
    """

    def __init__(self, people: Known, sessions: Sessions, *, cookie: str = COOKIE) -> None:
        self.cookie = cookie
        self._people = people
        self._sessions = sessions

    def find(self, request: Request) -> SignedIn | None:
        secret = request.cookies.get(self.cookie)
        session = self._sessions.find(secret) if secret else None
        if session is None or secret is None:
            return None
        person = session.told or self._holder(session)
        return None if person is None else SignedIn(person, session.csrf, secret, session.provider_token)

    def visiting(self, request: Request) -> SignedIn:
        """For pages.

        Raises:
            SignInNeeded: nobody is signed in.
        """
        found = self.find(request)
        if found is None:
            raise SignInNeeded
        return found

    def acting(self, request: Request) -> SignedIn:
        """For forms, before their body is read; ``require_csrf`` follows once it was.

        Raises:
            SignInNeeded: nobody is signed in.
            ProblemError: another site's page sends it.
        """
        refuse_other_sites(request)
        return self.visiting(request)

    def _holder(self, session: Session) -> Person | None:
        person = self._people.named(session.person_id)
        if person is None or person.token_sha256 is None or session.token_sha256 is None:
            return None
        return person if hmac.compare_digest(person.token_sha256, session.token_sha256) else None

    def admit(self, person: Person, *, provider_token: str, instead_of: str | None) -> str:
        """The secret for the cookie of a new session; one from before the sign-in ends here."""
        if instead_of is not None:
            self._sessions.close(instead_of)
        return self._sessions.open(person, provider_token=provider_token)

    def sign_in(self, token: str) -> tuple[Person, str] | None:
        """The person and the secret for the cookie."""
        person = self._people.holding(token)
        return None if person is None else (person, self._sessions.open(person))

    def sign_out(self, signed_in: SignedIn) -> None:
        self._sessions.close(signed_in.secret)


def require_csrf(signed_in: SignedIn, given: object) -> None:
    """Raises ProblemError: the form is not one that this session was given."""
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(), signed_in.csrf.encode()):
        raise ProblemError(Problem.of("wrong-csrf", title="Load the page again and repeat", status=403))


def refuse_other_sites(request: Request) -> None:
    """Raises ProblemError: the request comes from a page of another site."""
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    origin = request.headers.get("Origin")
    foreign = origin is not None and urlsplit(origin).netloc != request.headers.get("Host")
    if site not in {"same-origin", "none"} or foreign:
        raise ProblemError(Problem.of("other-site", title="Use the registry's own pages", status=403))
