"""What each dashboard shows, for whom, and how to read it."""

from deploy.grafana.definitions.detectors import DETECTORS
from deploy.grafana.definitions.distributors import DISTRIBUTORS
from deploy.grafana.definitions.moderation import MODERATION
from deploy.grafana.definitions.overview import OVERVIEW
from deploy.grafana.definitions.pipeline import PIPELINE

DASHBOARDS = (OVERVIEW, DETECTORS, PIPELINE, MODERATION, DISTRIBUTORS)

__all__ = ["DASHBOARDS"]
