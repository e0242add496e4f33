"""What a distributor sees in the portal, and what a session may do."""

import re
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
import yaml
from fastapi import FastAPI

from services.ingest.adapters.reading import UploadReader
from services.ingest.portal import texts
from services.ingest.portal.identity import COOKIE, CSRF_HEADER, PortalIdentity
from services.ingest.portal.pages import Portal, install_portal
from services.ingest.portal.rendering import portal_pages
from services.ingest.portal.sessions import Session
from services.ingest.portal.webhook_page import webhook_page_routes
from services.ingest.routes.caller import CallerIdentity
from services.ingest.routes.delivering import delivery_routes
from services.ingest.routes.tracks import track_routes
from services.ingest.routes.webhook import webhook_routes
from shared.events import (
    AppealDecided,
    AppealFiled,
    AppealOutcome,
    DecisionMade,
    DeliveryStep,
    DistributorRegistered,
    Label,
    Outcome,
    Reason,
    WebhookRegistered,
)
from shared.http import SecurityHeaders, install_problem_handlers
from shared.objects.folder import FolderStore
from tests.unit.audio.sound import encoded, tone
from tests.unit.ingest.endpoint_fakes import MemoryDeliveries, MemoryPublisher, a_step, own_endpoints
from tests.unit.ingest.fakes import KEYS, NOON, Ingest, distributors

FLAC = encoded(tone(1.0), "FLAC")
POLICY = Path(__file__).parents[3] / "services" / "policy" / "policies"


class MemorySessions:
    def __init__(self) -> None:
        self.kept: dict[str, Session] = {}

    async def open(self, distributor: DistributorRegistered) -> str:
        secret = f"secret-{len(self.kept)}"
        self.kept[secret] = Session(
            distributor.distributor_id,
            distributor.api_key_sha256,
            f"csrf-{secret}",
            NOON + timedelta(hours=1),
        )
        return secret

    async def find(self, secret: str) -> Session | None:
        return self.kept.get(secret)

    async def close(self, secret: str) -> None:
        self.kept.pop(secret, None)


class World:
    """The portal before ingest's fakes, and a browser's client."""

    def __init__(self, folder: Path, *, appeals: bool = True) -> None:
        self.ingest = Ingest(folder)
        self.sessions = MemorySessions()
        self.known = distributors()
        self.webhooks: dict[str, WebhookRegistered] = {}
        self.log, self.publisher = MemoryDeliveries(), MemoryPublisher()
        identity = PortalIdentity(self.sessions, self.known)
        app = FastAPI()
        install_problem_handlers(app)
        app.add_middleware(SecurityHeaders)
        caller = CallerIdentity(self.ingest.intake, identity)
        app.include_router(
            delivery_routes(
                caller, self.ingest.intake, UploadReader(FolderStore(folder), max_bytes=10_000_000)
            )
        )
        app.include_router(track_routes(caller, self.ingest.ledger, self.ingest.views))
        portal = Portal(
            intake=self.ingest.intake,
            identity=identity,
            sessions=self.sessions,
            ledger=self.ingest.ledger,
            views=self.ingest.views,
            pages=portal_pages(),
        )
        self.endpoints = own_endpoints(self.webhooks, self.log, self.publisher)
        install_portal(app, portal, webhook_page_routes(identity, self.endpoints, portal.pages))
        app.include_router(webhook_routes(caller, self.endpoints))
        if appeals:
            app.add_api_route("/v1/tracks/{track_id}/appeals", lambda: None, methods=["POST"])
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url="http://trackgate"
        )

    async def sign_in(self, who: str = "acme") -> None:
        answer = await self.http.post("/portal/sign-in", data={"key": KEYS[who]})
        assert answer.status_code == 303

    @property
    def csrf(self) -> dict[str, str]:
        return {CSRF_HEADER: next(iter(self.sessions.kept.values())).csrf}

    async def delivered(self, title: str = "Night Bus") -> str:
        metadata = f'{{"title": "{title}", "display_artist": "Ada Example"}}'
        answer = await self.ingest.deliver(FLAC, metadata)
        return str(answer.json()["track_id"])

    async def decided(self, track_id: str, outcome: Outcome, *codes: str, **more: object) -> DecisionMade:
        decision = DecisionMade(
            event_id="decision-1",
            occurred_at=NOON,
            track_id=track_id,
            audio_sha256="a" * 64,
            sequence=1,
            outcome=outcome,
            reasons=tuple(Reason(code=code, text=f"The exact words of {code}.") for code in codes),
            policy_version="7",
        ).model_copy(update=more)
        await self.ingest.views.record(decision)
        return decision

    async def page(self, path: str) -> str:
        answer = await self.http.get(path)
        assert answer.status_code == 200, answer.text
        return re.sub(r"\s+", " ", answer.text)


