"""Reviewers of the local sign-in mode: a JSON list in a file, tokens as SHA-256."""

import hashlib
import hmac
import secrets
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from services.moderation.domain.access import Reviewer, Role
from shared.errors import SettingsError
from shared.private_files import write_private

_REVIEWERS = TypeAdapter(tuple[Reviewer, ...])


class Reviewers:
    """Who may sign in. Read once: a change takes a restart, which also ends nobody's session but theirs."""

    def __init__(self, reviewers: tuple[Reviewer, ...]) -> None:
        self._by_id = {reviewer.reviewer_id: reviewer for reviewer in reviewers}

    def named(self, reviewer_id: str) -> Reviewer | None:
        return self._by_id.get(reviewer_id)

    def holding(self, token: str) -> Reviewer | None:
        """The reviewer whose token this is; compares with all of them in constant time."""
        digest = hashlib.sha256(token.encode()).hexdigest()
        found = None
        for reviewer in self._by_id.values():
            if reviewer.token_sha256 and hmac.compare_digest(reviewer.token_sha256, digest):
                found = reviewer
        return found


def read_reviewers(path: Path) -> Reviewers:
    """Raises SettingsError: no file, no reviewer in it, or one that is not valid; says what to do."""
    try:
        reviewers = _REVIEWERS.validate_json(path.read_bytes())
    except FileNotFoundError:
        raise SettingsError(
            f"TRACKGATE_MODERATION_REVIEWERS: {path} is not there, so nobody could sign in. Make a reviewer "
            "with `python -m services.moderation add-reviewer ada --name 'Ada' --role senior`"
        ) from None
    except (OSError, ValidationError) as error:
        raise SettingsError(f"TRACKGATE_MODERATION_REVIEWERS: {path} cannot be used: {error}") from error
    if len({reviewer.reviewer_id for reviewer in reviewers}) != len(reviewers):
        raise SettingsError(f"TRACKGATE_MODERATION_REVIEWERS: {path} names a reviewer twice")
    return Reviewers(reviewers)


def add_reviewer(
    path: Path,
    reviewer_id: str,
    name: str,
    role: Role,
    *,
    queues: tuple[str, ...] = (),
    labels: tuple[str, ...] = (),
) -> str:
    """Add or replace a reviewer and return the new sign-in token, which is kept nowhere.

    ``queues`` and ``labels`` narrow what the role allows; none: to nothing less.
    """
    reviewers = _REVIEWERS.validate_json(path.read_bytes()) if path.exists() else ()
    token = secrets.token_urlsafe(32)
    added = Reviewer(
        reviewer_id=reviewer_id,
        name=name,
        role=role,
        queues=frozenset(queues) or None,
        labels=frozenset(labels) or None,
        token_sha256=hashlib.sha256(token.encode()).hexdigest(),
    )
    kept = tuple(reviewer for reviewer in reviewers if reviewer.reviewer_id != reviewer_id)
    write_private(path, _REVIEWERS.dump_json((*kept, added), indent=2))
    return token
