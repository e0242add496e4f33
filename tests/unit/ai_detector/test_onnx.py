"""The ONNX file that ships says what the service says: same columns, same version, scores alike to 1e-4."""

import numpy as np
import onnxruntime
import pytest

from services.ai_detector.readout import SHIPPED, Readout
from services.ai_detector.trees import Forest


@pytest.fixture(scope="module")
def readout() -> Readout:
    return Readout.load()


@pytest.fixture(scope="module")
def session() -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(SHIPPED.with_name("ears.onnx").read_bytes())


def _rows(readout: Readout) -> np.ndarray:
    """Values about the thresholds of each column, a tenth missing."""
    rng = np.random.default_rng(3)
    table = np.zeros((64, len(readout.trees.columns)))
    inner = np.array(readout.trees.left) >= 0
    feature, threshold = np.array(readout.trees.feature)[inner], np.array(readout.trees.threshold)[inner]
    for column in set(feature.tolist()):
        table[:, column] = rng.choice(threshold[feature == column], 64)
    table[rng.random(table.shape) < 0.1] = np.nan
    return table


def test_scores_and_probabilities_are_those_of_the_service(
    readout: Readout, session: onnxruntime.InferenceSession
) -> None:
    table = _rows(readout)

    score, probability = session.run(["score", "probability"], {"columns": table})

    served = np.array([Forest(readout.trees).score(row) for row in table])
    assert served.std() > 0.1
    np.testing.assert_allclose(score, served, atol=1e-4)
    np.testing.assert_allclose(probability, [readout.probability(each) for each in served], atol=1e-4)


def test_the_file_names_its_columns_and_its_version(
    readout: Readout, session: onnxruntime.InferenceSession
) -> None:
    facts = session.get_modelmeta().custom_metadata_map

    assert facts["columns"].split() == list(readout.trees.columns)
    assert facts["version"] == readout.version
    assert facts["measurement"] == str(readout.measurement)
