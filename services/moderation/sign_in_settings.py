"""How people sign in: a file on this machine, or an OpenID provider."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from services.moderation.domain.access import OTHER_QUEUE, QueueRule
from services.moderation.domain.grants import Grant, unknown_queues
from shared.openid.settings import ProviderChoice
from shared.settings import Settings

QUEUES = (
    QueueRule(
        name="voice",
        reasons=frozenset(
            {
                *("voice_without_consent", "possible_voice_clone", "possible_impersonation"),
                *("possible_voice_noted", "voice_licensed", "protected_name_claimed", "protection_withdrawn"),
                *(
                    "account_resembles_voice",
                    "own_distributor",
                    "voice_not_measured",
                    "voice_inconclusive",
                    "no_protected_voice",
                ),
            }
        ),
    ),
    QueueRule(
        name="ai",
        reasons=frozenset(
            {
                *("ai_declared", "ai_detected_as_declared", "ai_undeclared", "ai_contradicts_declaration"),
                *("ai_inconclusive", "ai_not_measured", "manifest_contradicts_declaration"),
            }
        ),
    ),
    QueueRule(
        name="copies",
        reasons=frozenset(
            {
                *("removed_recording", "later_copy_removed", "recording_under_another_name"),
                *("duplicate_delivery", "part_of_another_recording"),
            }
        ),
    ),
    QueueRule(name="test", reasons=frozenset({"test_delivery"})),
)


class SignInSettings(Settings):
    """``local`` needs nothing but a file and is refused anywhere but on loopback; ``oidc`` is for a team."""

    moderation_sign_in: Literal["local", "oidc"] = Field(default="local", description="`local` or `oidc`")
    moderation_public_url: str = Field(
        default="", description="address that browsers use, https://…; needed with `oidc`"
    )
    moderation_oidc_issuer: str = Field(default="", description="the provider, as its tokens name it")
    moderation_oidc_client_id: str = Field(default="", description="what the provider knows this service as")
    moderation_oidc_client_secret_file: Path | None = Field(
        default=None, description="file with the client's secret; none for a public client (PKCE alone)"
    )
    moderation_oidc_scopes: str = Field(default="openid profile", description="scopes to ask for")
    moderation_oidc_algorithms: frozenset[str] = Field(
        default=frozenset({"RS256"}), description="signatures to accept (JSON): RS, PS, ES"
    )
    moderation_oidc_groups_claim: str = Field(
        default="groups", description="claim with a person\u2019s groups; dots lead into objects"
    )
    moderation_oidc_id_claim: str = Field(
        default="sub", description="claim that names a person for good; shown to colleagues and audited"
    )
    moderation_oidc_name_claim: str = Field(default="name", description="claim to greet a person with")
    moderation_oidc_grants: tuple[Grant, ...] = Field(
        default=(), description="what groups may do (JSON); see sign-in.md"
    )
    moderation_queues: tuple[QueueRule, ...] = Field(
        default=QUEUES, description="named parts of the queue that people can be narrowed to (JSON)"
    )

    @property
    def provider(self) -> ProviderChoice:
        return ProviderChoice(
            prefix="TRACKGATE_MODERATION",
            public_url=self.moderation_public_url,
            issuer=self.moderation_oidc_issuer,
            client_id=self.moderation_oidc_client_id,
            client_secret_file=self.moderation_oidc_client_secret_file,
            scopes=self.moderation_oidc_scopes,
            algorithms=self.moderation_oidc_algorithms,
        )

    @model_validator(mode="after")
    def _sign_in_is_safe(self) -> Self:
        if unknown := unknown_queues(
            self.moderation_oidc_grants, frozenset(rule.name for rule in self.moderation_queues)
        ):
            raise ValueError(f"grants name queues that there are not: {', '.join(sorted(unknown))}")
        if any(rule.name == OTHER_QUEUE for rule in self.moderation_queues):
            raise ValueError(f"the queue {OTHER_QUEUE!r} holds what is in no other and cannot be defined")
        if self.moderation_sign_in == "local":
            self._refuse_strangers()
        else:
            self.provider.refuse_unsafe(has_grants=bool(self.moderation_oidc_grants))
        return self

    def _refuse_strangers(self) -> None:
        if not self.loopback_only:
            raise ValueError(
                "sign-in is in local mode (reviewers from a file), which is for loopback only; "
                f"TRACKGATE_BIND is {self.bind}: set it to 127.0.0.1 (in a container whose port is published "
                "on 127.0.0.1: set TRACKGATE_REACHED_AT to that), or sign in at an OpenID provider: "
                "TRACKGATE_MODERATION_SIGN_IN=oidc"
            )
