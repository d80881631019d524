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
            await provider.refresh()
        except ProviderFailed as error:
            hint = "check %(setting)s and the network; passkeys and passwords work meanwhile"
            gap = {"provider": provider.issuer, "setting": f"TOCSIN_{which.upper()}_ISSUER"}
            found.append(Finding("warning", "%(provider)s does not answer as a provider", hint, gap, str(error)))
            continue
        there = f"{party_of(settings.url).origin}{back}"
        gaps = {"provider": provider.issuer, "address": there}
        found.append(Finding("ok", "%(provider)s answers; it has to know %(address)s as the way back", params=gaps))
    return found
