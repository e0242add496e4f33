"""Signing in at a provider: what the settings must say, and what a person's groups come to."""

import json
from typing import Any

import pytest

from services.moderation.domain.access import Reviewer, Role
from services.moderation.domain.grants import Grant, Grants, NotAdmitted
from services.moderation.settings import ModerationApiSettings
from shared.errors import SettingsError
from shared.openid.addresses import is_protected

GRANTS = (
    Grant(group="staff", roles=(Role.VIEWER,)),
    Grant(group="mods", roles=(Role.MODERATOR,)),
    Grant(group="voice", roles=(Role.MODERATOR,), queues=("voice",)),
    Grant(group="ai", queues=("ai",), labels=("ai-detected",)),
    Grant(group="leads", roles=(Role.SENIOR,), queues=("*",), labels=("*",)),
    Grant(group="rules", roles=(Role.POLICY_EDITOR,)),
)
COMPLETE = {
    "BIND": "0.0.0.0",  # noqa: S104 - behind a proxy is where this mode belongs
    "MODERATION_SIGN_IN": "oidc",
    "MODERATION_PUBLIC_URL": "https://desk.example",
    "MODERATION_OIDC_ISSUER": "https://id.example/realms/music",
    "MODERATION_OIDC_CLIENT_ID": "trackgate",
    "MODERATION_OIDC_GRANTS": json.dumps([{"group": "mods", "roles": ["moderator"]}]),
}


def load(monkeypatch: pytest.MonkeyPatch, **changes: str) -> ModerationApiSettings:
    for name, value in {**COMPLETE, **changes}.items():
        monkeypatch.setenv(f"TRACKGATE_{name}", value)
    return ModerationApiSettings.load()


def admitted(*groups: str) -> Reviewer:
    reviewer = Grants(GRANTS).admit({"sub": "ada", "groups": list(groups)})
    assert isinstance(reviewer, Reviewer)
    return reviewer


def test_with_a_provider_the_service_may_be_reached_from_anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch)
    assert settings.provider.redirect_uri == "https://desk.example/sign-in/back"
    assert (
        load(monkeypatch, MODERATION_PUBLIC_URL="https://desk.example/").provider.redirect_uri
        == settings.provider.redirect_uri
    )


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("MODERATION_PUBLIC_URL", "", "PUBLIC_URL"),
        ("MODERATION_PUBLIC_URL", "http://desk.example", "https"),
        ("MODERATION_OIDC_ISSUER", "http://id.example", "https"),
        ("MODERATION_OIDC_CLIENT_ID", "", "CLIENT_ID"),
        ("MODERATION_OIDC_GRANTS", "[]", "nobody may do anything"),
        ("MODERATION_OIDC_GRANTS", '[{"group": "mods"}]', "grants nothing"),
        ("MODERATION_OIDC_GRANTS", '[{"group": "mods", "roles": ["owner"]}]', "GRANTS"),
        ("MODERATION_OIDC_GRANTS", '[{"group": "m", "roles": ["viewer"], "queue": ["ai"]}]', "GRANTS"),
        ("MODERATION_OIDC_GRANTS", '[{"group": "m", "queues": ["vioce"]}]', "vioce"),
        ("MODERATION_OIDC_ALGORITHMS", '["RS256", "none"]', "none"),
        ("MODERATION_OIDC_ALGORITHMS", '["HS256"]', "HS256"),
        ("MODERATION_OIDC_ALGORITHMS", "[]", "ALGORITHMS"),
        ("MODERATION_QUEUES", '[{"name": "other"}]', "other"),
        ("MODERATION_SIGN_IN", "none", "SIGN_IN"),
        ("MODERATION_SIGN_IN", "local", "loopback only"),
    ],
)
def test_settings_that_would_let_in_the_wrong_people_stop_the_start(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    with pytest.raises(SettingsError, match=said):
        load(monkeypatch, **{name: value})


@pytest.mark.parametrize(
    ("address", "protected"),
    [
        ("https://desk.example", True),
        ("http://127.0.0.1:8080", True),
        ("http://[::1]:8080/x", True),
        ("http://localhost", True),
        ("http://127.0.0.1.example", False),
        ("http://desk.example", False),
        ("https://", False),
        ("ftp://127.0.0.1", False),
        ("", False),
    ],
)
def test_what_counts_as_protected(address: str, protected: bool) -> None:  # noqa: FBT001 - a table
    assert is_protected(address) is protected


def test_groups_add_up_to_roles_and_the_one_that_decides_is_shown() -> None:
    assert admitted("staff").roles == (Role.VIEWER,)
    assert admitted("staff", "rules", "mods").roles == (Role.MODERATOR, Role.POLICY_EDITOR, Role.VIEWER)


def test_a_group_without_queues_does_not_widen_one_with() -> None:
    assert admitted("mods").queues is None
    assert admitted("mods", "voice", "staff").queues == frozenset({"voice"})
    assert admitted("voice", "ai").queues == frozenset({"voice", "ai"})
    assert admitted("voice", "ai").labels == frozenset({"ai-detected"})
    assert (admitted("voice", "leads").queues, admitted("ai", "leads").labels) == (None, None)


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": "ada"},
        {"sub": "ada", "groups": ["elsewhere"]},
        {"sub": "ada", "groups": ["ai"]},
        {"sub": "ada", "groups": {"mods": True}},
        {"sub": "ada", "groups": [["mods"], 7]},
        {"sub": "ada", "groups": ["MODS"]},
        {"groups": ["mods"]},
        {"sub": "", "groups": ["mods"]},
        {"sub": 7, "groups": ["mods"]},
    ],
)
def test_who_has_no_id_or_no_role_is_not_admitted(claims: dict[str, Any]) -> None:
    assert isinstance(Grants(GRANTS).admit(claims), NotAdmitted)


def test_groups_are_found_where_the_provider_keeps_them() -> None:
    keycloak = Grants(GRANTS, groups_claim="realm_access.roles")
    assert isinstance(keycloak.admit({"sub": "a", "realm_access": {"roles": ["mods"]}}), Reviewer)
    url = Grants(GRANTS, groups_claim="https://desk.example/groups")
    assert isinstance(url.admit({"sub": "a", "https://desk.example/groups": "mods"}), Reviewer)
    assert isinstance(keycloak.admit({"sub": "a", "realm_access": "mods"}), NotAdmitted)


def test_an_id_that_cannot_be_one_becomes_one_that_is_always_the_same() -> None:
    def id_of(subject: str) -> str:
        reviewer = Grants(GRANTS).admit({"sub": subject, "groups": ["mods"], "name": " Ada \n L. "})
        assert isinstance(reviewer, Reviewer)
        assert reviewer.name == "Ada L."
        return reviewer.reviewer_id

    assert id_of("4f1c-ada") == "4f1c-ada"
    assert id_of("Ada|1") == id_of("Ada|1")
    assert id_of("Ada|1") != id_of("ada|1")
    assert id_of("Ada|1").startswith("sub-")
