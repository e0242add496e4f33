"""Refusals of our services (RFC 9457) in plain words."""

import httpx


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
        beyond = [self.detail] if self.detail and not any(self.detail in text for text in named) else []
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
        raise Refusal(answer.status_code, f"{answer.url.host} answered {answer.status_code}")
    faults = tuple(
        (str(fault.get("field", "?")), str(fault.get("reason", "?")))
        for fault in body.get("errors", ())
        if isinstance(fault, dict)
    )
    raise Refusal(answer.status_code, str(body["title"]), str(body.get("detail") or ""), faults)
