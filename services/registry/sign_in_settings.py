"""How people sign in to the registry's pages: with a token of this registry, or at an OpenID provider."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from services.registry.admission import Grant
from shared.openid.settings import ProviderChoice
from shared.settings import Settings


class SignInSettings(Settings):
    """Programs use bearer tokens either way. With ``oidc`` no token opens a page."""

    registry_sign_in: Literal["tokens", "oidc"] = Field(default="tokens", description="`tokens` or `oidc`")
    registry_public_url: str = Field(
        default="", description="address that browsers use, https://…; needed with `oidc`"
    )
    registry_oidc_issuer: str = Field(default="", description="the provider, as its tokens name it")
    registry_oidc_client_id: str = Field(default="", description="what the provider knows the registry as")
    registry_oidc_client_secret_file: Path | None = Field(
        default=None, description="file with the client's secret; none for a public client (PKCE alone)"
    )
    registry_oidc_scopes: str = Field(default="openid profile", description="scopes to ask for")
    registry_oidc_algorithms: frozenset[str] = Field(
        default=frozenset({"RS256"}), description="signatures to accept (JSON): RS, PS, ES"
    )
    registry_oidc_groups_claim: str = Field(
        default="groups", description="claim with a person's groups; dots lead into objects"
    )
    registry_oidc_id_claim: str = Field(
        default="sub", description="claim that names a person for good; recorded with what they approve"
    )
    registry_oidc_name_claim: str = Field(default="name", description="claim to greet a person with")
    registry_oidc_grants: tuple[Grant, ...] = Field(
        default=(), description="what groups may do (JSON); see sign-in.md"
    )

    @property
    def provider(self) -> ProviderChoice:
        return ProviderChoice(
            prefix="TRACKGATE_REGISTRY",
            public_url=self.registry_public_url,
            issuer=self.registry_oidc_issuer,
            client_id=self.registry_oidc_client_id,
            client_secret_file=self.registry_oidc_client_secret_file,
            scopes=self.registry_oidc_scopes,
            algorithms=self.registry_oidc_algorithms,
        )

    @model_validator(mode="after")
    def _sign_in_is_safe(self) -> Self:
        if self.registry_sign_in == "oidc":
            self.provider.refuse_unsafe(has_grants=bool(self.registry_oidc_grants))
        return self
