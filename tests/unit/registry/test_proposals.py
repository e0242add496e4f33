"""Nobody is protected by one person alone, and nothing is kept that was refused."""

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from services.registry.domain import Recording, Refused
from services.registry.proposals import CHECKERS
from shared.events import ArtistStatus, Fitness, Neighbour, ProposalState
from tests.support.registry import ADA, World

ACCEPTING = "It is the artist in a duet with herself."


def faults(answer: httpx.Response) -> dict[str, str]:
    return {fault["field"]: fault["reason"] for fault in answer.json()["errors"]}


def code(answer: httpx.Response) -> str:
    return str(answer.json()["type"]).rpartition(":")[2]


class TestProposing:
    async def test_a_proposal_protects_nobody(self, world: World) -> None:
        answer = await world.propose()
        assert answer.status_code == 202, answer.text
        assert (answer.json()["state"], answer.json()["proposed_by"]) == ("pending", "administrator")
        assert world.artists.said == []
        assert world.voiceprints.keys == {}

    async def test_it_carries_the_recordings_as_they_were_measured_and_who_consented_to_what(
        self, world: World
    ) -> None:
        world.recordings.findings["b.wav"] = Recording(seconds=4.5, sample_rate=16_000, silent=False)
        answer = await world.propose("ada", ("a.flac", b"one"), ("b.wav", b"two"), group="chest voice")
        proposed = world.proposals.current["ada"]
        assert answer.json()["isni"] == proposed.isni == "000000012281955X"
        assert [one.seconds for one in proposed.references] == [10.0, 4.5]
        assert {one.group for one in proposed.references} == {"chest voice"}
        assert {one.uri for one in proposed.references} == set(world.recordings.kept)
        assert proposed.consent.model_dump(mode="json") == ADA["consent"]
        assert proposed.authority.statement == ADA["authority"]["statement"]

    async def test_what_is_told_does_not_say_where_recordings_lie(self, world: World) -> None:
        await world.protect()
        for path in ("/v1/artists/ada", "/v1/proposals/ada", "/v1/proposals", "/v1/artists"):
            assert "memory://" not in (await world.client.get(path)).text

    async def test_the_same_proposal_again_changes_nothing_whoever_sends_it(self, world: World) -> None:
        first = await world.propose(by="rita")
        world.clock.at += timedelta(days=1)
        assert (await world.propose(by="omar")).json() == first.json()
        assert len(world.proposals.said) == 1
        assert len(world.recordings.kept) == 1

    async def test_an_artist_who_is_protected_so_already_is_not_proposed_again(self, world: World) -> None:
        await world.protect()
        assert (await world.propose()).json()["state"] == "approved"
        assert len(world.artists.said) == 1

    async def test_another_proposal_takes_the_place_of_one_that_waits_and_its_recordings(
        self, world: World
    ) -> None:
        await world.propose("ada", ("duet.flac", b"two voices"))
        await world.propose("ada", ("solo.flac", b"one voice"))
        assert list(world.recordings.kept.values()) == [b"one voice"]
        assert len(world.proposals.current["ada"].references) == 1

    async def test_a_change_keeps_the_recordings_of_the_protected_artist(self, world: World) -> None:
        await world.protect()
        await world.protect("ada", ("more.flac", b"more of ada"), name="Ada Loud Voice")
        current = world.artists.current["ada"]
        assert (current.name, len(current.references)) == ("Ada Loud Voice", 2)

    async def test_until_a_change_is_approved_the_artist_stands_as_before(self, world: World) -> None:
        await world.protect()
        before = world.artists.current["ada"]
        await world.propose("ada", name="Eve")
        assert world.artists.current["ada"] == before

    async def test_a_recording_can_be_left_out(self, world: World) -> None:
        await world.protect("ada", ("a.flac", b"one"), ("b.flac", b"two"))
        first = world.artists.current["ada"].references[0].sha256
        parts = [("artist", (None, json.dumps({**ADA, "without": [first]})))]
        answer = await world.client.put("/v1/artists/ada", files=parts)
        assert answer.status_code == 202, answer.text
        world.checked()
        await world.approve()
        assert [one.sha256 for one in world.artists.current["ada"].references] != [first]
        assert list(world.recordings.kept.values()) == [b"two"]

    async def test_going_back_to_an_earlier_state_is_news_with_an_id_of_its_own(self, world: World) -> None:
        for name in ("Ada", "Eve", "Ada"):
            await world.protect(name=name)
        assert len({event.event_id for event in world.artists.said}) == 3

    async def test_post_proposes_only_who_is_not_known(self, world: World) -> None:
        parts: list[tuple[str, Any]] = [
            ("artist", (None, json.dumps({**ADA, "artist_id": "ada"}))),
            ("references", ("a.flac", b"sound of ada")),
        ]
        assert (await world.client.post("/v1/artists", files=parts)).status_code == 202
        assert (await world.client.post("/v1/artists", files=parts)).status_code == 409

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"isni": "0000 0001 2281 9550"}, "isni"),
            ({"biometric_consent": "yes"}, "biometric_consent"),
            ({"consent": {**ADA["consent"], "wording": "my own words"}}, "consent.wording"),
            ({"consent": {**ADA["consent"], "given_by": " "}}, "consent.given_by"),
            ({"consent": {**ADA["consent"], "given_at": "2026-06-01T12:06:00Z"}}, "consent.given_at"),
            ({"authority": {"statement": "trust me"}}, "authority.statement"),
            ({"authority": {**ADA["authority"], "document_sha256": "abc"}}, "authority.document_sha256"),
            ({"name": " "}, "name"),
            ({"alias": []}, "alias"),
            ({"rights_basis": None}, "rights_basis"),
            ({"own_distributors": ["nobody"]}, "own_distributors"),
        ],
    )
    async def test_a_wrong_field_is_named_and_nothing_is_kept(
        self, world: World, changes: dict[str, Any], field: str
    ) -> None:
        answer = await world.propose(**changes)
        assert answer.status_code == 422
        assert list(faults(answer)) == [field]
        assert world.proposals.said == []
        assert world.recordings.kept == {}

    @pytest.mark.parametrize("part", ["biometric_consent", "consent", "authority"])
    async def test_without_consent_or_authority_there_is_no_proposal(self, world: World, part: str) -> None:
        form = {name: value for name, value in ADA.items() if name != part}
        parts: list[tuple[str, Any]] = [
            ("artist", (None, json.dumps(form))),
            ("references", ("a.flac", b"sound of ada")),
        ]
        answer = await world.client.put("/v1/artists/ada", files=parts)
        assert (answer.status_code, list(faults(answer))) == (422, [part])

    @pytest.mark.parametrize(
        "finding",
        [
            Recording(seconds=2.9, sample_rate=44_100, silent=False),
            Recording(seconds=1801.0, sample_rate=44_100, silent=False),
            Recording(seconds=10.0, sample_rate=8_000, silent=False),
            Recording(seconds=10.0, sample_rate=44_100, silent=True),
            Refused("recording-not-audio", "text.flac: this is no audio", "references"),
        ],
    )
    async def test_one_unfit_recording_refuses_all_and_nothing_is_kept(
        self, world: World, finding: Recording | Refused
    ) -> None:
        world.recordings.findings["bad.flac"] = finding
        answer = await world.propose("ada", ("good.flac", b"good"), ("bad.flac", b"bad"))
        assert answer.status_code == 422
        assert "references" in faults(answer)
        assert world.proposals.said == []
        assert world.recordings.kept == {}

    async def test_a_recording_over_the_limit_is_refused(self, world: World) -> None:
        answer = await world.propose("ada", ("big.flac", b"x" * 1001))
        assert answer.json()["detail"] == "big.flac is larger than 1000 bytes"

    async def test_a_request_over_the_limit_is_refused_unread(self, world: World) -> None:
        answer = await world.propose("ada", ("big.flac", b"x" * 10_001))
        assert answer.status_code == 413
        assert world.recordings.kept == {}

    async def test_without_any_recording_there_is_nothing_to_look_for(self, world: World) -> None:
        answer = await world.client.put("/v1/artists/ada", files=[("artist", (None, json.dumps(ADA)))])
        assert answer.status_code == 422
        assert "recording" in faults(answer)["references"]

    async def test_json_instead_of_multipart_is_told_apart(self, world: World) -> None:
        assert (await world.client.put("/v1/artists/ada", json=ADA)).status_code == 415

    async def test_a_lost_broker_is_no_success_and_keeps_what_the_broker_may_name(self, world: World) -> None:
        world.proposals.broken = True
        assert (await world.propose()).status_code == 503
        world.proposals.broken = False
        assert (await world.propose()).status_code == 202
        assert {one.uri for one in world.proposals.current["ada"].references} == set(world.recordings.kept)


