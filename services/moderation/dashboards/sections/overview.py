"""What comes in, what is decided, how much of it is generated, at what cost."""

from services.moderation.dashboards.expressions import Grown, Quantile, Scaled, Share
from services.moderation.dashboards.figures import Line, Plot, Ranking, Section, Shape, Tile, Unit
from services.moderation.dashboards.prices import Price
from services.moderation.dashboards.sections import measures


def overview(price: Price) -> Section:
    per_track = Share(measures.ALL_CPU, measures.DECIDED)
    return Section(
        "overview",
        "Overview",
        (
            Tile(
                "uploads", "Tracks accepted", "New tracks that were kept, without repeats.", measures.UPLOADS
            ),
            Tile("decided", "Tracks decided", "First decisions.", measures.DECIDED),
            Tile(
                "generated",
                "Likely generated",
                "Of the tracks that were screened. The detector's error rates are in its model card.",
                Share(measures.GENERATED, measures.SCREENED),
                Unit.SHARE,
            ),
            Tile("clones", "Clones", "Tracks with a protected voice and no consent.", measures.CLONES),
            Tile(
                "p95",
                "Upload to decision, p95",
                "Nineteen of twenty tracks are decided within this. The promise is 120 s.",
                Quantile(0.95, measures.WAITED),
                Unit.SECONDS,
                measures.PROMISE,
            ),
            Tile(
                "cost",
                "Cost of 1,000 tracks",
                f"CPU of all services and their processes, idle time included, at {price.stated}.",
                Scaled(1000 * price.of_a_second, per_track),
                Unit.MONEY,
            ),
            Plot(
                "outcomes",
                "Decisions",
                "First decisions by outcome in each step.",
                (Line("", Grown("trackgate_tracks_decided_total", ("outcome",))),),
                shape=Shape.STACK,
            ),
            Plot(
                "intake",
                "Deliveries",
                "By what became of them at the door. Refusals rising for everybody at once point at us.",
                (Line("", Grown("trackgate_ingest_deliveries_total", ("outcome",))),),
                shape=Shape.STACK,
            ),
            Plot(
                "ai-share",
                "Generated music",
                "Share found likely generated, and share declared as partly or all generated. The gap "
                "between them was not declared.",
                (
                    Line("found likely generated", Share(measures.GENERATED, measures.SCREENED)),
                    Line("declared", Share(measures.DECLARED, Grown("trackgate_uploads_declared_total"))),
                ),
                Unit.SHARE,
            ),
            Plot(
                "labels",
                "Labels",
                "Labels that first decisions gave.",
                (Line("", Grown("trackgate_decision_labels_total", ("code",))),),
                shape=Shape.STACK,
            ),
            Plot(
                "clones-over-time",
                "Clones over time",
                "Tracks with a protected voice and no consent.",
                (Line("clones", measures.CLONES),),
                shape=Shape.STACK,
            ),
            Plot(
                "cpu",
                "CPU seconds for a track",
                "What all services used over the tracks decided, and the detectors alone. Few tracks in a "
                "step: mostly idle time.",
                (
                    Line("all services", per_track),
                    Line("detectors", Share(measures.DETECTING, measures.DECIDED)),
                ),
                Unit.NUMBER,
            ),
            Ranking(
                "reasons",
                "Why",
                "Reasons of first decisions.",
                "Reason",
                (Line("tracks", Grown("trackgate_decision_reasons_total", ("code",))),),
                (Unit.COUNT,),
                most=12,
            ),
            Ranking(
                "mismatch",
                "Declared against detected",
                "Nothing, or none, declared and likely generated: that is undeclared AI.",
                "Declared, found",
                (Line("tracks", Grown("trackgate_declared_detected_total", ("declared", "detected"))),),
                (Unit.COUNT,),
                most=12,
            ),
        ),
    )
