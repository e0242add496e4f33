"""What an OpenID provider's word makes of a person at the registry."""

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from services.registry.admission import Admission, Grant
from services.registry.people import Person, Role
from services.registry.settings import RegistrySettings
from shared.clock import SetClock
from shared.openid.claims import NotAdmitted
from shared.openid.signing_in import BEGUN_FOR, MOST_BEGUN, SigningsInHere
from tests.support.events import A_TIME

GRANTS = (
    Grant(group="registry", role=Role.REGISTRAR),
    Grant(group="liva-team", role=Role.RIGHTS_HOLDER, artists=frozenset({"liva"})),
    Grant(group="label", role=Role.RIGHTS_HOLDER, artists=frozenset({"mara", "ada"})),
)
OIDC = {
    "registry_sign_in": "oidc",
    "registry_public_url": "https://registry.example",
    "registry_oidc_issuer": "https://id.example",
    "registry_oidc_client_id": "registry",
    "registry_oidc_grants": GRANTS,
}


def admitted(*groups: str, **claims: Any) -> Person | NotAdmitted:
    admission = Admission(GRANTS, groups_claim="groups", id_claim="sub", name_claim="name")
    return admission.admit({"sub": "4f1c-ada", "name": "Ada Lovelace", "groups": list(groups)} | claims)


def test_a_registrar_speaks_for_nobody_and_approves() -> None:
    person = admitted("registry", "label")
    assert isinstance(person, Person)
    assert (person.person_id, person.name, person.role) == ("4f1c-ada", "Ada Lovelace", Role.REGISTRAR)
    assert person.may_approve
    assert person.artists == frozenset()
    assert person.token_sha256 is None


def test_a_rights_holder_speaks_for_the_artists_of_all_their_groups() -> None:
    person = admitted("liva-team", "label", "everyone")
    assert isinstance(person, Person)
    assert not person.may_approve
    assert person.artists == {"liva", "mara", "ada"}
    assert not person.sees("somebody-else")


@pytest.mark.parametrize("groups", [(), ("everyone",), ("Registry",)])
def test_who_is_in_none_of_the_groups_gets_nothing(groups: tuple[str, ...]) -> None:
    assert admitted(*groups) == NotAdmitted("no-role")


@pytest.mark.parametrize("sub", [None, "", 7, "administrator"])
def test_nobody_comes_in_without_an_id_or_as_the_administrator(sub: object) -> None:
    assert admitted("registry", sub=sub) == NotAdmitted("no-id")


@pytest.mark.parametrize(
    "grant", [{"role": "rights_holder"}, {"role": "registrar", "artists": ["liva"]}, {"role": "senior"}]
)
def test_a_grant_that_does_not_fit_its_role_is_refused(grant: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Grant.model_validate({"group": "g"} | grant)


def test_a_provider_that_is_set_up_is_taken() -> None:
    settings = RegistrySettings.model_validate(OIDC)
    assert settings.provider.redirect_uri == "https://registry.example/sign-in/back"


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"registry_public_url": "http://registry.example"}, "TRACKGATE_REGISTRY_PUBLIC_URL"),
        ({"registry_oidc_issuer": ""}, "TRACKGATE_REGISTRY_OIDC_ISSUER"),
        ({"registry_oidc_client_id": ""}, "TRACKGATE_REGISTRY_OIDC_CLIENT_ID"),
        ({"registry_oidc_grants": ()}, "TRACKGATE_REGISTRY_OIDC_GRANTS"),
        ({"registry_oidc_algorithms": {"HS256"}}, "TRACKGATE_REGISTRY_OIDC_ALGORITHMS"),
    ],
)
def test_an_unsafe_provider_stops_the_start_and_names_the_setting(change: dict[str, Any], names: str) -> None:
    with pytest.raises(ValidationError, match=names):
        RegistrySettings.model_validate(OIDC | change)


async def test_a_sign_in_that_was_begun_is_taken_once() -> None:
    begun = SigningsInHere(SetClock(A_TIME))
    secret, started = await begun.begin("/artists")
    assert await begun.take("guessed") is None
    assert await begun.take(secret) == started
    assert await begun.take(secret) is None


async def test_a_sign_in_is_taken_in_time_or_not_at_all() -> None:
    clock = SetClock(A_TIME)
    begun = SigningsInHere(clock)
    secret, _ = await begun.begin("/artists")
    clock.at += BEGUN_FOR + timedelta(seconds=1)
    assert await begun.take(secret) is None


async def test_sign_ins_that_nobody_finishes_take_bounded_room() -> None:
    begun = SigningsInHere(SetClock(A_TIME))
    first, _ = await begun.begin("/artists")
    secrets = [(await begun.begin("/artists"))[0] for _ in range(MOST_BEGUN)]
    assert await begun.take(first) is None
    assert await begun.take(secrets[0]) is not None


async def test_every_sign_in_has_its_own_state_nonce_and_verifier() -> None:
    begun = SigningsInHere(SetClock(A_TIME))
    started = [(await begun.begin("/artists"))[1] for _ in range(20)]
    for name in ("state", "nonce", "verifier"):
        assert len({getattr(one, name) for one in started}) == len(started)
