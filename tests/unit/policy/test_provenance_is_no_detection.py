"""What a file's manifest declares is neither the distributor's word nor a measurement."""

import pytest

from services.policy.assemble import assemble
from services.policy.facts import ProvenanceFacts
from services.policy.inputs import AI_DETECTOR, VOICE_MATCHER, PolicyInput
from services.policy.vocabulary import ManifestState
from shared.events import FindingRecorded, Provenance, ProvenanceState
from shared.views.tracks import TrackView
from tests.support.events import A_TIME, an_upload
from tests.support.policy import REQUIRED, a_finding, scenario_registry

UPLOAD = an_upload()


def given(provenance: Provenance | None) -> PolicyInput:
    findings: tuple[FindingRecorded, ...] = (
        a_finding(UPLOAD, AI_DETECTOR, "not_detected", provenance=provenance),
        a_finding(UPLOAD, VOICE_MATCHER, "no_match"),
    )
    view = TrackView(upload=UPLOAD, findings=findings, decisions=(), reviews=())
    return assemble(UPLOAD, view, scenario_registry({}), required=REQUIRED, at=A_TIME)


@pytest.mark.parametrize("state", list(ProvenanceState))
def test_a_manifest_changes_nothing_but_what_it_is_known_to_declare(state: ProvenanceState) -> None:
    for says_generated in (True, False):
        known = given(Provenance(state=state, declares_generated=says_generated))
        assert known.model_copy(update={"provenance": ProvenanceFacts()}) == given(None)
        assert known.provenance.state.value == state.value
        assert known.provenance.declares_generated is says_generated


def test_a_file_without_a_manifest_declares_nothing() -> None:
    assert given(None).provenance.state is ManifestState.NONE
    assert not given(None).provenance.declares_generated
