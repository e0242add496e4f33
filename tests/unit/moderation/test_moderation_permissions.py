"""Who may do what: every path of the app, asked as every role."""

import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI

from services.moderation.adapters.reviewers import Reviewers
from services.moderation.domain.access import RIGHTS, Queues, Reviewer, Right, Role
from services.moderation.domain.cases import case_id_of
from services.moderation.sign_in_settings import QUEUES
from services.moderation.web import app as the_app
from services.moderation.web.guarded import permissions_of, refuse_unguarded, routes_of
from shared.events import Reason
from tests.support.events import track_id
from tests.unit.moderation.desk_fakes import DeskWorld

CASE = case_id_of(track_id(1))
FILLED = {"case_id": CASE, "track_id": track_id(1), "link": "none", "sound": "recording"}
FORBIDDEN, SEEN = 403, {200, 204, 303, 307, 400, 404, 409, 410, 413, 416, 422}

ALLOWED = {
    Role.VIEWER: {"read"},
    Role.MODERATOR: {"read", "claim", "decide", "hear_held"},
    Role.SENIOR: {"read", "claim", "decide", "hear_held", "hear_any", "second", "bulk"},
    Role.POLICY_EDITOR: {"read", "edit_policy"},
    Role.ADMIN: {"read", "administer"},
}


@dataclass
class Cast:
    world: DeskWorld
    app: FastAPI
    client: Callable[[str | None], httpx.AsyncClient]

    async def csrf(self, reviewer_id: str) -> str:
        """A session for somebody; their browser has its cookie."""
        reviewer = self.world.reviewers.named(reviewer_id)
        assert reviewer is not None
        opened = await self.world.sessions.open(reviewer)
        self.client(reviewer_id).cookies.set("trackgate_moderation", opened.secret)
        return opened.session.csrf


def somebody(reviewer_id: str, role: Role, **narrowed: Any) -> Reviewer:
    return Reviewer(reviewer_id=reviewer_id, name=reviewer_id.title(), role=role, **narrowed)


PEOPLE = (
    *(somebody(role.value, role) for role in Role),
    somebody("ai-only", Role.SENIOR, queues=frozenset({"ai"})),
    somebody("voice-only", Role.SENIOR, queues=frozenset({"voice"})),
    somebody("both", Role.SENIOR, queues=frozenset({"voice", "ai"})),
    somebody("no-labels", Role.MODERATOR, labels=frozenset({"licensed-voice"})),
)


@pytest.fixture
async def cast(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Cast]:
    audio = tmp_path / "audio"
    audio.write_bytes(bytes(range(100)))
    world = DeskWorld(audio)
    world.reviewers = Reviewers(PEOPLE)
    made = the_app.create_app
    monkeypatch.setattr(
        "tests.unit.moderation.desk_fakes.create_app",
        lambda parts: made(replace(parts, queues=Queues(QUEUES))),
    )
    app = world.app()
    kept: dict[str | None, httpx.AsyncClient] = {}

    def client(name: str | None) -> httpx.AsyncClient:
        if name not in kept:
            transport = httpx.ASGITransport(app, raise_app_exceptions=False)
            kept[name] = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1")
        return kept[name]

    yield Cast(world, app, client)
    for one in kept.values():
        await one.aclose()


def guarded(app: FastAPI) -> list[tuple[str, str, str]]:
    """Every (method, path, right) that has a guard."""
    return [
        (method, path, right)
        for method, path, route in routes_of(app.routes)
        if method != "HEAD"
        for right in permissions_of(route)
    ]


def filled(path: str) -> str:
    return re.sub(r"\{(\w+)(?::\w+)?\}", lambda found: FILLED.get(found[1], "1"), path)


def test_the_rights_of_the_roles_are_these() -> None:
    assert {role: {right.value for right in RIGHTS[role]} for role in Role} == ALLOWED


async def test_every_path_has_a_guard_or_is_named_as_public(cast: Cast) -> None:
    paths = {(method, path) for method, path, _ in routes_of(cast.app.routes)}
    behind = {(method, path) for method, path, _ in guarded(cast.app)}
    assert paths - behind <= the_app._PUBLIC | {("HEAD", path) for _, path in behind}
    assert len(behind) >= 16
    known = {right.value for right in Right}
    assert {right for _, _, right in guarded(cast.app)} <= known


def test_an_app_with_a_bare_path_does_not_start() -> None:
    app, router = FastAPI(openapi_url=None), APIRouter(prefix="/v1")

    @router.post("/open")
    def bare() -> None: ...

    app.include_router(router)
    with pytest.raises(LookupError, match="POST /v1/open"):
        refuse_unguarded(app, frozenset())


