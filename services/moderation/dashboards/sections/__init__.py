"""The sections of the dashboards page, in their order."""

from services.moderation.dashboards.figures import Section
from services.moderation.dashboards.prices import Price
from services.moderation.dashboards.sections.detectors import DETECTORS
from services.moderation.dashboards.sections.distributors import DISTRIBUTORS
from services.moderation.dashboards.sections.moderation import MODERATION
from services.moderation.dashboards.sections.overview import overview
from services.moderation.dashboards.sections.pipeline import PIPELINE


def sections(price: Price) -> tuple[Section, ...]:
    return (overview(price), DETECTORS, PIPELINE, MODERATION, DISTRIBUTORS)


__all__ = ["sections"]
