"""What the AI detector shows beside what every detector measures (shared.stream.observation)."""

import bisect
from collections.abc import Sequence

from services.ai_detector.finding import DETECTOR
from shared.metrics import CALIBRATION, SCORES

HUMAN = "human"


def show_calibration(human_scores: Sequence[float]) -> None:
    """``human_scores``, ascending: the calibration set's, on the edges of the live histogram. None, none."""
    if not human_scores:
        return
    for edge in SCORES:
        share = bisect.bisect_right(human_scores, edge) / len(human_scores)
        CALIBRATION.labels(DETECTOR, HUMAN, str(float(edge))).set(share)
