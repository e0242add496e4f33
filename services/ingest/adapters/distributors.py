"""Who may deliver, by API key, from the compacted topic of distributors."""

import hashlib
import hmac
from collections.abc import Mapping

from shared.events import DistributorRegistered

KEY_PREFIX = "tgk_"


class RegisteredDistributors:
    """Looks through all of ``current``, a live mapping by distributor id."""

    def __init__(self, current: Mapping[str, DistributorRegistered]) -> None:
        self._current = current

    def by_key(self, api_key: str) -> DistributorRegistered | None:
        """Compares digests in constant time and looks at every distributor, found or not."""
        if not api_key.startswith(KEY_PREFIX) or not api_key.isascii():
            return None
        digest = hashlib.sha256(api_key.encode()).hexdigest()
        found = None
        for distributor in self._current.values():
            if hmac.compare_digest(distributor.api_key_sha256, digest):
                found = distributor
        return found