class TestApproving:
    async def test_a_second_person_protects_the_artist_and_the_voice_gets_its_key(self, world: World) -> None:
        await world.propose(by="rita")
        world.checked()
        answer = await world.approve(by="omar")
        assert answer.status_code == 200, answer.text
        artist = world.artists.current["ada"]
        assert (artist.proposed_by, artist.approved_by) == ("rita", "omar")
        assert artist.references == world.proposals.current["ada"].references
        assert list(world.voiceprints.keys) == ["ada"]
        assert world.proposals.current["ada"].state is ProposalState.APPROVED

    @pytest.mark.parametrize("person", ["rita", None])
    async def test_who_proposed_it_cannot_approve_it(self, world: World, person: str | None) -> None:
        await world.propose(by=person)
        world.checked()
        answer = await world.approve(by=person)
        assert (answer.status_code, code(answer)) == (409, "same-person")
        assert world.artists.said == []

    async def test_a_newer_proposal_is_not_approved_unseen(self, world: World) -> None:
        await world.propose(by="rita")
        seen = world.proposals.current["ada"].proposal_id
        await world.propose("ada", ("other.flac", b"another voice"), by="rita")
        world.checked()
        url, omar = "/v1/proposals/ada/approve", world.as_person("omar")
        answer = await world.client.post(url, json={"proposal_id": seen}, headers=omar)
        assert (answer.status_code, code(answer)) == (409, "proposal-changed")
        assert world.artists.said == []

    @pytest.mark.parametrize("missing", CHECKERS)
    async def test_not_before_every_check_is_in(self, world: World, missing: str) -> None:
        await world.propose(by="rita")
        world.checked(by=tuple(checker for checker in CHECKERS if checker != missing))
        told = (await world.client.get("/v1/proposals/ada")).json()
        assert told["waiting_for"] == [missing]
        answer = await world.approve()
        assert (answer.status_code, code(answer)) == (409, "checks-missing")
        assert missing in answer.json()["detail"]

    async def test_checks_of_an_earlier_proposal_say_nothing_of_this_one(self, world: World) -> None:
        await world.propose(by="rita")
        world.checked()
        await world.propose("ada", ("other.flac", b"other sound"), by="rita")
        assert code(await world.approve()) == "checks-missing"

    async def test_an_unfit_recording_cannot_be_waved_through(self, world: World) -> None:
        await world.propose(by="rita")
        world.checked(fitness=Fitness.UNFIT, codes=("no_voice",))
        answer = await world.approve(accepting=ACCEPTING)
        assert (answer.status_code, code(answer)) == (409, "references-unfit")
        (unfit, _) = (await world.client.get("/v1/proposals/ada")).json()["unfit"]
        assert "No voice" in unfit["what"]
        assert "sings or speaks" in unfit["do"]

    @pytest.mark.parametrize("doubt", ["several_voices", "likely_generated", "something_new"])
    async def test_a_doubt_is_set_aside_by_a_reason_that_is_kept(self, world: World, doubt: str) -> None:
        await world.propose(by="rita")
        world.checked(fitness=Fitness.DOUBTFUL, codes=(doubt,))
        for nothing in ("", "fine"):
            answer = await world.approve(accepting=nothing)
            assert (answer.status_code, code(answer)) == (409, "doubts-unanswered")
            assert doubt in faults(answer)["accepting"]
        assert (await world.approve(accepting=ACCEPTING)).json()["answer"] == ACCEPTING

    @pytest.mark.parametrize("verdict", ["possible", "match"])
    async def test_a_voice_too_near_to_anothers_is_a_doubt(self, world: World, verdict: str) -> None:
        await world.propose(by="rita")
        near = Neighbour(artist_id="eve", percentile=99.95, verdict=verdict)
        world.checked(neighbours=(near,))
        assert code(await world.approve()) == "doubts-unanswered"

    async def test_one_that_is_told_apart_is_none(self, world: World) -> None:
        await world.propose(by="rita")
        world.checked(neighbours=(Neighbour(artist_id="eve", percentile=80.0, verdict="no_match"),))
        assert (await world.approve()).status_code == 200

    async def test_cut_off_in_the_middle_it_is_finished_by_repeating(self, world: World) -> None:
        await world.propose(by="rita")
        world.checked()
        world.proposals.broken = True
        assert (await world.approve()).status_code == 503
        world.proposals.broken = False
        assert (await world.approve()).status_code == 200
        assert len(world.artists.said) == 1
        assert code(await world.approve()) == "not-pending"

    async def test_a_lost_folder_of_keys_protects_nobody_half(self, world: World) -> None:
        await world.protect()
        world.voiceprints.broken = True
        assert (await world.client.post("/v1/artists/ada/withdraw")).status_code == 503
        assert world.artists.current["ada"].status is ArtistStatus.WITHDRAWN
        world.voiceprints.broken = False
        await world.client.post("/v1/artists/ada/withdraw")
        assert world.voiceprints.keys == {}