@pytest.fixture
async def world(tmp_path: Path) -> World:
    world = World(tmp_path / "objects")
    await world.sign_in()
    return world


async def test_without_a_session_every_page_leads_to_the_sign_in(tmp_path: Path) -> None:
    world = World(tmp_path)
    for path in ("/portal", "/portal/deliver", "/portal/webhook", f"/portal/tracks/{'0' * 8}-{'0' * 27}"):
        answer = await world.http.get(path)
        assert (answer.status_code, answer.headers.get("location")) == (303, "/portal/sign-in"), path


@pytest.mark.parametrize("key", ["", "tgk_nobody", KEYS["barred"]])
async def test_a_wrong_key_opens_nothing(tmp_path: Path, key: str) -> None:
    world = World(tmp_path)
    answer = await world.http.post("/portal/sign-in", data={"key": key})
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


async def test_nor_does_a_form_on_another_site(tmp_path: Path) -> None:
    world = World(tmp_path)
    for header in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = await world.http.post("/portal/sign-in", data={"key": KEYS["acme"]}, headers=header)
        assert answer.status_code == 403


async def test_the_session_is_in_an_http_only_cookie_and_the_key_nowhere(tmp_path: Path) -> None:
    world = World(tmp_path)
    answer = await world.http.post("/portal/sign-in", data={"key": KEYS["acme"]})
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert KEYS["acme"] not in cookie
    assert KEYS["acme"] not in await world.page("/portal")


async def test_pages_let_nothing_in_from_elsewhere(world: World) -> None:
    answer = await world.http.get("/portal")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"(src|href)=\"(https?:)?//", answer.text)
    assert "<style" not in answer.text
    assert not re.search(r"\son\w+=|\sstyle=", answer.text)


async def test_a_barred_distributor_and_a_replaced_key_end_the_session(world: World) -> None:
    world.known["acme"] = world.known["acme"].model_copy(update={"api_key_sha256": "b" * 64})
    assert (await world.http.get("/portal")).status_code == 303
    world.known["acme"] = distributors()["acme"].model_copy(update={"active": False})
    assert (await world.http.get("/portal")).status_code == 303


async def test_uploads_are_listed_with_state_and_reason_in_plain_words(world: World) -> None:
    track_id = await world.delivered()
    assert texts.STATES["received"].title in await world.page("/portal")
    await world.decided(track_id, Outcome.QUARANTINE, "ai_contradicts_declaration")
    page = await world.page("/portal")
    assert texts.STATES["quarantine"].title in page
    assert texts.REASONS["ai_contradicts_declaration"].title in page


async def test_a_track_says_why_and_what_to_do(world: World) -> None:
    track_id = await world.delivered()
    await world.decided(
        track_id,
        Outcome.REJECT,
        "voice_without_consent",
        "something_new",
        statement={"decision_facts": "A comparison found it.", "territorial_scope": ["DE", "FR"]},
        labels=(Label(code="ai", text="Signs of AI", basis="detected"),),
    )
    page = await world.page(f"/portal/tracks/{track_id}")
    assert texts.REASONS["voice_without_consent"].todo.replace("'", "&#39;") in page
    assert "The exact words of something_new." in page
    assert "A comparison found it." in page
    assert "DE, FR" in page
    assert texts.BASES["detected"] not in page  # nobody sees a label on what is refused
    assert f"</time>{texts.STATES['reject'].title}" in page
    assert 'id="contest"' in page


