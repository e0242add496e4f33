"""``/v1/cases/{case_id}/spectrum``: the AI detector's evidence in the recording's spectrum."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response
from pydantic import BaseModel, ConfigDict

from services.moderation.adapters.peaks import NoWaveform, Waveforms
from services.moderation.domain.access import Right
from services.moderation.domain.outcomes import NoSuchCase
from services.moderation.spectrum import teeth
from services.moderation.web.cases_api import KEPT_A_WHILE
from services.moderation.web.identity import Identity, SignedIn
from services.moderation.web.office import Office
from services.moderation.web.refusals import problem_of
from shared.errors import ObjectMissing
from shared.http import Problem, ProblemError
from shared.views.tracks import TrackView

CaseId = Annotated[str, Path(pattern=r"^[0-9a-f-]{36}$")]


class ToothAnswer(BaseModel):
    model_config = ConfigDict(frozen=True)

    hz: float
    above_db: float
    evident: bool


class SpectrumAnswer(BaseModel):
    """Levels in dB below the strongest, in even columns from 0 to ``to_hz``; ``reason`` when there are none.

    ``spacing_hz`` and ``bandwidth_hz`` are the detector's; ``teeth`` are read from the picture at them.
    """

    model_config = ConfigDict(frozen=True)

    to_hz: float = 0.0
    levels: tuple[int, ...] = ()
    floor: tuple[int, ...] = ()
    spacing_hz: float | None = None
    bandwidth_hz: float | None = None
    teeth: tuple[ToothAnswer, ...] = ()
    reason: str | None = None


def spectrum_routes(identity: Identity, office: Office, waveforms: Waveforms) -> APIRouter:
    router = APIRouter(prefix="/v1/cases", tags=["cases"])
    reader = Depends(identity.allowed(Right.READ))

    @router.get("/{case_id}/spectrum", summary="The spectrum of the recording with the detector's peaks")
    async def spectrum(
        who: Annotated[SignedIn, reader],  # noqa: ARG001 - asked for its check
        case_id: CaseId,
        response: Response,
    ) -> SpectrumAnswer:
        response.headers.update(KEPT_A_WHILE)
        looked = await office.look_at(case_id)
        if isinstance(looked, NoSuchCase):
            raise ProblemError(problem_of(looked))
        view = looked[1]
        if view is None or view.upload is None:
            raise ProblemError(Problem.of("no-upload", title="The upload is not known here", status=404))
        try:
            made = await waveforms.of(view.upload.audio)
        except ObjectMissing:
            made = NoWaveform("the recording is not in the object store")
        if isinstance(made, NoWaveform):
            return SpectrumAnswer(reason=made.reason)
        if made.spectrum is None:
            return SpectrumAnswer(reason="the recording is silent or too short")
        spacing, bandwidth = _measured(view, "spacing_hz"), _measured(view, "bandwidth_hz")
        found = teeth(made.spectrum, spacing, bandwidth or made.spectrum.to_hz) if spacing else ()
        return SpectrumAnswer(
            to_hz=made.spectrum.to_hz,
            levels=made.spectrum.levels,
            floor=made.spectrum.floor,
            spacing_hz=spacing,
            bandwidth_hz=bandwidth,
            teeth=tuple(
                ToothAnswer(hz=tooth.hz, above_db=tooth.above_db, evident=tooth.evident) for tooth in found
            ),
        )

    return router


def _measured(view: TrackView, name: str) -> float | None:
    finding = view.finding("ai_detector")
    value = finding.measurements.get(name) if finding else None
    return float(value) if isinstance(value, int | float) and value > 0 else None
