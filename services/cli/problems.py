"""Refusals of our services (RFC 9457) in plain words."""

from typing import Any

import httpx

NO_ADDRESS = "the address of a service is written http://host:port"
_UNTYPED = "about:blank"
_NOT_FOUND = frozenset({404, 405})


class Refusal(Exception):
    """A service answered, and the answer is no. ``status`` is HTTP's."""

    def __init__(
        self, status: int, title: str, detail: str = "", faults: tuple[tuple[str, str], ...] = ()
    ) -> None:
        self.status = status
        self.title = title
        self.detail = detail
        self.faults = faults
        super().__init__(self._told())

    def _told(self) -> str:
        named = [f"{field}: {reason}" for field, reason in self.faults]
        told_twice = any(text in self.detail or self.detail in text for text in named)
        beyond = [] if told_twice or not self.detail else [self.detail]
        reasons = "; ".join([*beyond, *named])
        return f"{self.title}: {reasons}" if reasons else self.title


def raise_for_problem(answer: httpx.Response) -> None:
    """Return when the answer is a success. The body must have been read.

    Raises:
        Refusal: with whatever the answer says; an answer that is no problem document names its status.
    """
    if answer.is_success:
        return
    try:
        body = answer.json()
    except ValueError:
        body = None
    if not isinstance(body, dict) or "title" not in body:
        raise Refusal(answer.status_code, f"{_where(answer.url)} answered {answer.status_code}")
    if answer.status_code in _NOT_FOUND and body.get("type") == _UNTYPED:
        raise Refusal(
            answer.status_code,
            f"{_where(answer.url)} has no {answer.request.method} {answer.url.path}",
            "is it the address of the right service?",
        )
    faults = tuple(
        (str(fault.get("field", "?")), str(fault.get("reason", "?")))
        for fault in body.get("errors", ())
        if isinstance(fault, dict)
    )
    raise Refusal(answer.status_code, str(body["title"]), str(body.get("detail") or ""), faults)


def body_of(answer: httpx.Response) -> Any:
    """What a success says.

    Raises:
        Refusal: it is none, or no JSON: something else than our service answered.
    """
    raise_for_problem(answer)
    try:
        return answer.json()
    except ValueError:
        raise Refusal(
            answer.status_code, f"{_where(answer.url)} does not speak as our services do", NO_ADDRESS
        ) from None


def silence(error: httpx.TransportError) -> str:
    """What a person is told whose request was not answered."""
    try:
        url = error.request.url
    except RuntimeError:
        return f"the service does not answer ({type(error).__name__})"
    if isinstance(error, httpx.UnsupportedProtocol):
        return f"{url} cannot be asked; {NO_ADDRESS}"
    return f"{_where(url)} does not answer ({type(error).__name__}): does it run? `trackgate doctor` looks"


def _where(url: httpx.URL) -> str:
    return f"{url.scheme}://{url.netloc.decode()}"
