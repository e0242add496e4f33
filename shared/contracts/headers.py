"""What the headers of a record mean, as JSON Schema. Values are UTF-8 text on the wire."""

from typing import Any

from shared.contracts.schemas import schema_id
from shared.events import Event


def _text(description: str, **more: Any) -> dict[str, Any]:
    return {"type": "string", "description": description, **more}


def cloud_event_headers(event: type[Event]) -> dict[str, Any]:
    """CloudEvents 1.0 in Kafka's binary mode (Kafka Protocol Binding 1.0.2, section 3.2)."""
    properties = {
        "ce_specversion": {"type": "string", "const": "1.0"},
        "ce_id": _text("Deterministic: a repeat of the same step carries the same id."),
        "ce_type": {"type": "string", "const": event.event_type},
        "ce_source": _text("The service that wrote it.", pattern="^/trackgate/[a-z_]+$"),
        "ce_time": _text("When it happened.", format="date-time"),
        "ce_dataschema": {"type": "string", "const": schema_id(event)},
        "ce_partitionkey": _text("The record's key."),
        "content-type": {"type": "string", "const": "application/json"},
        "traceparent": _text("W3C trace context, where the service is traced."),
    }
    required = [name for name in properties if name != "traceparent"]
    return {"type": "object", "required": required, "properties": properties}


FAILURE_HEADERS: dict[str, Any] = {
    "type": "object",
    "required": [
        "x-origin-topic",
        "x-origin-partition",
        "x-origin-offset",
        "x-service",
        "x-attempt",
        "x-first-failed-at",
        "x-error-type",
        "x-error-message",
    ],
    "properties": {
        "x-origin-topic": _text("The topic that the record was first read from."),
        "x-origin-partition": _text("Its partition there.", pattern="^[0-9]+$"),
        "x-origin-offset": _text("Its offset there.", pattern="^[0-9]+$"),
        "x-service": _text("The one service that failed on it and reads its retries."),
        "x-attempt": _text("How often that service has tried it again.", pattern="^[0-9]+$"),
        "x-first-failed-at": _text("RFC 3339.", format="date-time"),
        "x-error-type": _text("A short kind of failure, for filters."),
        "x-error-message": _text("A sentence that quotes no user content.", maxLength=500),
        "x-replay": _text("How often a person has replayed it from the dead letters.", pattern="^[0-9]+$"),
    },
}

RETRY_HEADERS: dict[str, Any] = {
    "type": "object",
    "required": ["x-not-before"],
    "properties": {"x-not-before": _text("Due at; RFC 3339.", format="date-time")},
}
