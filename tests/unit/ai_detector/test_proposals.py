"""A reference that is itself generated is told before it protects a voice that nobody has."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import soundfile

from services.ai_detector.adapters.measuring_process import measure_file
from services.ai_detector.meter import Failing, Failure, Metered
from services.ai_detector.proposals import ProposalMeasurer
from shared.clock import SetClock
from shared.errors import StoreUnavailable
from shared.events import (
    BiometricConsent,
    EnrolmentProposed,
    Fitness,
    ProofOfAuthority,
    ProposalState,
    ReferencesChecked,
    Verdict,
    VoiceReference,
)
from shared.objects.digest import sha256_of
from shared.objects.folder import FolderStore
from shared.stream.outcome import Done
from shared.topics import CHECKS
from tests.support.events import A_TIME
from tests.unit.ai_detector.sounds import coloured_noise, with_teeth

RATE = 32_000


class ToldMeter:
    """Measures, and says the verdict that it was told, where it was told one."""

    def __init__(self, *told: Verdict | Failure) -> None:
        self.told = list(told)
        self.measured: list[str | None] = []

    async def measure(self, path: Path, *, sha256: str | None) -> Metered:
        self.measured.append(sha256)
        metered = measure_file(path, sha256)
        if not self.told:
            return metered
        told = self.told.pop(0)
        if isinstance(told, Failure):
            return Metered(told, 0.0)
        assert not isinstance(metered.result, Failure)
        return Metered(dataclasses.replace(metered.result, verdict=told), 0.0)


async def proposed(store: FolderStore, folder: Path, *sounds: np.ndarray) -> EnrolmentProposed:
    references = []
    for number, sound in enumerate(sounds):
        file = folder / f"{number}.flac"
        soundfile.write(file, sound, RATE)

        async def chunks(content: bytes = file.read_bytes()):
            yield content

        kept = await store.put(chunks(), limit_bytes=1 << 30)
        references.append(
            VoiceReference(uri=kept.uri, sha256=sha256_of(file), seconds=1.0, rights_basis="own")
        )
    return EnrolmentProposed(
        event_id="p-1",
        occurred_at=A_TIME,
        proposal_id="p-1",
        artist_id="anna",
        name="Anna",
        references=tuple(references),
        biometric_consent="signed",
        consent=BiometricConsent(given_by="Anna", given_at=A_TIME, wording="2026-11"),
        authority=ProofOfAuthority(statement="the artist herself"),
        proposed_by="rita",
        proposed_at=A_TIME,
    )


async def checked(meter: ToldMeter, store: FolderStore, proposal: EnrolmentProposed) -> ReferencesChecked:
    measurer = ProposalMeasurer(meter, store, SetClock(A_TIME), model_version="model-1")
    outcome = await measurer.on_proposal(proposal)
    assert isinstance(outcome, Done)
    (output,) = outcome.outputs
    assert output.topic is CHECKS
    assert isinstance(output.event, ReferencesChecked)
    return output.event


async def test_a_generated_recording_is_a_doubt(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "store")
    sound = with_teeth(coloured_noise(70, RATE), RATE, 200.0)
    (opinion,) = (await checked(ToldMeter(), store, await proposed(store, tmp_path, sound))).references
    assert (opinion.fitness, opinion.codes) == (Fitness.DOUBTFUL, ("likely_generated",))


@pytest.mark.parametrize(
    ("told", "fitness", "codes"),
    [
        (Verdict.NOT_DETECTED, Fitness.FIT, ()),
        (Verdict.NOT_MEASURED, Fitness.FIT, ("generation_not_measured",)),
        (Verdict.INCONCLUSIVE, Fitness.DOUBTFUL, ("maybe_generated",)),
        (Failure(Failing.CRASHED, "died twice"), Fitness.UNFIT, ("crashed",)),
        (Failure(Failing.OTHER_BYTES, "other"), Fitness.UNFIT, ("other_bytes",)),
    ],
)
async def test_every_verdict_reads_as_an_opinion(
    tmp_path: Path, told: Verdict | Failure, fitness: Fitness, codes: tuple[str, ...]
) -> None:
    store = FolderStore(tmp_path / "store")
    proposal = await proposed(store, tmp_path, coloured_noise(5, RATE))
    (opinion,) = (await checked(ToldMeter(told), store, proposal)).references
    assert (opinion.sha256, opinion.fitness, opinion.codes) == (proposal.references[0].sha256, fitness, codes)


async def test_a_recording_that_is_gone_is_unfit_and_a_store_that_is_gone_an_outage(
    tmp_path: Path,
) -> None:
    store = FolderStore(tmp_path / "store")
    proposal = await proposed(store, tmp_path, coloured_noise(5, RATE))
    elsewhere = FolderStore(tmp_path / "another")
    (opinion,) = (await checked(ToldMeter(), elsewhere, proposal)).references
    assert (opinion.fitness, opinion.codes) == (Fitness.UNFIT, ("missing",))

    class Broken(FolderStore):
        def local_path(self, uri: str) -> Path:
            raise StoreUnavailable(f"the disk with {uri} is gone")

    with pytest.raises(StoreUnavailable):
        await checked(ToldMeter(), Broken(tmp_path / "store"), proposal)


async def test_what_is_answered_is_not_measured(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "store")
    proposal = await proposed(store, tmp_path, coloured_noise(5, RATE))
    meter = ToldMeter()
    measurer = ProposalMeasurer(meter, store, SetClock(A_TIME), model_version="model-1")
    answered = proposal.model_copy(update={"state": ProposalState.APPROVED})
    assert await measurer.on_proposal(answered) == Done()
    assert meter.measured == []
