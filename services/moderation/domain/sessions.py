"""A reviewer's time at the desk between signing in and signing out."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Session:
    """``csrf`` must come back with every change that a page asks for."""

    reviewer_id: str
    csrf: str
    until: datetime


@dataclass(frozen=True)
class Opened:
    """``secret`` goes into the cookie and is kept nowhere else."""

    session: Session
    secret: str
