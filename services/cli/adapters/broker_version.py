"""Which Kafka a broker is, from its answer to ApiVersions: clients are not told a version number.

KIP-584: the answer carries the cluster's finalized feature levels; ``metadata.version`` is 25 from Apache
Kafka 4.0 on. Other implementations of the protocol leave the features out.
"""

import socket
import struct
from dataclasses import dataclass

from shared.errors import SystemicError

KAFKA_4_0 = 25
_API_VERSIONS, _VERSION = 18, 3
_FINALIZED_FEATURES = 2
_LONGEST_ANSWER = 1 << 20


@dataclass(frozen=True)
class BrokerFeatures:
    """``metadata_version`` is None where the broker names none."""

    metadata_version: int | None

    @property
    def is_kafka_4(self) -> bool:
        return self.metadata_version is not None and self.metadata_version >= KAFKA_4_0


def broker_features(bootstrap_servers: str, *, timeout_seconds: float = 5.0) -> BrokerFeatures:
    """Ask the first of the bootstrap servers.

    Raises:
        SystemicError: it does not answer, or not in Kafka's protocol.
    """
    host, _, port = bootstrap_servers.split(",", maxsplit=1)[0].strip().rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout_seconds) as connection:
            connection.sendall(_request())
            (length,) = struct.unpack(">i", _read(connection, 4))
            if not 0 < length < _LONGEST_ANSWER:
                raise SystemicError(f"{host}:{port} does not speak Kafka's protocol")
            return parse_features(_read(connection, length))
    except (OSError, ValueError) as error:
        raise SystemicError(f"{bootstrap_servers}: {error}") from error
    except (struct.error, IndexError) as error:
        raise SystemicError(f"{host}:{port} does not speak Kafka's protocol") from error


def parse_features(answer: bytes) -> BrokerFeatures:
    """Read an ApiVersions response, version 3 (response header version 0)."""
    reader = _Reader(answer)
    reader.skip(4 + 2)  # correlation id, error code
    for _ in range(reader.unsigned() - 1):
        reader.skip(6)  # api key, oldest and newest version
        reader.skip_tags()
    reader.skip(4)  # throttle time
    for _ in range(reader.unsigned()):
        tag, size = reader.unsigned(), reader.unsigned()
        content = _Reader(reader.take(size))
        if tag == _FINALIZED_FEATURES:
            return BrokerFeatures(_finalized(content).get("metadata.version"))
    return BrokerFeatures(None)


def _finalized(reader: "_Reader") -> dict[str, int]:
    levels = {}
    for _ in range(reader.unsigned() - 1):
        name = reader.take(reader.unsigned() - 1).decode()
        (newest, _oldest) = struct.unpack(">hh", reader.take(4))
        reader.skip_tags()
        levels[name] = newest
    return levels


class _Reader:
    def __init__(self, content: bytes) -> None:
        self._content = content
        self._at = 0

    def take(self, size: int) -> bytes:
        if size < 0 or self._at + size > len(self._content):
            raise IndexError("the answer ends too early")
        self._at += size
        return self._content[self._at - size : self._at]

    def skip(self, size: int) -> None:
        self.take(size)

    def unsigned(self) -> int:
        """An unsigned varint."""
        value = shift = 0
        while True:
            (byte,) = self.take(1)
            value |= (byte & 0x7F) << shift
            if not byte & 0x80:
                return value
            shift += 7

    def skip_tags(self) -> None:
        for _ in range(self.unsigned()):
            self.unsigned()
            self.skip(self.unsigned())


def _request() -> bytes:
    client = b"trackgate"
    compact = bytes([len(client) + 1]) + client
    header = struct.pack(">hhih", _API_VERSIONS, _VERSION, 1, len(client)) + client + b"\0"
    body = compact + bytes([2]) + b"1" + b"\0"
    return struct.pack(">i", len(header + body)) + header + body


def _read(connection: socket.socket, size: int) -> bytes:
    content = b""
    while len(content) < size:
        chunk = connection.recv(size - len(content))
        if not chunk:
            raise OSError("the connection was closed")
        content += chunk
    return content
