"""Templates at rest: sealed for every worker, logged when one is used, unreadable once the key is gone."""

import base64
import json
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from services.voice_matcher.domain import MatchVerdict, NotHeard, Unheard
from services.voice_matcher.enrolment import Enrolment
from services.voice_matcher.index import VoiceIndex
from services.voice_matcher.voiceprints import Voiceprints
from shared.audit.chain import Whole
from shared.audit.file import AuditFile, verify_file
from shared.clock import SetClock
from shared.errors import PublishError
from shared.events import ArtistStatus, ProtectedArtist, VoiceprintSealed
from shared.stream.message import Record
from shared.topics import VOICEPRINTS
from shared.voiceprints.keyring import Keyring
from shared.voiceprints.master import new_master_key
from shared.voiceprints.sealing import Unopened, unseal
from shared.voiceprints.settings import Vault
from tests.unit.voice_matcher.events import NOW, NamedStore, artist, sha
from tests.unit.voice_matcher.voices import Singer, ToldEars, yardstick

ANNA = Singer(1)
LOW = Singer(2)


@dataclass
class CompactedInMemory:
    """The topic: everything ever written, and the last word on each key."""

    written: list[Record] = field(default_factory=list)
    away: bool = False

    async def publish(self, record: Record) -> None:
        if self.away:
            raise PublishError("no answer")
        self.written.append(record)

    @property
    def sealed(self) -> list[VoiceprintSealed]:
        return [VoiceprintSealed.from_bytes(record.value) for record in self.written]


@dataclass
class World:
    folder: Path
    topic: CompactedInMemory = field(default_factory=CompactedInMemory)
    model: str = "model-1"

    def __post_init__(self) -> None:
        masters = (new_master_key(),)
        self.keys = Keyring(self.folder / "keys", lambda: masters)
        self.log = AuditFile(self.folder / "access.jsonl", SetClock(NOW), setting="LOG")

    def worker(self, **holds: object) -> tuple[Enrolment, ToldEars]:
        """A process that starts now: it reads the topic, and has ears of its own."""
        ears = ToldEars({sha(name.replace("_", "-")): voice for name, voice in holds.items()})  # type: ignore[misc]
        voiceprints = Voiceprints(
            Vault(self.keys, self.log), self.topic, SetClock(NOW), model_version=self.model
        )
        enrolment = Enrolment(ears, NamedStore(), VoiceIndex(yardstick()), voiceprints=voiceprints)
        self.deliver(enrolment)
        return enrolment, ears

    def deliver(self, enrolment: Enrolment) -> None:
        for sealed in self.topic.sealed:
            enrolment.on_sealed(sealed.artist_id, sealed)

    @property
    def deeds(self) -> list[str]:
        lines = (self.folder / "access.jsonl").read_text().splitlines()
        return [json.loads(line)["deed"] for line in lines]

    async def enrolled(self, stated: ProtectedArtist, **holds: object) -> Enrolment:
        enrolment, _ = self.worker(**holds)
        enrolment.on_change(stated.artist_id, stated)
        await enrolment.settle()
        self.deliver(enrolment)
        return enrolment


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    world.keys.make("anna")
    return world


def with_groups(**groups: str) -> ProtectedArtist:
    """Anna with recordings by group: ``anna_1="chest"``."""
    names = [name.replace("_", "-") for name in groups]
    stated = artist("anna", *names)
    references = tuple(
        reference.model_copy(update={"group": group})
        for reference, group in zip(stated.references, groups.values(), strict=True)
    )
    return stated.model_copy(update={"references": references})


async def test_a_template_is_measured_once_and_opened_by_every_worker_after(world: World) -> None:
    await world.enrolled(artist("anna", "anna-1"), anna_1=ANNA.heard())
    later, ears = world.worker()
    later.on_change("anna", artist("anna", "anna-1"))
    await later.settle()
    assert ears.asked == []
    assert later.index.search(ANNA.heard())[0].verdict is MatchVerdict.MATCH
    assert len(world.topic.written) == 1


async def test_what_lies_on_the_topic_holds_no_measurement_in_the_clear(world: World) -> None:
    await world.enrolled(artist("anna", "anna-1"), anna_1=ANNA.heard())
    (record,) = world.topic.written
    assert (record.topic, record.key) == (VOICEPRINTS.name, b"anna")
    assert record.value is not None
    ciphertext = base64.b64decode(world.topic.sealed[0].sealed.partition(".")[2])
    for network, vectors in ANNA.heard().embeddings.items():
        mean = ANNA.heard().mean(network)
        for form in (mean.tobytes(), base64.b64encode(mean.tobytes()), json.dumps(mean.tolist()).encode()):
            assert form not in record.value
            assert form not in ciphertext
        assert repr(float(vectors[0, 0])).encode() not in record.value


async def test_bytes_that_kafka_still_holds_cannot_be_read_once_the_key_is_destroyed(world: World) -> None:
    await world.enrolled(artist("anna", "anna-1"), anna_1=ANNA.heard())
    (old,) = world.topic.sealed
    before = world.keys.find("anna")
    assert before is not None
    bound = (old.artist_id, old.key_id, old.model_version, *old.references)
    assert isinstance(unseal(before.key, old.sealed, *bound), bytes)

    world.keys.destroy("anna")
    del before
    thief, ears = world.worker(anna_1=NotHeard(Unheard.SILENT, "the recording is gone as well"))
    thief.on_change("anna", artist("anna", "anna-1"))
    await thief.settle()
    assert ears.asked == [sha("anna-1")]
    assert thief.index.artists == frozenset()
    again = world.keys.make("anna")
    assert isinstance(unseal(again.key, old.sealed, *bound), Unopened)


