"""The JSON Schema of every event, from its pydantic model."""

from typing import Any

from shared.events import Event
from shared.topics import TOPICS

DIALECT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]


def schema_id(event: type[Event]) -> str:
    """The name that an event's ``ce_dataschema`` header carries."""
    return f"urn:trackgate:schema:{event.event_type}"


def event_schemas() -> dict[str, Schema]:
    """By event type: what a reader accepts. A writer may add fields, and a reader ignores those it lacks."""
    schemas: dict[str, Schema] = {}
    for topic in TOPICS:
        schema = topic.event.model_json_schema(mode="validation")
        schemas[topic.event.event_type] = {"$schema": DIALECT, "$id": schema_id(topic.event)} | schema
    return schemas
