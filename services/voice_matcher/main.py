"""Wiring of the voice matcher: registry and uploads in, findings out."""

import contextlib
import sys
from collections.abc import AsyncIterator
from functools import partial

from pydantic import Field

from services.voice_matcher.adapters.process_pool import PooledEars
from services.voice_matcher.enrolment import Enrolment
from services.voice_matcher.finding import DETECTOR
from services.voice_matcher.handlers import TrackListener
from services.voice_matcher.index import VoiceIndex
from services.voice_matcher.models import load_yardstick, model_version, verify_models
from services.voice_matcher.proposals import ProposalChecker
from services.voice_matcher.relisten import Relistening
from services.voice_matcher.voiceprints import Voiceprints
from shared.clock import SystemClock
from shared.errors import SettingsError
from shared.events import ProtectedArtist, VoiceprintSealed
from shared.objects.folder import FolderStore
from shared.settings import WorkerSettings
from shared.stream.compacted import CompactedTopic
from shared.stream.handler import Subscription
from shared.stream.observation import announce_detector
from shared.stream.publisher import Publisher
from shared.stream.replay import replay
from shared.stream.runner import run_worker
from shared.stream.wiring import Wire, Wiring
from shared.topics import ARTISTS, PROPOSALS, RELISTENS, UPLOADS, VOICEPRINTS
from shared.voiceprints.settings import VoiceprintSettings, load_vault


class VoiceMatcherSettings(WorkerSettings, VoiceprintSettings):
    voice_processes: int = Field(
        default=1, ge=1, le=64, description="processes that listen; one per spare core"
    )
    voice_relisten_days: int = Field(
        default=30,
        ge=0,
        le=3650,
        description="tracks received since are listened to again for a new voice; 0: none",
    )


def wiring(settings: VoiceMatcherSettings) -> Wire:
    """Consuming starts when every artist on the registry's topic can be searched for.

    Templates that were sealed before are opened; the rest is listened to.

    Raises:
        SettingsError: a model file is not the recorded one, or the keys of the artists cannot be used.
    """

    @contextlib.asynccontextmanager
    async def wire(publisher: Publisher) -> AsyncIterator[Wiring]:
        verify_models()  # a damaged file stops the start here, not in a child later
        yardstick = load_yardstick()
        announce_detector(DETECTOR)
        store = FolderStore(settings.store)
        async with PooledEars(settings.voice_processes) as ears:
            vault = load_vault(settings, SystemClock())
            voiceprints = (
                None
                if vault is None
                else Voiceprints(vault, publisher, SystemClock(), model_version=model_version())
            )
            enrolment = Enrolment(ears, store, VoiceIndex(yardstick), voiceprints=voiceprints)
            sealed = CompactedTopic(
                VOICEPRINTS, VoiceprintSealed, settings.kafka, on_change=enrolment.on_sealed
            )
            registry = CompactedTopic(ARTISTS, ProtectedArtist, settings.kafka, on_change=enrolment.on_change)
            async with sealed, registry:
                await enrolment.settle()
                listener = TrackListener(
                    ears,
                    store,
                    enrolment,
                    SystemClock(),
                    calibration=yardstick.calibration,
                    model_version=model_version(),
                )
                again = Relistening(
                    listener,
                    enrolment,
                    partial(replay, UPLOADS, settings.kafka),
                    publisher,
                    SystemClock(),
                    days=settings.voice_relisten_days,
                )
                checker = ProposalChecker(
                    ears,
                    store,
                    enrolment,
                    SystemClock(),
                    yardstick=yardstick,
                    model_version=model_version(),
                    voiceprints=voiceprints,
                )
                subscriptions = (
                    Subscription(UPLOADS, listener.on_uploaded),
                    Subscription(RELISTENS, again.on_relisten),
                    Subscription(ARTISTS, again.on_artist),
                    Subscription(PROPOSALS, checker.on_proposal),
                )
                yield Wiring(subscriptions, (enrolment.run,))

    return wire


def serve() -> int:
    """Run the worker until it is told to stop; returns the exit status."""
    try:
        settings = VoiceMatcherSettings.load()
    except SettingsError as error:
        print(f"cannot start: {error}", file=sys.stderr)  # noqa: T201 - logging is set up by settings, which are wrong
        return 2
    return run_worker(DETECTOR, settings, wiring(settings))
