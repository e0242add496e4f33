"""Making the views again from the record: every delivery on ``tracks.uploaded`` is written once more."""

from collections.abc import Iterable
from dataclasses import dataclass

import structlog

from services.ingest.ports import DeliveryLedger, UploadViews
from shared.errors import ContractError
from shared.events import TrackUploaded

log = structlog.get_logger()


@dataclass(frozen=True)
class Rebuilt:
    """``skipped`` records are no valid deliveries; they are logged and lie on the topic as before."""

    deliveries: int
    skipped: int


async def rebuild(values: Iterable[bytes | None], ledger: DeliveryLedger, views: UploadViews) -> Rebuilt:
    """Write every delivery into ledger and views. Safe beside a running service and safe to repeat."""
    deliveries = skipped = 0
    for value in values:
        try:
            upload = TrackUploaded.from_bytes(value)
        except ContractError as error:
            skipped += 1
            log.warning("skipped a record that is no delivery", fault=str(error))
            continue
        await ledger.record(upload)
        await views.record(upload)
        deliveries += 1
    return Rebuilt(deliveries, skipped)