async def test_a_labelled_track_says_which_label_and_whose_word_it_is(world: World) -> None:
    track_id = await world.delivered()
    label = Label(code="ai", text="Signs of AI", basis="detected")
    await world.decided(track_id, Outcome.LABEL, "ai_undeclared", labels=(label,))
    page = await world.page(f"/portal/tracks/{track_id}")
    assert "Signs of AI</span>" in page
    assert texts.BASES["detected"] in page


async def test_what_they_wrote_is_shown_as_text(world: World) -> None:
    track_id = await world.delivered("<script>alert(1)</script>")
    for path in ("/portal", f"/portal/tracks/{track_id}", f"/portal/deliver?again={track_id}"):
        page = await world.page(path)
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert" in page


async def test_anothers_track_is_none(world: World) -> None:
    answer = await world.ingest.deliver(FLAC, caller="other")
    track_id = answer.json()["track_id"]
    assert (await world.http.get(f"/portal/tracks/{track_id}")).status_code == 404
    assert 'value="Night Bus"' not in await world.page(f"/portal/deliver?again={track_id}")


@pytest.mark.parametrize("outcome", [Outcome.PUBLISH, Outcome.QUARANTINE])
async def test_what_restricts_nothing_or_waits_for_a_person_cannot_be_contested(
    world: World, outcome: Outcome
) -> None:
    track_id = await world.delivered()
    await world.decided(track_id, outcome, "nothing_found")
    assert 'id="contest"' not in await world.page(f"/portal/tracks/{track_id}")


async def test_where_appeals_are_not_taken_none_is_offered(tmp_path: Path) -> None:
    world = World(tmp_path, appeals=False)
    await world.sign_in()
    track_id = await world.delivered()
    await world.decided(track_id, Outcome.REJECT, "ai_undeclared")
    assert 'id="contest"' not in await world.page(f"/portal/tracks/{track_id}")


async def test_an_appeal_is_shown_with_its_answer_and_not_offered_twice(world: World) -> None:
    track_id = await world.delivered()
    decision = await world.decided(track_id, Outcome.REJECT, "ai_undeclared")
    appeal = AppealFiled(
        event_id="appeal-1",
        occurred_at=NOON,
        track_id=track_id,
        decision_id=decision.event_id,
        distributor_id="acme",
        text="It was played by hand.",
    )
    await world.ingest.views.record(appeal)
    page = await world.page(f"/portal/tracks/{track_id}")
    assert "It was played by hand." in page
    assert 'id="contest"' not in page
    answer = AppealDecided(
        event_id="answer-1",
        occurred_at=NOON,
        appeal_id="appeal-1",
        track_id=track_id,
        decision_id=decision.event_id,
        outcome=AppealOutcome.OVERTURNED,
        decided_by="sam",
    )
    await world.ingest.views.record(answer)
    assert texts.APPEAL_OUTCOMES["overturned"] in await world.page(f"/portal/tracks/{track_id}")


async def test_a_page_delivers_by_its_session_and_its_header(world: World) -> None:
    parts = [
        ("metadata", (None, b'{"title": "A", "display_artist": "B"}', "application/json")),
        ("audio", ("a.flac", FLAC, "audio/flac")),
    ]
    without = await world.http.post("/v1/tracks", files=parts)
    assert without.status_code == 403
    wrong = await world.http.post("/v1/tracks", files=parts, headers={CSRF_HEADER: "guess"})
    assert wrong.status_code == 403
    assert world.ingest.announcer.announced == []
    answer = await world.http.post("/v1/tracks", files=parts, headers=world.csrf)
    assert answer.status_code == 202
    assert world.ingest.announcer.announced[0].distributor_id == "acme"


async def test_a_key_in_the_request_outranks_the_session(world: World) -> None:
    headers = {"Authorization": f"Bearer {KEYS['other']}"}
    await world.ingest.deliver(FLAC, caller="other")
    assert len((await world.http.get("/v1/tracks", headers=headers)).json()["tracks"]) == 1
    assert (await world.http.get("/v1/tracks")).json()["tracks"] == []
    assert (await world.http.get("/v1/tracks", headers={"Authorization": "Bearer no"})).status_code == 401


