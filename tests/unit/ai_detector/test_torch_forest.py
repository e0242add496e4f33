"""numpy, torch and ONNX Runtime walk the trees alike; a file that does not is refused."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")

from services.ai_detector.readout import Readout  # noqa: E402 - only where torch is
from services.ai_detector.training import torch_forest  # noqa: E402
from shared.errors import TrackgateError  # noqa: E402

# torch warns of its older exporter, the one that needs no further package
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def test_all_three_agree_at_the_thresholds_beside_them_and_where_values_are_missing():
    readout = Readout.load()

    content = torch_forest.exported(readout)

    table = torch_forest.about(readout.trees, seed=1)
    assert np.isnan(table).any()
    assert torch_forest.furthest_apart(readout, content, table) <= torch_forest.MOST_APART


def test_a_file_of_other_trees_is_told_apart():
    readout = Readout.load()
    changed = readout.trees.model_copy(update={"value": tuple(v + 0.001 for v in readout.trees.value)})

    content = torch_forest.exported(readout.model_copy(update={"trees": changed}))

    apart = torch_forest.furthest_apart(readout, content, torch_forest.about(readout.trees))
    assert apart > 1.0


def test_an_export_that_differs_is_not_handed_out(monkeypatch):
    monkeypatch.setattr(torch_forest, "MOST_APART", -1.0)

    with pytest.raises(TrackgateError, match="differ"):
        torch_forest.exported(Readout.load())