@pytest.mark.parametrize("role", list(Role))
async def test_each_role_gets_through_exactly_where_its_rights_say(cast: Cast, role: Role) -> None:
    await cast.world.hold()
    csrf = await cast.csrf(role.value)
    client = cast.client(role.value)
    for method, path, right in guarded(cast.app):
        if path == "/events" and right in ALLOWED[role]:
            continue  # a stream; its guard is the one that all paths have
        cast.world.audit.entries.clear()
        answer = await client.request(method, filled(path), headers={"X-CSRF-Token": csrf})
        refused = [entry for entry in cast.world.audit.entries if entry["deed"] == "refused"]
        why = {entry["why"] for entry in refused}
        if right in ALLOWED[role]:
            assert "not-allowed" not in why, f"{role} is refused {method} {path}"
            assert answer.status_code in SEEN | {FORBIDDEN}, f"{method} {path}: {answer.text}"
        else:
            assert answer.status_code == FORBIDDEN, f"{role} gets through {method} {path}"
            assert [(entry["why"], entry["right"]) for entry in refused] == [("not-allowed", right)]


async def test_nobody_gets_through_anywhere(cast: Cast) -> None:
    await cast.world.hold()
    for method, path, _ in guarded(cast.app):
        answer = await cast.client(None).request(method, filled(path))
        led_to_the_door = answer.status_code == 303 and answer.headers["location"].startswith("/sign-in?")
        assert answer.status_code == 401 or led_to_the_door, f"{method} {path}"


async def test_no_change_goes_through_without_the_sessions_csrf_token(cast: Cast) -> None:
    await cast.world.hold()
    await cast.csrf("senior")
    other = (await cast.world.sessions.open(PEOPLE[0])).session.csrf
    for method, path, _ in guarded(cast.app):
        if method == "GET":
            continue
        for headers in ({}, {"X-CSRF-Token": "guessed"}, {"X-CSRF-Token": other}):
            answer = await cast.client("senior").request(method, filled(path), headers=headers)
            assert answer.status_code == FORBIDDEN, f"{method} {path}"
            assert answer.json()["type"].endswith(":csrf")


async def test_a_case_of_another_queue_is_closed_on_every_path(cast: Cast) -> None:
    await cast.world.hold()  # its reason is the queue ai's
    csrf = await cast.csrf("voice-only")
    mine = await cast.csrf("ai-only")
    for method, path, _ in guarded(cast.app):
        if "{case_id}" not in path and "{track_id}" not in path:
            continue
        answer = await cast.client("voice-only").request(method, filled(path), headers={"X-CSRF-Token": csrf})
        assert (answer.status_code, cast.world.audit.entries[-1]["why"]) == (FORBIDDEN, "other-queue"), path
        answer = await cast.client("ai-only").request(method, filled(path), headers={"X-CSRF-Token": mine})
        assert "other-queue" not in answer.text, path


async def test_no_list_shows_and_no_search_gives_a_case_of_another_queue(cast: Cast) -> None:
    await cast.world.hold()
    csrf = await cast.csrf("voice-only")
    for method, path, _ in guarded(cast.app):
        if "{" in path or path == "/events":
            continue
        answer = await cast.client("voice-only").request(method, path, headers={"X-CSRF-Token": csrf})
        assert "Song 1" not in answer.text, f"{method} {path}"
        assert CASE not in answer.text + answer.headers.get("location", ""), f"{method} {path}"
    assert (await cast.world.queue.counts("voice-only")).mine == 0
    mine = await cast.csrf("ai-only")
    claimed = await cast.client("ai-only").post("/v1/cases/next", headers={"X-CSRF-Token": mine})
    assert claimed.json()["case_id"] == CASE


async def test_a_case_in_two_queues_is_for_those_who_have_both(cast: Cast) -> None:
    reasons = tuple(
        Reason(code=code, text="x", rule="r") for code in ("voice_without_consent", "ai_undeclared")
    )
    await cast.world.hold(reasons=reasons)
    for who, status in (("ai-only", 403), ("voice-only", 403), ("both", 200)):
        await cast.csrf(who)
        assert (await cast.client(who).get(f"/v1/cases/{CASE}")).status_code == status
        listed = (await cast.client(who).get("/v1/cases")).json()["cases"]
        assert len(listed) == (status == 200)


async def test_a_case_of_no_queue_is_for_those_who_are_narrowed_to_none(cast: Cast) -> None:
    await cast.world.hold(reasons=(Reason(code="finding_error", text="x", rule="r"),))
    for who, shown in (("both", 0), ("senior", 1)):
        await cast.csrf(who)
        listed = (await cast.client(who).get("/v1/cases")).json()["cases"]
        assert len(listed) == shown


async def test_a_label_is_put_by_those_who_may_put_it(cast: Cast) -> None:
    case_id = await cast.world.hold()
    headers = {"X-CSRF-Token": await cast.csrf("no-labels")}
    client = cast.client("no-labels")
    token = (await client.post(f"/v1/cases/{case_id}/claim", headers=headers)).json()["token"]
    answer = {"token": token, "decision_id": "decision-1-1", "outcome": "label", "note": "n"}
    refused = await client.post(
        f"/v1/cases/{case_id}/resolve", headers=headers, json=answer | {"label_codes": ["ai-detected"]}
    )
    assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) == (403, "labels-not-yours")
    assert cast.world.audit.entries[-1]["why"] == "labels-not-yours"
    taken = await client.post(
        f"/v1/cases/{case_id}/resolve", headers=headers, json=answer | {"label_codes": ["licensed-voice"]}
    )
    assert taken.status_code == 200, taken.text
