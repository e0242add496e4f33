"""The committed contracts are what the models say, and nobody's records become unreadable."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from shared.contracts import files
from shared.contracts.__main__ import main
from shared.contracts.asyncapi import asyncapi_document
from shared.contracts.compatibility import incompatible_events
from shared.contracts.operations import OPERATIONS, Action
from shared.contracts.schemas import event_schemas
from shared.events import DistributorRegistered, ReviewResolved
from shared.events.decision import Outcome
from shared.stream.envelope import envelope
from shared.topics import DISTRIBUTORS, TOPICS, broker_topics

META = json.loads(Path(__file__).with_name("asyncapi-3.0.0.schema.json").read_text(encoding="utf-8"))
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_committed_files_are_what_the_models_say() -> None:
    assert files.drift() == ()


def test_every_event_can_still_be_read_as_it_was_released() -> None:
    assert files.released(), "no baseline: python -m shared.contracts release"
    assert incompatible_events(files.released(), event_schemas()) == {}


def test_a_changed_a_missing_and_a_stray_file_are_each_named(tmp_path: Path) -> None:
    files.write(tmp_path)
    assert files.drift(tmp_path) == ()

    (tmp_path / "schemas/trackgate.track.uploaded.v1.json").unlink()
    (tmp_path / "schemas/of.nobody.v1.json").write_text("{}")
    (tmp_path / "asyncapi.json").write_text("{}")

    assert set(files.drift(tmp_path)) == {
        "schemas/trackgate.track.uploaded.v1.json is missing",
        "schemas/of.nobody.v1.json belongs to no event",
        "asyncapi.json differs from the models",
    }


def test_a_release_makes_the_present_schemas_the_baseline(tmp_path: Path) -> None:
    files.release(tmp_path)
    assert files.released(tmp_path) == event_schemas()


def test_check_says_nothing_when_all_is_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("event_type", sorted(event_schemas()))
def test_every_schema_is_a_valid_json_schema(event_type: str) -> None:
    jsonschema.Draft202012Validator.check_schema(event_schemas()[event_type])


def test_an_event_as_it_lies_on_its_topic_satisfies_its_schema() -> None:
    event = ReviewResolved(
        event_id="r1",
        occurred_at=NOON,
        track_id="00000000-0000-0000-0000-000000000001",
        decision_id="d1",
        outcome=Outcome.PUBLISH,
        reviewer_id="ada",
    )
    schema = event_schemas()[ReviewResolved.event_type]
    jsonschema.Draft202012Validator(schema).validate(json.loads(event.to_bytes()))
    with pytest.raises(jsonschema.ValidationError, match="maybe"):
        jsonschema.Draft202012Validator(schema).validate(json.loads(event.to_bytes()) | {"outcome": "maybe"})


class TestAsyncApi:
    document = asyncapi_document()

    def test_it_satisfies_the_schema_of_asyncapi(self) -> None:
        jsonschema.Draft7Validator(META).validate(self.document)

    def test_the_schema_of_asyncapi_would_notice(self) -> None:
        broken: dict[str, Any] = json.loads(json.dumps(self.document))
        broken["channels"]["tracks.uploaded"]["topic"] = "x"
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.Draft7Validator(META).validate(broken)

    def test_every_topic_on_the_broker_is_a_channel(self) -> None:
        assert set(self.document["channels"]) == {spec.name for spec in broker_topics(6)}

    def test_every_reference_leads_somewhere(self) -> None:
        for reference in references(self.document):
            if reference.startswith("./"):
                assert (files.FOLDER / reference).is_file(), reference
            else:
                assert pointed_at(self.document, reference) is not None, reference

    def test_every_consumer_with_dead_letters_of_its_own_is_documented_as_reading(self) -> None:
        reading = {(o.service, o.topic.name) for o in OPERATIONS if o.action is Action.RECEIVE}
        assert {(service, topic.name) for topic in TOPICS for service in topic.consumers} <= reading

    def test_every_topic_has_a_writer_and_a_reader(self) -> None:
        for action in Action:
            assert {o.topic.name for o in OPERATIONS if o.action is action} == {t.name for t in TOPICS}

    def test_it_names_no_host(self) -> None:
        assert [server["host"] for server in self.document["servers"].values()] == ["{bootstrap}"]

    def test_a_published_record_carries_the_documented_headers(self) -> None:
        event = DistributorRegistered(
            event_id="e1", occurred_at=NOON, distributor_id="acme", name="Acme", api_key_sha256="0" * 64
        )
        record = envelope(DISTRIBUTORS, event, source="registry")
        documented = self.document["components"]["messages"]["DistributorRegistered"]["headers"]
        headers = {name: value.decode() for name, value in record.headers.items()}
        jsonschema.Draft7Validator(documented).validate(headers)
        assert set(headers) <= set(documented["properties"])


def references(node: Any) -> list[str]:
    if isinstance(node, list):
        return [found for one in node for found in references(one)]
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [found for one in node.values() for found in references(one)]
    return []


def pointed_at(document: Any, reference: str) -> Any:
    for part in reference.removeprefix("#/").split("/"):
        document = document.get(part) if document is not None else None
    return document
