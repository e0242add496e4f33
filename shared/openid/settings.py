"""What a setting of a sign-in must be, wherever it is set."""

from collections.abc import Mapping
from pathlib import Path

from shared.errors import SettingsError
from shared.openid.addresses import is_protected
from shared.openid.id_tokens import ALGORITHMS


def refuse_unsafe_provider(
    prefix: str,
    *,
    addresses: Mapping[str, str],
    client_id: str,
    has_grants: bool,
    algorithms: frozenset[str],
) -> None:
    """``prefix`` as in ``TRACKGATE_REGISTRY``; ``addresses`` by the rest of their settings' names.

    Raises:
        ValueError: one is missing or unsafe; the message names the setting.
    """
    for name, address in addresses.items():
        if not is_protected(address):
            raise ValueError(f"{prefix}_{name} must be an https address (http on loopback alone)")
    if not client_id:
        raise ValueError(f"{prefix}_OIDC_CLIENT_ID is needed")
    if not has_grants:
        raise ValueError(f"{prefix}_OIDC_GRANTS is needed: without it nobody may do anything")
    if strange := algorithms - ALGORITHMS or not algorithms:
        raise ValueError(f"{prefix}_OIDC_ALGORITHMS: {strange} cannot be accepted")


def read_secret(path: Path | None, setting: str) -> str | None:
    """The client's secret; None for a public client.

    Raises:
        SettingsError: the file cannot be read, or is empty.
    """
    if path is None:
        return None
    try:
        secret = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(f"{setting}: cannot read {path}: {error.strerror}") from error
    if not secret:
        raise SettingsError(f"{setting}: {path} is empty")
    return secret