class TestRejecting:
    async def test_it_removes_the_recordings_and_says_why(self, world: World) -> None:
        await world.propose(by="rita")
        url = "/v1/proposals/ada/reject"
        answer = await world.client.post(url, json={"why": "no proof"}, headers=world.as_person("omar"))
        assert (answer.json()["state"], answer.json()["answer"]) == ("rejected", "no proof")
        assert world.recordings.kept == {}
        assert code(await world.client.post(url, json={"why": "again"})) == "not-pending"

    async def test_by_who_proposed_it_is_to_take_it_back(self, world: World) -> None:
        await world.propose(by="rita")
        url = "/v1/proposals/ada/reject"
        answer = await world.client.post(url, json={"why": "oops"}, headers=world.as_person("rita"))
        assert answer.json()["state"] == "cancelled"

    async def test_of_a_change_it_leaves_the_protected_artists_recordings(self, world: World) -> None:
        await world.protect()
        await world.propose("ada", ("new.flac", b"new"))
        await world.client.post(
            "/v1/proposals/ada/reject", json={"why": "no proof"}, headers=world.as_person("omar")
        )
        assert list(world.recordings.kept.values()) == [b"sound of ada"]

    async def test_what_was_rejected_can_be_proposed_again(self, world: World) -> None:
        first = await world.propose(by="rita")
        await world.client.post("/v1/proposals/ada/reject", json={"why": "no proof"})
        again = await world.propose(by="rita")
        assert again.json()["state"] == "pending"
        assert again.json()["proposal_id"] != first.json()["proposal_id"]


