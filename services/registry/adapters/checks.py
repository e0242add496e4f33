"""What ``/healthz`` looks at: whether a request could be answered now."""

import asyncio
import os
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from shared.http import Check, NotReady, Ready

_BROKER_SECONDS = 1.5


def broker_check(bootstrap_servers: str) -> Check:
    admin = AdminClient({"bootstrap.servers": bootstrap_servers, "log_level": 0})

    async def check() -> Ready | NotReady:
        try:
            metadata = await asyncio.to_thread(admin.list_topics, timeout=_BROKER_SECONDS)
        except KafkaException as error:
            return NotReady(f"the broker does not answer: {error.args[0].str()}")
        return Ready(f"{len(metadata.brokers)} broker(s)")

    return check


def store_check(root: Path) -> Check:
    async def check() -> Ready | NotReady:
        writable = await asyncio.to_thread(os.access, root, os.W_OK | os.X_OK)
        return Ready() if writable else NotReady("the object store's folder cannot be written")

    return check
