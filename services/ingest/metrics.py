"""What ingest measures of its own, once, with what it means when it moves."""

from prometheus_client import Counter, Histogram

from services.ingest.domain import RefusalKind
from shared.audio import DecodeFailure, Inspected
from shared.events import AiUse, TrackUploaded
from shared.metrics import SECONDS, Bounded

MOST_DISTRIBUTORS = 50

DELIVERIES = Counter(
    "trackgate_ingest_deliveries_total",
    "Deliveries by outcome: accepted, repeated, or the kind of refusal. invalid-audio rising for all "
    "distributors at once: look at the decoder before you look at them.",
    ["outcome"],
)
UPLOADS = Counter(
    "trackgate_uploads_total",
    "Tracks that were accepted, by distributor (the first 50, then `other`). One distributor far above its "
    "habit: a catalogue migration, or a flood.",
    ["distributor"],
)
DECLARED = Counter(
    "trackgate_uploads_declared_total",
    "Accepted tracks by what was declared about generated content. undeclared falling is good news.",
    ["ai_use"],
)
UPLOADED_BYTES = Counter(
    "trackgate_uploaded_bytes_total",
    "Bytes of accepted audio: what the object store grows by. Far above the seconds: big formats.",
)
UPLOADED_SECONDS = Counter(
    "trackgate_uploaded_audio_seconds_total", "Seconds of accepted audio: the work that detectors are given."
)
INSPECTING = Histogram(
    "trackgate_ingest_inspecting_seconds",
    "Waiting for a slot and decoding a file. Rising with idle processors: raise TRACKGATE_INGEST_DECODERS.",
    buckets=SECONDS,
)
DECODED = Counter(
    "trackgate_ingest_decoded_total",
    "Files by what decoding them came to: ok, or the kind of failure. crashed: somebody may be attacking.",
    ["outcome"],
)
DECODING_CPU = Counter(
    "trackgate_ingest_decoding_cpu_seconds_total",
    "CPU seconds of the sandboxed decoders that checked accepted files; no other metric has them. Over the "
    "accepted seconds: what the check at the door costs.",
)
_distributor = Bounded(MOST_DISTRIBUTORS)

for outcome in ("accepted", "repeated", *(kind.value for kind in RefusalKind)):
    DELIVERIES.labels(outcome)
for ai_use in AiUse:
    DECLARED.labels(ai_use.value)
for ending in ("ok", "crashed", "timed_out"):
    DECODED.labels(ending)


def accepted(upload: TrackUploaded) -> None:
    UPLOADS.labels(_distributor(upload.distributor_id)).inc()
    DECLARED.labels(upload.declaration.ai_use.value).inc()
    UPLOADED_BYTES.inc(upload.audio.bytes)
    UPLOADED_SECONDS.inc(upload.audio.seconds)


def decoded(outcome: Inspected | DecodeFailure) -> None:
    if isinstance(outcome, DecodeFailure):
        DECODED.labels(outcome.kind.value).inc()
        return
    DECODED.labels("ok").inc()
    DECODING_CPU.inc(outcome.cpu_seconds)
