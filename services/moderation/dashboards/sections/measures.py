"""What several sections read."""

from services.moderation.dashboards.expressions import Added, Grown, Level
from services.moderation.dashboards.odometer import JOBS

UPLOADS = Grown("trackgate_uploads_declared_total")
DECIDED = Grown("trackgate_tracks_decided_total")
AI = (("detector", ("ai_detector",)),)
GENERATED = Grown("trackgate_findings_total", where=(*AI, ("verdict", ("likely_generated",))))
SCREENED = Grown("trackgate_findings_total", where=AI)
DECLARED = Grown("trackgate_uploads_declared_total", where=(("ai_use", ("partly", "all")),))
CLONES = Grown("trackgate_screened_tracks_total", where=(("kind", ("clone",)),))
HELD = (("before", ("quarantine",)),)
ANSWERED = Grown("trackgate_reviews_applied_total", where=HELD)
OVERTURNED = Grown("trackgate_reviews_applied_total", where=(*HELD, ("after", ("publish",))))
DETECTING = Grown("trackgate_finding_cpu_seconds_total")
OURS = (("job", JOBS),)
UP = Level("up", where=OURS)
ALL_CPU = Added(
    (
        Grown("process_cpu_seconds_total", where=OURS),
        DETECTING,
        Grown("trackgate_ingest_decoding_cpu_seconds_total"),
    )
)
WAITED = "trackgate_upload_to_decision_seconds"
PROMISE = 120.0
