"""What ingest needs in order to accept a delivery."""

import asyncio
import shutil
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from redis.asyncio import Redis
from redis.exceptions import RedisError

from shared.http import Check, NotReady, Ready
from shared.topics import UPLOADS


def broker_check(bootstrap_servers: str) -> Check:
    admin = AdminClient({"bootstrap.servers": bootstrap_servers, "log_level": 0})

    async def check() -> Ready | NotReady:
        try:
            found = await asyncio.to_thread(admin.list_topics, UPLOADS.name, timeout=1.5)
        except KafkaException as error:
            return NotReady(f"no answer from {bootstrap_servers}: {error.args[0].str()}")
        if not found.topics[UPLOADS.name].partitions:
            return NotReady(f"the topic {UPLOADS.name} does not exist")
        return Ready(f"{len(found.brokers)} broker(s)")

    return check


def redis_check(client: Redis) -> Check:
    """Never unready: deliveries are accepted without Redis; only reading states waits for it."""

    async def check() -> Ready | NotReady:
        try:
            await client.ping()
        except (RedisError, OSError) as error:
            return Ready(f"does not answer ({type(error).__name__}): deliveries go on, states cannot be read")
        return Ready()

    return check


def store_check(folder: Path, *, needs_bytes: int) -> Check:
    """Room for one file of the largest size, at least."""

    async def check() -> Ready | NotReady:
        try:
            free = (await asyncio.to_thread(shutil.disk_usage, folder)).free
        except OSError as error:
            return NotReady(f"the object store cannot be read: {error.strerror}")
        if free < needs_bytes:
            return NotReady(f"{free >> 20} MiB free, {needs_bytes >> 20} MiB needed for one file")
        return Ready(f"{free >> 20} MiB free")

    return check
