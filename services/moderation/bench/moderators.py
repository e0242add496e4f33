"""Moderators at work over HTTP, each with a session of their own, and how long each step made them wait."""

import asyncio
import random
import re
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import httpx

from services.moderation.bench.cases import REASONS

_CSRF = re.compile(r'name="csrf" value="([^"]+)"')
_CASE = re.compile(r'<tr data-case="([0-9a-f-]{36})"')
_WAIT = httpx.Timeout(60.0)
_KEPT = httpx.Limits(keepalive_expiry=2.0)
"""Below the server's five seconds: a request must not meet a connection that is being closed."""


@dataclass
class Notes:
    """``waits``: milliseconds by step. ``claims``: who was given a case, in the order of the answers."""

    waits: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    claims: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    refusals: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def double_claims(self) -> int:
        """Cases that two people were given. Nothing is released and no lease ends while this is counted."""
        return sum(len(set(holders)) > 1 for holders in self.claims.values())


class Moderator:
    """Signed in through the sign-in page, with its cookie and its CSRF token."""

    def __init__(self, name: str, client: httpx.AsyncClient, csrf: str, chance: random.Random) -> None:
        self.name = name
        self._client = client
        self._headers = {"X-CSRF-Token": csrf}
        self._chance = chance

    async def round(self, notes: Notes) -> None:
        """List, claim, open, decide. A case that someone else took first is left to them."""
        listed = await self._timed(notes, "list", "GET", "/queue", params=self._looking_for())
        shown = _CASE.findall(listed.text)
        if shown and self._chance.random() < 0.5:  # noqa: PLR2004 - half choose, half take what comes
            path = f"/v1/cases/{self._chance.choice(shown)}/claim"
        else:
            path = "/v1/cases/next"
        claimed = await self._claim(notes, path)
        if claimed is None:
            return
        case_id = claimed["case_id"]
        opened = await self._timed(notes, "case", "GET", f"/cases/{case_id}")
        decision = re.search(r'data-decision="([^"]+)"', opened.text)
        if decision is None:
            raise RuntimeError(f"the page of case {case_id} names no decision")
        answer = {
            "token": claimed["token"],
            "decision_id": decision[1],
            "outcome": "reject",
            "note": "Measured.",
        }
        decided = await self._timed(notes, "decide", "POST", f"/v1/cases/{case_id}/resolve", json=answer)
        decided.raise_for_status()

    async def claim_next(self, notes: Notes) -> None:
        await self._claim(notes, "/v1/cases/next")

    async def claim(self, notes: Notes, case_id: str) -> bool:
        return await self._claim(notes, f"/v1/cases/{case_id}/claim") is not None

    async def first_case(self) -> str:
        """A free case, far enough down the list that nobody holds it."""
        listed = await self._client.get("/queue", params={"share": "free"})
        return str(_CASE.findall(listed.text)[-1])

    async def _claim(self, notes: Notes, path: str) -> dict[str, Any] | None:
        answer = await self._timed(notes, "claim", "POST", path)
        if answer.status_code == httpx.codes.CONFLICT:
            notes.refusals["taken by someone else"] += 1
            return None
        answer.raise_for_status()
        claimed: dict[str, Any] = answer.json()
        notes.claims[claimed["case_id"]].append(self.name)
        return claimed

    async def _timed(self, notes: Notes, step: str, method: str, path: str, **more: Any) -> httpx.Response:
        headers = self._headers if method == "POST" else None
        started = perf_counter()
        answer = await self._client.request(method, path, headers=headers, **more)
        notes.waits[step].append((perf_counter() - started) * 1000)
        if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            notes.refusals[f"{step}: {answer.status_code}"] += 1
        return answer

    def _looking_for(self) -> dict[str, str]:
        """The whole queue as a rule, else by reason, by distributor, or by the beginning of a word."""
        match self._chance.choices(("all", "reason", "distributor", "text"), weights=(5, 2, 2, 1)):
            case ["reason"]:
                return {"reason": self._chance.choice(tuple(REASONS))}
            case ["distributor"]:
                return {"distributor": f"distributor-{self._chance.randrange(60):02d}"}
            case ["text"]:
                return {"text": self._chance.choice(("mar", "ka", "bel sol", "fel ri", "zzben00012", "ten"))}
            case _:
                return {}


@asynccontextmanager
async def sign_in(address: str, name: str, token: str, seed: int) -> AsyncIterator[Moderator]:
    async with httpx.AsyncClient(base_url=address, timeout=_WAIT, limits=_KEPT) as client:
        answer = await client.post("/sign-in", data={"token": token})
        if answer.status_code != httpx.codes.SEE_OTHER:
            raise RuntimeError(f"{name} cannot sign in: {answer.status_code}")
        csrf = _CSRF.search((await client.get("/queue")).text)
        if csrf is None:
            raise RuntimeError("the queue's page has no CSRF token")
        yield Moderator(name, client, csrf[1], random.Random(f"{seed}:{name}"))  # noqa: S311 - repeatable, no secret


async def at_their_pace(
    moderators: list[Moderator], notes: Notes, *, rounds: int, every_seconds: float, seed: int
) -> None:
    """Each begins a round every ``every_seconds``, spread over that time; one that is late begins at once."""
    chance = random.Random(seed)  # noqa: S311 - repeatable, no secret
    loop = asyncio.get_running_loop()

    async def work(moderator: Moderator, begins: float) -> None:
        for number in range(rounds):
            await asyncio.sleep(max(0.0, begins + number * every_seconds - loop.time()))
            await moderator.round(notes)

    async with asyncio.TaskGroup() as group:
        for moderator in moderators:
            group.create_task(work(moderator, loop.time() + chance.random() * every_seconds))


async def all_at_once(moderators: list[Moderator], notes: Notes, *, rounds: int) -> int:
    """Everybody asks for the next case in the same moment, then for one and the same case.

    Returns how often that one case was given to more or fewer than one of them.
    """
    wrong = 0
    for _ in range(rounds):
        await asyncio.gather(*(moderator.claim_next(notes) for moderator in moderators))
        wanted = await moderators[0].first_case()
        given = await asyncio.gather(*(moderator.claim(notes, wanted) for moderator in moderators))
        wrong += sum(given) != 1
    return wrong
