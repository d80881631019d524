"""Checks of ``tocsin doctor``: providers of OpenID Connect."""

from broadcaster.config import Settings
from broadcaster.domain.operators import party_of
from broadcaster.http.openid import provider_of
from broadcaster.openid.provider import ProviderFailed
from channels.base import Finding

_BACK = {"openid": "/console/sign-in/openid/back", "franceconnect": "/me/identity/back"}


async def identities(settings: Settings) -> list[Finding]:
    """Read the metadata and keys of each provider that is set up."""
    found: list[Finding] = []
    for which, back in _BACK.items():
        provider = provider_of(settings, which)
        if provider is None:
            continue
        try:
            await provider.look()
        except ProviderFailed as error:
            hint = f"check TOCSIN_{which.upper()}_ISSUER and the network; passkeys and passwords work meanwhile"
            found.append(Finding("warning", f"{provider.issuer} does not answer as a provider: {error}", hint))
            continue
        there = f"{party_of(settings.url).origin}{back}"
        found.append(Finding("ok", f"{provider.issuer} answers; it has to know {there} as the way back"))
    return found
