"""The AI detector's composition root."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.ai_detector.adapters.process_pool import PooledMeter
from services.ai_detector.backends import chosen
from services.ai_detector.finding import DETECTOR
from services.ai_detector.handlers import TrackMeasurer
from services.ai_detector.metrics import show_calibration
from services.ai_detector.proposals import ProposalMeasurer
from services.ai_detector.settings import DetectorSettings
from shared.clock import SystemClock
from shared.errors import SettingsError
from shared.exit_status import EXIT_SETTINGS
from shared.objects.folder import FolderStore
from shared.stream.handler import Subscription
from shared.stream.observation import announce_detector
from shared.stream.publisher import Publisher
from shared.stream.runner import run_worker
from shared.stream.wiring import Wire, Wiring
from shared.topics import PROPOSALS, UPLOADS


def wire(settings: DetectorSettings) -> Wire:
    """What the runner needs.

    Raises:
        SettingsError: the shipped weights do not fit this code, or the back end that was chosen is not there.
    """
    backend = chosen(settings)
    announce_detector(DETECTOR)
    show_calibration(backend.human_scores)

    @asynccontextmanager
    async def opened(_publisher: Publisher) -> AsyncIterator[Wiring]:
        async with PooledMeter(settings.ai_processes, backend.work) as meter:
            store, clock, version = FolderStore(settings.store), SystemClock(), backend.model_version
            measurer = TrackMeasurer(meter, store, clock, model_version=version)
            proposals = ProposalMeasurer(meter, store, clock, model_version=version)
            yield Wiring(
                (
                    Subscription(UPLOADS, measurer.on_uploaded),
                    Subscription(PROPOSALS, proposals.on_proposal),
                )
            )

    return opened


def main() -> int:
    """Consume until told to stop; the exit status."""
    try:
        settings = DetectorSettings.load()
        return run_worker("ai_detector", settings, wire(settings))
    except SettingsError as error:
        sys.stderr.write(f"ai_detector: {error}\n")
        return EXIT_SETTINGS
