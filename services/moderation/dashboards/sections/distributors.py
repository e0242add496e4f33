"""Who delivers what."""

from services.moderation.dashboards.expressions import Grown, Share
from services.moderation.dashboards.figures import Line, Ranking, Section, Unit


def _share_of(kind: str) -> Share:
    return Share(
        Grown("trackgate_distributor_tracks_total", ("distributor",), (("kind", (kind,)),)),
        Grown("trackgate_distributor_tracks_total", ("distributor",), (("kind", ("all",)),)),
    )


DISTRIBUTORS = Section(
    "distributors",
    "Distributors",
    (
        Ranking(
            "distributors",
            "Who delivers what",
            "The first fifty that delivered are told apart, the rest is other. Three tracks make no share: "
            "look at the volume first.",
            "Distributor",
            (
                Line(
                    "tracks",
                    Grown("trackgate_distributor_tracks_total", ("distributor",), (("kind", ("all",)),)),
                ),
                Line("generated", _share_of("generated")),
                Line("undeclared", _share_of("undeclared")),
                Line("clones", _share_of("clone")),
            ),
            (Unit.COUNT, Unit.SHARE, Unit.SHARE, Unit.SHARE),
            most=20,
        ),
    ),
    sensitive=True,
)