class TestWhoSeesWhat:
    async def test_a_rights_holder_proposes_for_their_own_and_approves_nobody(self, world: World) -> None:
        assert (await world.propose("ada", by="label")).status_code == 202
        assert (await world.propose("eve", by="label")).status_code == 404
        await world.propose("ada", name="Ada Two", by="rita")
        world.checked()
        answer = await world.approve(by="label")
        assert (answer.status_code, code(answer)) == (403, "not-allowed")

    async def test_of_other_artists_they_are_told_nothing_not_even_a_name(self, world: World) -> None:
        await world.protect("eve")
        await world.propose("ada", by="rita")
        world.checked(neighbours=(Neighbour(artist_id="eve", percentile=99.0, verdict="no_match"),))
        label = world.as_person("label")
        for path in ("/v1/artists", "/v1/proposals", "/v1/proposals/ada", "/v1/grants"):
            answer = await world.client.get(path, headers=label)
            assert answer.status_code == 200
            assert "eve" not in answer.text
        (near,) = (await world.client.get("/v1/proposals/ada", headers=label)).json()["neighbours"]
        assert (near["artist_id"], near["percentile"]) == (None, 99.0)
        for path in ("/v1/artists/eve", "/v1/proposals/eve", "/v1/artists/eve/keys"):
            assert (await world.client.get(path, headers=label)).status_code == 404
        assert (await world.client.post("/v1/artists/eve/withdraw", headers=label)).status_code == 404
        assert (await world.client.get("/v1/distributors", headers=label)).status_code == 403

    async def test_they_withdraw_their_own_at_once_and_alone(self, world: World) -> None:
        await world.protect()
        answer = await world.client.post("/v1/artists/ada/withdraw", headers=world.as_person("label"))
        assert answer.json()["status"] == "withdrawn"
