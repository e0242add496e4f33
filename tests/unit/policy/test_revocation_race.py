"""A grant, or an artist's key, is revoked while a track is on its way: in whatever order word of it comes."""

from datetime import timedelta
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.events import ArtistKeyGiven, ConsentGrant
from tests.support.events import A_TIME, an_upload
from tests.support.policy import DAY, a_grant, an_artist
from tests.unit.policy.deciding_world import CLONE, MATCHED, UPLOAD, Event, World, consented

GRANT = a_grant(grantee=UPLOAD.distributor_id)
REVOKED = GRANT.model_copy(
    update={"event_id": "revoked", "occurred_at": A_TIME + timedelta(seconds=7), "revoked_at": A_TIME}
)
TRACK: tuple[Event, ...] = (UPLOAD, CLONE, MATCHED)


@pytest.mark.parametrize("order", list(permutations([*TRACK, REVOKED])))
async def test_a_track_whose_grant_is_revoked_on_the_way_ends_in_quarantine(order: tuple[Event, ...]) -> None:
    world = consented(GRANT)
    await world.see(*order)
    assert world.story[-1] == "quarantine"
    assert "voice_without_consent" in {reason.code for reason in world.standing.reasons}


@pytest.mark.parametrize("order", list(permutations([*TRACK, GRANT])))
async def test_a_track_whose_grant_comes_on_the_way_ends_licensed(order: tuple[Event, ...]) -> None:
    world = World()
    await world.see(*order)
    assert world.story[-1] == "label"


@pytest.mark.parametrize("last", [GRANT, REVOKED])
async def test_an_old_word_that_comes_late_brings_no_consent_back(last: ConsentGrant) -> None:
    world = consented(GRANT)
    await world.see(*TRACK, REVOKED, last)
    assert world.story[-1] == "quarantine"


@settings(max_examples=60, deadline=None)
@given(
    order=st.permutations([*TRACK, GRANT, REVOKED]),
    repeats=st.lists(st.sampled_from([*TRACK, GRANT, REVOKED]), max_size=6),
)
async def test_however_words_are_repeated_and_mixed_the_revocation_wins(
    order: list[Event], repeats: list[Event]
) -> None:
    world = World()
    await world.see(*order, *repeats, REVOKED)
    assert world.story[-1] == "quarantine"
    decisions = world.log.distinct(UPLOAD.track_id)
    assert [decision.sequence for decision in decisions] == list(range(1, len(decisions) + 1))


async def test_a_revocation_takes_a_published_track_back() -> None:
    world = consented(GRANT)
    await world.see(*TRACK)
    assert world.story == ["label"]
    await world.see(REVOKED)
    assert world.story == ["label", "quarantine"]


class TestArtistKeys:
    """``northwind`` presents Mara's key with the delivery."""

    DIGEST = "d" * 64
    KEY = ArtistKeyGiven(
        event_id="key",
        occurred_at=A_TIME - DAY,
        key_id="mara-north",
        artist_id="mara-lind",
        key_sha256=DIGEST,
        distributor_id=UPLOAD.distributor_id,
        valid_from=A_TIME - DAY,
        valid_until=A_TIME + 100 * DAY,
    )
    GONE = KEY.model_copy(
        update={"event_id": "gone", "occurred_at": A_TIME + timedelta(seconds=7), "revoked_at": A_TIME}
    )
    DELIVERY = an_upload(declaration=UPLOAD.declaration.model_copy(update={"artist_keys_sha256": (DIGEST,)}))

    async def world(self, *events: Event | ArtistKeyGiven) -> World:
        world = World()
        for event in events:
            if isinstance(event, ArtistKeyGiven):
                await world.handlers.on_artist_key(event)
            else:
                await world.see(event)
        return world

    async def test_a_live_key_makes_the_delivery_the_artists_own(self) -> None:
        world = await self.world(self.KEY, self.DELIVERY, CLONE, MATCHED)
        assert "own_distributor" in {reason.code for reason in world.standing.reasons}
        assert world.story[-1] != "quarantine"

    async def test_the_reason_names_the_key_as_its_evidence(self) -> None:
        world = await self.world(self.KEY, self.DELIVERY, CLONE, MATCHED)
        (own,) = (reason for reason in world.standing.reasons if reason.code == "own_distributor")
        assert self.KEY.event_id in own.evidence

    async def test_without_presenting_it_a_key_opens_nothing(self) -> None:
        world = await self.world(self.KEY, UPLOAD, CLONE, MATCHED)
        assert world.story[-1] == "quarantine"

    async def test_in_other_hands_it_opens_nothing(self) -> None:
        stolen = self.KEY.model_copy(update={"distributor_id": "southwind"})
        world = await self.world(stolen, self.DELIVERY, CLONE, MATCHED)
        assert world.story[-1] == "quarantine"

    @pytest.mark.parametrize("order", range(4))
    async def test_revoked_at_any_moment_it_ends_in_quarantine(self, order: int) -> None:
        events: list[Event | ArtistKeyGiven] = [self.DELIVERY, CLONE, MATCHED]
        events.insert(order, self.GONE)
        world = await self.world(self.KEY, *events)
        assert world.story[-1] == "quarantine"

    async def test_when_it_ends_the_track_is_decided_again(self) -> None:
        world = await self.world(self.KEY, self.DELIVERY, CLONE, MATCHED)
        before = world.story[-1]
        await world.at(self.KEY.valid_until + timedelta(seconds=1))
        assert (before != "quarantine", world.story[-1]) == (True, "quarantine")

    async def test_a_withdrawn_artists_key_opens_nothing(self) -> None:
        gone = an_artist(status="withdrawn", occurred_at=A_TIME)
        world = await self.world(self.KEY, gone, self.DELIVERY, CLONE, MATCHED)
        assert "own_distributor" not in {reason.code for reason in world.standing.reasons}
