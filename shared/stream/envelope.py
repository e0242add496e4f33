"""CloudEvents 1.0 in Kafka's binary mode: context attributes as ``ce_*`` headers, the event as the value.

Kafka Protocol Binding for CloudEvents 1.0.2, section 3.2; the key is the ``partitionkey`` extension.
"""

from shared import tracing
from shared.events import Event
from shared.stream.message import Record
from shared.topics import Topic


def envelope(topic: Topic, event: Event, *, source: str, traceparent: str | None = None) -> Record:
    """The record that carries ``event``; ``source`` is the service, as a URI reference.

    Without a ``traceparent`` it is that of the span that is current, if there is one.
    """
    headers = {
        "ce_specversion": b"1.0",
        "ce_id": event.event_id.encode(),
        "ce_type": event.event_type.encode(),
        "ce_source": f"/trackgate/{source}".encode(),
        "ce_time": event.occurred_at.isoformat().encode(),
        "ce_dataschema": f"urn:trackgate:schema:{event.event_type}".encode(),
        "ce_partitionkey": event.partition_key.encode(),
        "content-type": b"application/json",
    }
    traceparent = traceparent or tracing.current()
    if traceparent is not None:
        headers["traceparent"] = traceparent.encode()
    return Record(topic=topic.name, key=event.partition_key.encode(), value=event.to_bytes(), headers=headers)
