"""The provider that a service's settings choose, and what they must say of it, wherever they are set."""

from dataclasses import dataclass
from pathlib import Path

from shared.errors import SettingsError
from shared.openid.addresses import is_protected
from shared.openid.id_tokens import ALGORITHMS


@dataclass(frozen=True)
class ProviderChoice:
    """``prefix`` begins the names of the settings, as in ``TRACKGATE_REGISTRY``.

    No ``client_secret_file``: a public client, which PKCE alone protects.
    """

    prefix: str
    public_url: str
    issuer: str
    client_id: str
    client_secret_file: Path | None
    scopes: str
    algorithms: frozenset[str]

    @property
    def redirect_uri(self) -> str:
        return f"{self.public_url.rstrip('/')}/sign-in/back"

    def refuse_unsafe(self, *, has_grants: bool) -> None:
        """``has_grants``: whether the settings say what anybody may do.

        Raises:
            ValueError: a setting is missing or unsafe; the message names it.
        """
        for name, address in (("PUBLIC_URL", self.public_url), ("OIDC_ISSUER", self.issuer)):
            if not is_protected(address):
                raise ValueError(f"{self.prefix}_{name} must be an https address (http on loopback alone)")
        if not self.client_id:
            raise ValueError(f"{self.prefix}_OIDC_CLIENT_ID is needed")
        if not has_grants:
            raise ValueError(f"{self.prefix}_OIDC_GRANTS is needed: without it nobody may do anything")
        if strange := self.algorithms - ALGORITHMS or not self.algorithms:
            raise ValueError(f"{self.prefix}_OIDC_ALGORITHMS: {strange} cannot be accepted")

    def read_secret(self) -> str | None:
        """The client's secret; None for a public client.

        Raises:
            SettingsError: the file cannot be read, or is empty.
        """
        path, setting = self.client_secret_file, f"{self.prefix}_OIDC_CLIENT_SECRET_FILE"
        if path is None:
            return None
        try:
            secret = path.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise SettingsError(f"{setting}: cannot read {path}: {error.strerror}") from error
        if not secret:
            raise SettingsError(f"{setting}: {path} is empty")
        return secret