async def test_every_use_is_in_the_log_before_it_happens(world: World) -> None:
    await world.enrolled(artist("anna", "anna-1"), anna_1=ANNA.heard())
    assert world.deeds == ["template_sealed"]
    later, _ = world.worker()
    later.on_change("anna", artist("anna", "anna-1"))
    await later.settle()
    assert world.deeds == ["template_sealed", "template_opened"]
    assert isinstance(verify_file(world.folder / "access.jsonl"), Whole)


async def test_a_template_is_not_opened_where_that_cannot_be_logged(world: World) -> None:
    await world.enrolled(artist("anna", "anna-1"), anna_1=ANNA.heard())
    world.log.close()
    later, ears = world.worker(anna_1=NotHeard(Unheard.SILENT, "silent"))
    later.on_change("anna", artist("anna", "anna-1"))
    await later.settle()
    assert later.index.artists == frozenset()
    assert ears.asked == [sha("anna-1")]


async def test_only_what_came_to_it_is_listened_to_after_a_restart(world: World) -> None:
    await world.enrolled(
        artist("anna", "anna-1", "hum"), anna_1=ANNA.heard(), hum=NotHeard(Unheard.NO_VOICE, "-")
    )
    later, ears = world.worker(anna_2=ANNA.heard(seed=2))
    later.on_change("anna", artist("anna", "anna-1", "hum", "anna-2"))
    await later.settle()
    assert ears.asked == [sha("anna-2")]
    assert world.topic.sealed[-1].references == (sha("anna-1"), sha("hum"), sha("anna-2"))


async def test_another_models_template_is_measured_anew(world: World) -> None:
    await world.enrolled(artist("anna", "anna-1"), anna_1=ANNA.heard())
    world.model = "model-2"
    later, ears = world.worker(anna_1=ANNA.heard())
    later.on_change("anna", artist("anna", "anna-1"))
    await later.settle()
    assert ears.asked == [sha("anna-1")]
    assert [sealed.model_version for sealed in world.topic.sealed] == ["model-1", "model-2"]


async def test_without_a_key_the_artist_is_found_and_nothing_is_written_until_there_is_one(
    world: World,
) -> None:
    world.keys.destroy("anna")
    enrolment = await world.enrolled(artist("anna", "anna-1"), anna_1=ANNA.heard())
    assert enrolment.index.artists == {"anna"}
    assert world.topic.written == []
    world.keys.make("anna")
    await enrolment.settle()
    assert len(world.topic.written) == 1


async def test_while_the_broker_is_away_the_artist_is_found_and_the_template_is_sealed_later(
    world: World,
) -> None:
    world.topic.away = True
    enrolment = await world.enrolled(artist("anna", "anna-1"), anna_1=ANNA.heard())
    assert enrolment.index.artists == {"anna"}
    world.topic.away = False
    await enrolment.settle()
    world.deliver(enrolment)
    await enrolment.settle()
    assert len(world.topic.written) == 1


async def test_who_withdraws_before_it_is_sealed_is_not_sealed(world: World) -> None:
    world.topic.away = True
    enrolment = await world.enrolled(artist("anna", "anna-1"), anna_1=ANNA.heard())
    world.topic.away = False
    enrolment.on_change("anna", artist("anna", "anna-1", status=ArtistStatus.WITHDRAWN))
    await enrolment.settle()
    assert world.topic.written == []


async def test_a_deletion_read_after_the_artist_came_back_leaves_them_protected(world: World) -> None:
    enrolment = await world.enrolled(artist("anna", "anna-1"), anna_1=ANNA.heard())
    back = artist("anna", "anna-1").model_copy(update={"occurred_at": NOW + timedelta(days=1)})
    enrolment.on_change("anna", artist("anna", "anna-1", status=ArtistStatus.WITHDRAWN))
    enrolment.on_change("anna", back)
    await enrolment.settle()
    enrolment.on_sealed("anna", None)
    assert enrolment.index.artists == {"anna"}


async def test_registers_are_told_apart_and_regrouping_listens_to_nothing(world: World) -> None:
    holds = {"anna_1": ANNA.heard(), "anna_2": LOW.heard()}
    mixed = await world.enrolled(artist("anna", "anna-1", "anna-2"), **holds)
    low_in_mixed = mixed.index.search(LOW.heard(seed=3))[0].score
    apart, ears = world.worker()
    apart.on_change("anna", with_groups(anna_1="chest", anna_2="falsetto"))
    await apart.settle()
    assert ears.asked == []
    assert apart.index.search(LOW.heard(seed=3))[0].score > low_in_mixed
    assert len(apart.index.search(LOW.heard(seed=3))) == 1


async def test_a_group_beyond_eight_recordings_does_not_crowd_out_another(world: World) -> None:
    names = {f"many_{number}": "chest" for number in range(10)} | {"other": "falsetto"}
    holds = {name: ANNA.heard() for name in names}
    enrolment, ears = world.worker(**holds)
    enrolment.on_change("anna", with_groups(**names))
    await enrolment.settle()
    assert len(ears.asked) == 9
    assert sha("other") in ears.asked
