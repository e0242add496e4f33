"""Identifiers that are the same however often a step is repeated.

Every id of something that follows from a message is a UUIDv5 over what it follows from, so that a
redelivered message produces the same ids and a consumer can tell a repeat from news.
"""

import uuid

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "trackgate.events")


def deterministic_id(*parts: str) -> str:
    """UUIDv5 over ``parts``; parts are length-prefixed, so ``("ab", "c")`` and ``("a", "bc")`` differ."""
    return str(uuid.uuid5(_NAMESPACE, "|".join(f"{len(part)}:{part}" for part in parts)))
