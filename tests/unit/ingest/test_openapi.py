"""The OpenAPI document teaches: its examples are deliveries that would be taken."""

import json
from pathlib import Path
from typing import Any

import pytest

from services.ingest.answers import as_error
from services.ingest.declaring import read_metadata
from services.ingest.domain import RefusalKind, Refused
from shared.events import Declaration
from tests.unit.ingest.fakes import Ingest


async def document(folder: Path) -> dict[str, Any]:
    answer = await Ingest(folder).http.get("/openapi.json")
    assert answer.status_code == 200
    body: dict[str, Any] = answer.json()
    return body


async def test_every_example_of_a_delivery_is_taken(tmp_path: Path) -> None:
    operation = (await document(tmp_path))["paths"]["/v1/tracks"]["post"]
    examples = operation["requestBody"]["content"]["multipart/form-data"]["examples"]
    assert len(examples) >= 3
    for example in examples.values():
        outcome = read_metadata(json.dumps(example["value"]["metadata"]).encode())
        assert isinstance(outcome, Declaration), outcome


async def test_every_error_is_described_as_a_problem_with_field_and_reason(tmp_path: Path) -> None:
    operation = (await document(tmp_path))["paths"]["/v1/tracks"]["post"]
    errors = {status: answer for status, answer in operation["responses"].items() if status != "202"}
    assert {"400", "401", "409", "413", "422", "429", "503"} <= set(errors)
    for answer in errors.values():
        (fault,) = answer["content"]["application/problem+json"]["example"]["errors"]
        assert fault["field"]
        assert fault["reason"]


async def test_the_body_is_described_without_dangling_references(tmp_path: Path) -> None:
    operation = (await document(tmp_path))["paths"]["/v1/tracks"]["post"]
    assert "$ref" not in json.dumps(operation["requestBody"])


@pytest.mark.parametrize("kind", list(RefusalKind))
def test_every_kind_of_refusal_has_a_status_and_a_title(kind: RefusalKind) -> None:
    problem = as_error(Refused(kind)).problem
    assert 400 <= problem.status <= 503
    assert problem.title
