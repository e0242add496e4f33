"""A service's way to the provider that its settings choose."""

import httpx

from shared.clock import Clock
from shared.openid.provider import Client, OpenIdProvider
from shared.openid.routes import Begun, SignInThere
from shared.openid.settings import ProviderChoice


def sign_in_there(choice: ProviderChoice, http: httpx.AsyncClient, begun: Begun, clock: Clock) -> SignInThere:
    """The provider is asked over ``http`` when somebody signs in, and not before.

    Raises:
        SettingsError: the client's secret cannot be read.
    """
    client = Client(
        issuer=choice.issuer,
        client_id=choice.client_id,
        secret=choice.read_secret(),
        redirect_uri=choice.redirect_uri,
        scopes=choice.scopes,
        algorithms=choice.algorithms,
    )
    return SignInThere(OpenIdProvider(client, http, clock), begun, choice.public_url)
