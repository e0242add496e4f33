"""One AsyncAPI 3.0 document of all that is on the broker: topics, retries, dead letters, readers, writers."""

from typing import Any

from shared.contracts.headers import FAILURE_HEADERS, RETRY_HEADERS, cloud_event_headers
from shared.contracts.operations import OPERATIONS, Action
from shared.contracts.schemas import DIALECT
from shared.events import Event
from shared.topics import RETRY_TIERS, TOPICS, Topic, TopicSpec, broker_topics

VERSION = "0.1.0"
KAFKA_BINDING = "0.5.0"
SCHEMA_FORMAT = "application/schema+json;version=draft-2020-12"
_TRACK_PARTITIONS = 1  # only the topics that say how many partitions they have show a number


def asyncapi_document() -> dict[str, Any]:
    """The document; payloads point to ``schemas/<event type>.json`` beside it."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Trackgate",
            "version": VERSION,
            "description": (
                "Screens music uploads between distributor and listener. Topics of tracks are keyed by track "
                "id, those of the registry by the id of their record, so that everything about one of them "
                "stays in order. Events carry a reference to the audio, never the audio. Every message ends "
                "as exactly one of output, retry or dead letter. Consumers ignore fields they do not know."
            ),
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "broker": {
                "host": "{bootstrap}",
                "protocol": "kafka",
                "description": "Apache Kafka 4.x",
                "variables": {"bootstrap": {"description": "host:port, as in TRACKGATE_KAFKA"}},
            }
        },
        "channels": _channels(),
        "operations": _operations(),
        "components": {"messages": _messages()},
    }


def _channels() -> dict[str, Any]:
    specs = {spec.name: spec for spec in broker_topics(_TRACK_PARTITIONS)}
    channels: dict[str, Any] = {}
    for topic in TOPICS:
        channels[topic.name] = _channel(specs[topic.name], topic, topic.about, _name(topic.event))
        for service in topic.consumers:
            for tier in RETRY_TIERS:
                about = f"What {service} shall try again once it is due, {tier} later."
                spec = specs[topic.retry(service, tier)]
                channels[spec.name] = _channel(spec, topic, about, f"{_name(topic.event)}Retry")
            about = (
                f"What {service} gave up on, original bytes untouched; `trackgate dlq` shows and replays it."
            )
            spec = specs[topic.dead_letters(service)]
            channels[spec.name] = _channel(spec, topic, about, f"{_name(topic.event)}DeadLetter")
    return channels


def _channel(spec: TopicSpec, topic: Topic, about: str, message: str) -> dict[str, Any]:
    kafka: dict[str, Any] = {"topic": spec.name, "bindingVersion": KAFKA_BINDING}
    if topic.partitions is not None or spec.name != topic.name:
        kafka["partitions"] = spec.partitions
    if "cleanup.policy" in spec.config:
        kafka["topicConfiguration"] = {"cleanup.policy": [spec.config["cleanup.policy"]]}
    else:
        kafka["topicConfiguration"] = {"retention.ms": int(spec.config["retention.ms"])}
    return {
        "address": spec.name,
        "description": about,
        "messages": {message: {"$ref": f"#/components/messages/{message}"}},
        "bindings": {"kafka": kafka},
    }


def _operations() -> dict[str, Any]:
    """Every reader's consumer group is named; those without one read the whole topic at each start."""
    operations: dict[str, Any] = {}
    for operation in OPERATIONS:
        topic, service, message = operation.topic, operation.service, _name(operation.topic.event)
        reads = operation.action is Action.RECEIVE and service in topic.consumers
        entry = _operation(service, operation.action, topic.name, message, operation.about)
        operations |= _in_group(entry, service) if reads else entry
        if reads:
            for tier in RETRY_TIERS:
                again, retry = topic.retry(service, tier), f"{message}Retry"
                entry = _operation(service, Action.RECEIVE, again, retry, "Try again once it is due.")
                operations |= _in_group(entry, f"{service}.retries")
                operations |= _operation(
                    service, Action.SEND, again, retry, "Put off what may succeed later."
                )
            dead = topic.dead_letters(service)
            about = "Give up, and say why."
            operations |= _operation(service, Action.SEND, dead, f"{message}DeadLetter", about)
    return operations


def _in_group(operations: dict[str, Any], group: str) -> dict[str, Any]:
    kafka = {"groupId": {"type": "string", "const": group}, "bindingVersion": KAFKA_BINDING}
    return {name: {**operation, "bindings": {"kafka": kafka}} for name, operation in operations.items()}


def _operation(service: str, action: Action, channel: str, message: str, about: str) -> dict[str, Any]:
    return {
        f"{service}.{action}.{channel}": {
            "action": str(action),
            "channel": {"$ref": f"#/channels/{channel}"},
            "summary": about,
            "tags": [{"name": service}],
            "messages": [{"$ref": f"#/channels/{channel}/messages/{message}"}],
        }
    }


def _messages() -> dict[str, Any]:
    messages: dict[str, Any] = {}
    for topic in TOPICS:
        cloud = cloud_event_headers(topic.event)
        messages[_name(topic.event)] = _message(topic, cloud, _summary(topic.event))
        if topic.consumers:
            messages[f"{_name(topic.event)}Retry"] = _message(
                topic, {"allOf": [cloud, FAILURE_HEADERS, RETRY_HEADERS]}, "To be tried again."
            )
            # What is no valid event is buried as it came: neither its headers nor its value promise anything.
            messages[f"{_name(topic.event)}DeadLetter"] = {
                "name": topic.event.event_type,
                "summary": "Given up on. The value is the original bytes, valid or not.",
                "headers": FAILURE_HEADERS,
                "bindings": {"kafka": {"bindingVersion": KAFKA_BINDING}},
            }
    return messages


def _message(topic: Topic, headers: dict[str, Any], summary: str) -> dict[str, Any]:
    return {
        "name": topic.event.event_type,
        "summary": summary,
        "contentType": "application/json",
        "headers": headers,
        "payload": {
            "schemaFormat": SCHEMA_FORMAT,
            "schema": {"$schema": DIALECT, "$ref": f"./schemas/{topic.event.event_type}.json"},
        },
        "bindings": {"kafka": {"key": {"type": "string"}, "bindingVersion": KAFKA_BINDING}},
    }


def _name(event: type[Event]) -> str:
    return event.__name__


def _summary(event: type[Event]) -> str:
    return (event.__doc__ or "").strip().splitlines()[0]
