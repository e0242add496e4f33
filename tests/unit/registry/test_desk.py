"""The registry's pages, as people use them without a script."""

import hashlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest

from shared.events import ArtistStatus, Fitness, Neighbour, VoiceprintSealed
from tests.support.registry import TOKEN, World

PROPOSAL: dict[str, Any] = {
    "artist_id": "ada",
    "name": "Ada <b>Voice</b>",
    "isni": "0000 0001 2281 955X",
    "aliases": "A. Voice\nThe Voice",
    "rights_basis": "own recordings",
    "group": "chest",
    "statement": "The artist herself, identified by her label.",
    "agreed": "yes",
    "wording": "2026-11",
    "given_by": "Ada Voice",
    "given_at": "2026-05-30",
    "biometric_consent": "Signed on paper, kept by the label.",
}
GRANT = {
    "grant_id": "g1",
    "granted_by": "Ada Voice",
    "grantee": "*",
    "uses": "sampling",
    "valid_until": "2027-01-01",
    "label_required": "yes",
}


class Visit:
    """A browser without scripts: it keeps cookies and sends the forms' CSRF token."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self.csrf = ""

    async def sign_in(self, token: str) -> httpx.Response:
        answer = await self.client.post("/sign-in", data={"token": token})
        self.csrf = csrf_in(await self.client.get("/artists")) if answer.status_code == 303 else ""
        return answer

    async def send(self, path: str, files: Any = None, **fields: Any) -> httpx.Response:
        return await self.client.post(path, data={"csrf": self.csrf, **fields}, files=files)

    async def proposes(self, *names: str, **changes: Any) -> httpx.Response:
        files: list[Any] = [
            ("references", (name, b"sound of " + name.encode())) for name in names or ("a.flac",)
        ]
        return await self.send("/artists/new", files=files, **{**PROPOSAL, **changes})

    async def approves(self, **fields: Any) -> httpx.Response:
        """What the page holds now is approved."""
        seen = re.search(r'name="proposal_id" value="([^"]+)"', await self.page("/artists/ada"))
        return await self.send("/artists/ada/approve", proposal_id=seen[1] if seen else "", **fields)

    async def page(self, path: str) -> str:
        return (await self.client.get(path)).text


def csrf_in(answer: httpx.Response) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', answer.text)
    return found[1] if found else ""


@asynccontextmanager
async def a_visit(world: World, token: str | None) -> AsyncIterator[Visit]:
    transport = world.client._transport
    async with httpx.AsyncClient(transport=transport, base_url="http://registry") as client:
        visit = Visit(client)
        if token is not None:
            assert (await visit.sign_in(token)).status_code == 303
        yield visit


@pytest.fixture
async def rita(world: World) -> AsyncIterator[Visit]:
    async with a_visit(world, "token of rita") as visit:
        yield visit


@pytest.fixture
async def omar(world: World) -> AsyncIterator[Visit]:
    async with a_visit(world, "token of omar") as visit:
        yield visit


@pytest.fixture
async def label(world: World) -> AsyncIterator[Visit]:
    async with a_visit(world, "token of label") as visit:
        yield visit


class TestTheDoor:
    @pytest.mark.parametrize("path", ["/artists", "/artists/new", "/artists/ada", "/artists/ada/change"])
    async def test_nobody_sees_a_page_before_signing_in(self, world: World, path: str) -> None:
        async with a_visit(world, None) as visit:
            answer = await visit.client.get(path)
            assert (answer.status_code, answer.headers["location"]) == (303, f"/sign-in?to={path}")

    @pytest.mark.parametrize("token", ["token of omar", TOKEN])
    async def test_a_persons_token_or_the_administrators_opens_it(self, world: World, token: str) -> None:
        async with a_visit(world, token) as visit:
            assert "Nobody yet" in await visit.page("/artists")

    async def test_another_token_does_not(self, world: World) -> None:
        async with a_visit(world, None) as visit:
            answer = await visit.sign_in("token of nobody")
            assert answer.status_code == 403
            assert "set-cookie" not in answer.headers

    async def test_the_cookie_is_out_of_reach_and_a_session_ends_by_itself(self, world: World) -> None:
        async with a_visit(world, None) as visit:
            cookie = (await visit.sign_in("token of rita")).headers["set-cookie"].lower()
            assert "httponly" in cookie
            assert "samesite=strict" in cookie
            assert "token of rita" not in cookie
            world.clock.at += timedelta(minutes=61)
            assert (await visit.client.get("/artists")).status_code == 303

    async def test_signing_out_ends_it_for_good(self, rita: Visit) -> None:
        secret = dict(rita.client.cookies)
        await rita.send("/sign-out")
        rita.client.cookies.update(secret)
        assert (await rita.client.get("/artists")).status_code == 303

    async def test_signing_in_leads_nowhere_else(self, world: World) -> None:
        async with a_visit(world, None) as visit:
            answer = await visit.client.post(
                "/sign-in", data={"token": "token of rita", "to": "https://elsewhere.test/artists"}
            )
            assert answer.headers["location"] == "/artists"

    @pytest.mark.parametrize(
        "headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://elsewhere.test"}]
    )
    async def test_another_sites_form_does_nothing(
        self, world: World, rita: Visit, headers: dict[str, str]
    ) -> None:
        await world.protect()
        rita.client.headers.update(headers)
        assert (await rita.send("/artists/ada/withdraw", sure="yes")).status_code == 403
        assert world.artists.current["ada"].status is ArtistStatus.ACTIVE

    async def test_a_form_without_the_sessions_token_does_nothing(self, world: World, rita: Visit) -> None:
        await world.protect()
        rita.csrf = "guessed"
        assert (await rita.send("/artists/ada/withdraw", sure="yes")).status_code == 403
        assert (await rita.proposes()).status_code == 403
        assert world.artists.current["ada"].status is ArtistStatus.ACTIVE


class TestProposing:
    async def test_what_is_written_is_proposed_by_who_is_signed_in(self, world: World, rita: Visit) -> None:
        answer = await rita.proposes("a.flac", "b.flac")
        assert (answer.status_code, answer.headers["location"]) == (303, "/artists/ada")
        proposed = world.proposals.current["ada"]
        assert (proposed.proposed_by, proposed.aliases) == ("rita", ("A. Voice", "The Voice"))
        assert [one.group for one in proposed.references] == ["chest", "chest"]
        assert proposed.consent.model_dump(mode="json") == {
            "given_by": "Ada Voice",
            "given_at": "2026-05-30T00:00:00Z",
            "wording": "2026-11",
        }
        assert world.artists.said == []

    async def test_of_a_document_only_the_digest_is_kept(self, world: World, rita: Visit) -> None:
        files = [("references", ("a.flac", b"sound")), ("document", ("contract.pdf", b"a contract"))]
        await rita.send("/artists/new", files=files, **PROPOSAL)
        digest = hashlib.sha256(b"a contract").hexdigest()
        assert world.proposals.current["ada"].authority.document_sha256 == digest
        assert list(world.recordings.kept.values()) == [b"sound"]

    async def test_markup_in_a_name_stays_text(self, rita: Visit) -> None:
        await rita.proposes()
        assert "Ada &lt;b&gt;Voice&lt;/b&gt;" in await rita.page("/artists/ada")

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"isni": "0000 0001 2281 9550"}, "isni"),
            ({"agreed": "no"}, "agreed"),
            ({"statement": "trust me"}, "statement"),
            ({"given_by": ""}, "given_by"),
            ({"artist_id": "Ada Voice"}, "artist_id"),
            ({"biometric_consent": "yes"}, "biometric_consent"),
        ],
    )
    async def test_a_fault_is_told_beside_its_field_and_what_was_written_stays(
        self, world: World, rita: Visit, changes: dict[str, Any], field: str
    ) -> None:
        answer = await rita.proposes(**changes)
        assert answer.status_code == 422
        assert f'id="{field}-hint"' in answer.text or field == "agreed"
        assert 'aria-invalid="true"' in answer.text
        assert "own recordings" in answer.text
        assert world.proposals.said == []
        assert world.recordings.kept == {}

    async def test_without_recordings_it_says_so(self, rita: Visit) -> None:
        answer = await rita.send("/artists/new", files=[("references", ("", b""))], **PROPOSAL)
        assert answer.status_code == 422
        assert "at least one recording" in answer.text

    async def test_a_change_starts_from_what_is_known(self, world: World, rita: Visit) -> None:
        await world.protect()
        page = await rita.page("/artists/ada/change")
        assert 'value="Ada Voice"' in page
        fields = {name: value for name, value in PROPOSAL.items() if name != "artist_id"}
        answer = await rita.send("/artists/ada/change", files=[("references", ("b.flac", b"more"))], **fields)
        assert answer.status_code == 303
        assert len(world.proposals.current["ada"].references) == 2


class TestApproving:
    async def test_the_page_tells_what_is_waited_for_and_then_lets_another_person_approve(
        self, world: World, rita: Visit, omar: Visit
    ) -> None:
        await rita.proposes()
        waiting = await omar.page("/artists/ada")
        assert waiting.count("listening …") == 2
        assert '<button class="main" disabled>Approve' in waiting
        before = (await omar.client.get("/artists/ada/state")).json()
        world.checked()
        assert (await omar.client.get("/artists/ada/state")).json() != before
        assert '<button class="main">Approve' in await omar.page("/artists/ada")
        assert "somebody else approves" in await rita.page("/artists/ada")
        assert (await omar.approves()).status_code == 303
        assert world.artists.current["ada"].approved_by == "omar"

    async def test_who_proposed_it_is_refused_whatever_they_send(self, world: World, rita: Visit) -> None:
        await rita.proposes()
        world.checked()
        seen = world.proposals.current["ada"].proposal_id
        answer = await rita.send("/artists/ada/approve", proposal_id=seen)
        assert answer.status_code == 422
        assert "a second person must" in answer.text
        assert world.artists.said == []

    async def test_what_took_the_place_of_what_was_seen_is_not_approved(
        self, world: World, rita: Visit, omar: Visit
    ) -> None:
        await rita.proposes()
        world.checked()
        seen = world.proposals.current["ada"].proposal_id
        await rita.send("/artists/ada/reject", why="Something better.")
        await world.propose("ada", ("other.flac", b"another voice"), by="rita")
        world.checked()
        answer = await omar.send("/artists/ada/approve", proposal_id=seen)
        assert answer.status_code == 422
        assert "look at it first" in answer.text
        assert world.artists.said == []

    async def test_doubts_are_told_with_what_to_do_and_set_aside_in_words(
        self, world: World, rita: Visit, omar: Visit
    ) -> None:
        await rita.proposes()
        world.checked(fitness=Fitness.DOUBTFUL, codes=("several_voices",))
        page = await omar.page("/artists/ada")
        assert "more than one voice" in page
        assert "no duet, no choir" in page
        assert (await omar.approves(accepting="")).status_code == 422
        await omar.approves(accepting="She doubles her own voice on it.")
        assert world.artists.current["ada"].status is ArtistStatus.ACTIVE

    async def test_how_well_the_voice_is_told_apart_is_shown_in_percentiles(
        self, world: World, rita: Visit, omar: Visit
    ) -> None:
        await world.protect("eve")
        await rita.proposes()
        world.checked(neighbours=(Neighbour(artist_id="eve", percentile=99.52, verdict="possible"),))
        page = await omar.page("/artists/ada")
        assert "99.52 % of different voices" in page
        assert "may be confused" in page
        assert '<a href="/artists/eve">' in page

    async def test_a_rejection_says_why_and_the_proposal_is_history(self, rita: Visit, omar: Visit) -> None:
        await rita.proposes()
        await omar.send("/artists/ada/reject", why="No proof came.")
        page = await rita.page("/artists/ada")
        assert "No proof came." in page
        assert "Approve" not in page


class TestRightsHolders:
    async def test_they_see_their_own_artist_and_no_other(self, world: World, label: Visit) -> None:
        await world.protect("somebody-else", name="Eve Other")
        await world.propose("ada", by="rita")
        world.checked(neighbours=(Neighbour(artist_id="somebody-else", percentile=80.0, verdict="no_match"),))
        for path in ("/artists", "/artists/ada"):
            page = await label.page(path)
            assert "Ada Voice" in page
            assert "somebody-else" not in page
            assert "Eve Other" not in page
        assert "another protected artist" in await label.page("/artists/ada")
        for path in (
            "/artists/somebody-else",
            "/artists/somebody-else/change",
            "/artists/somebody-else/state",
        ):
            assert (await label.client.get(path)).status_code == 404

    async def test_they_cannot_touch_another(self, world: World, label: Visit) -> None:
        await world.protect("eve")
        for path in ("withdraw", "approve", "reject", "keys", "grants"):
            fields = {"sure": "yes", **GRANT, "key_id": "k"}
            assert (await label.send(f"/artists/eve/{path}", **fields)).status_code in {404, 422}
        assert world.artists.current["eve"].status is ArtistStatus.ACTIVE
        assert (world.grants.said, world.artist_keys.said) == ([], [])
        assert (await label.proposes(artist_id="new-one")).status_code == 422
        assert "new-one" not in world.proposals.current

    async def test_they_may_not_approve(self, world: World, label: Visit) -> None:
        await world.propose("ada", by="rita")
        world.checked()
        assert "Approve</button>" not in await label.page("/artists/ada")
        seen = world.proposals.current["ada"].proposal_id
        assert (await label.send("/artists/ada/approve", proposal_id=seen)).status_code == 422
        assert world.artists.said == []


class TestConsentAndKeys:
    async def test_consent_is_given_told_and_revoked(self, world: World, rita: Visit) -> None:
        await world.protect()
        assert (await rita.send("/artists/ada/grants", **GRANT, isrcs="SE-ABC-26-00001")).status_code == 303
        grant = world.grants.current["g1"]
        assert (grant.recorded_by, grant.granted_by) == ("rita", "Ada Voice")
        assert (grant.isrcs, grant.territories) == (("SEABC2600001",), ("Worldwide",))
        assert "Revoke g1" in await rita.page("/artists/ada")
        await rita.send("/artists/ada/grants/g1/revoke")
        assert world.grants.current["g1"].revoked_at is not None

    @pytest.mark.parametrize(
        "changes",
        [{"uses": ""}, {"valid_until": "2050-01-01"}, {"grant_id": "G 1"}, {"grantee": "nobody"}],
    )
    async def test_what_is_not_clearly_allowed_is_not_given(
        self, world: World, rita: Visit, changes: dict[str, Any]
    ) -> None:
        await world.protect()
        answer = await rita.send("/artists/ada/grants", **{**GRANT, **changes})
        assert answer.status_code == 422
        assert world.grants.said == []

    async def test_an_artist_key_is_on_one_answer_and_on_no_page(self, world: World, rita: Visit) -> None:
        await world.protect()
        answer = await rita.send("/artists/ada/keys", key_id="ada-acme", valid_until="2027-01-01")
        assert "tgk_ada_" in answer.text
        assert answer.headers["cache-control"] == "no-store"
        assert "tgk_ada_" not in await rita.page("/artists/ada")
        await rita.send("/artists/ada/keys/ada-acme/revoke")
        assert world.artist_keys.current["ada-acme"].revoked_at is not None


class TestWithdrawing:
    async def test_it_wants_a_tick_and_one_person(self, world: World, rita: Visit) -> None:
        await world.protect()
        assert (await rita.send("/artists/ada/withdraw")).status_code == 422
        assert world.artists.current["ada"].status is ArtistStatus.ACTIVE
        assert (await rita.send("/artists/ada/withdraw", sure="yes")).status_code == 303
        assert world.voiceprints.keys == {}
        assert "Nobody looks for this voice" in await rita.page("/artists/ada")


async def test_no_page_and_no_answer_holds_a_template_or_says_where_recordings_lie(
    world: World, rita: Visit
) -> None:
    await world.protect()
    world.templates["ada"] = VoiceprintSealed(
        event_id="v",
        occurred_at=world.clock.at,
        artist_id="ada",
        model_version="m",
        key_id="the-key-id",
        references=("a" * 64,),
        sealed="v1.ciphertext",
    )
    paths = ["/artists", "/artists/ada", "/artists/ada/change", "/artists/ada/state"]
    api = ["/v1/artists", "/v1/artists/ada", "/v1/proposals", "/v1/proposals/ada", "/openapi.json"]
    for told in [await rita.page(path) for path in paths] + [
        (await world.client.get(path)).text for path in api
    ]:
        for secret in ("ciphertext", "the-key-id", "memory://", "sealed_secret"):
            assert secret not in told
    assert "The voice was measured" in await rita.page("/artists/ada")
