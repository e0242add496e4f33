"""Kafka's data folder is formatted before the broker's first start, or the start says why not."""

from pathlib import Path

import pytest

from deploy.local import kafka_server
from deploy.local.errors import NotReady
from deploy.local.java import Java
from deploy.local.kafka_server import KafkaSpec, start_kafka
from deploy.local.process import Warden


@pytest.mark.parametrize(
    ("does", "says"),
    [
        ("exec sleep 60", "had not formatted .* after 0.5 s"),
        ("echo no room; exit 3", "could not format .*\n?no room"),
    ],
)
def test_a_format_that_hangs_or_fails_ends_the_start_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, does: str, says: str
) -> None:
    monkeypatch.setattr(kafka_server, "_FORMAT_TIMEOUT_S", 0.5)
    java = tmp_path / "java"
    java.write_text(f"#!/bin/sh\n{does}\n")
    java.chmod(0o700)
    spec = KafkaSpec(
        java=Java(executable=java, major=21, source="PATH"),
        lib=tmp_path,
        home=tmp_path / "kafka",
        port=1,
        controller_port=2,
    )
    with Warden() as warden, pytest.raises(NotReady, match=says):
        start_kafka(spec, warden, timeout_s=1.0)
