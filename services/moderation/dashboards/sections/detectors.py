"""What the detectors measure, and how sure they are."""

from services.moderation.dashboards.expressions import Grown, Level, Share
from services.moderation.dashboards.figures import Line, Plot, Section, Shape, Spread, Tile, Unit
from services.moderation.dashboards.sections import measures

DETECTORS = Section(
    "detectors",
    "Detectors: how sure are we",
    (
        Tile(
            "unmeasured",
            "Not measured",
            "Findings without a measurement, of all. Those tracks go to people.",
            Share(
                Grown("trackgate_findings_total", where=(("verdict", ("error", "not_measured")),)),
                Grown("trackgate_findings_total"),
            ),
            Unit.SHARE,
            0.2,
        ),
        Tile(
            "between",
            "Unsure",
            "Findings of the AI detector that it calls inconclusive, of all.",
            Share(
                Grown("trackgate_findings_total", where=(*measures.AI, ("verdict", ("inconclusive",)))),
                measures.SCREENED,
            ),
            Unit.SHARE,
        ),
        Tile(
            "speed",
            "Times real time, a core",
            "Seconds of audio that one core screens in a second, all detectors together.",
            Share(Grown("trackgate_finding_audio_seconds_total", where=measures.AI), measures.DETECTING),
            Unit.NUMBER,
        ),
        Tile(
            "deaths",
            "Processes that died",
            "Of the detectors' pools: a crash, a kill for memory, or an attack.",
            Grown("trackgate_pool_deaths_total"),
            limit=1,
        ),
        Spread(
            "scores",
            "Scores of the AI detector",
            "Live tracks, and the human music that the detector was calibrated on. The line is the threshold "
            "from which a track is called likely generated.",
            (
                Line("live", Grown("trackgate_finding_score_bucket", ("le",), measures.AI)),
                Line(
                    "calibration", Level("trackgate_detector_calibration_share", "max", ("le",), measures.AI)
                ),
            ),
            (Line("threshold", Level("trackgate_detector_threshold", "max", (), measures.AI)),),
        ),
        Spread(
            "certainty",
            "What people said of how sure we were",
            "Held tracks that people answered, by the AI detector's probability, and those of them that they "
            "published. Overturns at high probability: the detector is wrong where it is sure.",
            (
                Line("answered", Grown("trackgate_reviewed_probability_bucket", ("le",), measures.AI)),
                Line(
                    "overturned",
                    Grown(
                        "trackgate_reviewed_probability_bucket",
                        ("le",),
                        (*measures.AI, ("after", ("publish",))),
                    ),
                ),
            ),
            counted=True,
        ),
        Plot(
            "verdicts",
            "Verdicts of the AI detector",
            "Findings in each step.",
            (Line("", Grown("trackgate_findings_total", ("verdict",), measures.AI)),),
            shape=Shape.STACK,
        ),
        Plot(
            "findings",
            "Findings by detector",
            "One that stands still while the others go on is down.",
            (Line("", Grown("trackgate_findings_total", ("detector",))),),
        ),
        Plot(
            "voices",
            "Voices and recordings that were recognised",
            "A protected artist's voice, licensed or not, or a recording that was removed or came before.",
            (
                Line(
                    "",
                    Grown(
                        "trackgate_findings_total",
                        ("detector",),
                        (("verdict", ("match", "possible", "match_removed", "duplicate_of")),),
                    ),
                ),
            ),
            shape=Shape.STACK,
        ),
        Plot(
            "real-time",
            "Real-time factor",
            "CPU seconds over seconds of audio: 0.005 is 200 times real time on a core.",
            (
                Line(
                    "",
                    Share(
                        Grown("trackgate_finding_cpu_seconds_total", ("detector",)),
                        Grown("trackgate_finding_audio_seconds_total", ("detector",)),
                    ),
                ),
            ),
            Unit.NUMBER,
        ),
    ),
)