async def test_signing_out_takes_the_pages_own_form(world: World) -> None:
    secret = world.http.cookies[COOKIE]
    assert (await world.http.post("/portal/sign-out", data={"csrf": "guess"})).status_code == 403
    assert secret in world.sessions.kept
    await world.http.post("/portal/sign-out", data={"csrf": world.sessions.kept[secret].csrf})
    assert world.sessions.kept == {}


async def test_the_webhook_page_shows_the_address_and_no_secret(world: World) -> None:
    assert "No address is registered" in await world.page("/portal/webhook")
    world.webhooks["acme"] = WebhookRegistered(
        event_id="w",
        occurred_at=NOON,
        distributor_id="acme",
        url="https://hooks.acme.example/",
        sealed_secret="v1.sealed",  # noqa: S106 - opens nothing
        generation=1,
        since=NOON,
    )
    page = await world.page("/portal/webhook")
    assert "https://hooks.acme.example/" in page
    assert "v1.sealed" not in page


async def test_the_webhook_is_registered_from_the_page_and_its_secret_is_told_once(world: World) -> None:
    wanted = {"url": "https://hooks.acme.example/told"}
    refused = await world.http.put("/v1/webhook", json=wanted)
    assert refused.status_code == 403
    answer = await world.http.put("/v1/webhook", json=wanted, headers=world.csrf)
    assert (answer.status_code, answer.json()["state"]) == (200, "on")
    secret = answer.json()["secret"]
    assert secret.startswith("whsec_")
    assert secret not in await world.page("/portal/webhook")
    assert (await world.http.get("/v1/webhook")).json()["secret"] is None
    bad = await world.http.put("/v1/webhook", json={"url": "http://acme.example/"}, headers=world.csrf)
    assert (bad.status_code, bad.json()["errors"]) == (422, [{"field": "url", "reason": "must be https"}])


async def test_a_switched_off_webhook_is_shown_as_off(world: World) -> None:
    assert (await world.http.delete("/v1/webhook", headers=world.csrf)).status_code == 404
    wanted = {"url": "https://hooks.acme.example/told"}
    await world.http.put("/v1/webhook", json=wanted, headers=world.csrf)
    assert (await world.http.delete("/v1/webhook", headers=world.csrf)).status_code == 204
    page = await world.page("/portal/webhook")
    assert 'id="endpoint-state">off<' in page
    assert texts.ENDPOINT_STATES["off"].meaning in page


async def test_what_was_given_up_has_a_button_to_be_told_again_and_what_waits_has_none(world: World) -> None:
    given_up, waiting = (f"0000000{n}-0000-4000-8000-000000000000" for n in (1, 2))
    await world.log.record(a_step(given_up, DeliveryStep.QUEUED))
    await world.log.record(a_step(given_up, DeliveryStep.GIVEN_UP, 1))
    await world.log.record(a_step(waiting, DeliveryStep.QUEUED))
    page = await world.page("/portal/webhook")
    assert f'data-delivery="{given_up}"' in page
    assert f'data-delivery="{waiting}"' not in page
    address = f"/v1/webhook/deliveries/{given_up}/replay"
    assert (await world.http.post(address)).status_code == 403
    assert (await world.http.post(address, headers=world.csrf)).status_code == 202
    assert (await world.http.post(address, headers=world.csrf)).status_code == 409
    listed = (await world.http.get("/v1/webhook/deliveries")).json()["deliveries"]
    assert {one["delivery_id"]: (one["step"], one["may_replay"]) for one in listed} == {
        given_up: ("replayed", False),
        waiting: ("queued", False),
    }


def test_every_reason_that_the_policy_gives_has_its_words() -> None:
    found: set[str] = set()

    def look(node: object) -> None:
        if isinstance(node, dict):
            if isinstance(node.get("reason"), str):
                found.add(node["reason"])
            for value in node.values():
                look(value)
        elif isinstance(node, list):
            for value in node:
                look(value)

    for file in POLICY.glob("*.yaml"):
        look(yaml.safe_load(file.read_text()))
    assert found
    assert found - set(texts.REASONS) == set()
