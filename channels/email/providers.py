"""Mailbox providers by domain: one provider may have many domains, and answers alike for all."""

from collections.abc import Mapping

# From the providers' own postmaster pages; any other domain is its own provider.
_DOMAINS: Mapping[str, str] = {
    "Orange": "orange.fr wanadoo.fr voila.fr orange.com",
    "SFR": (
        "sfr.fr sfr.net neuf.fr cegetel.net club-internet.fr club.fr numericable.fr numericable.com noos.fr 9online.fr "
        "9business.fr evc.net evhr.net mageos.com modulonet.fr tv-com.net valvision.fr numericable-caraibes.fr"
    ),
    "Free": "free.fr aliceadsl.fr alice.fr libertysurf.fr online.fr freesbee.fr",
    "La Poste": "laposte.net",
    "Bouygues Telecom": "bbox.fr",
    "Gmail": "gmail.com googlemail.com",
    "Outlook.com": (
        "outlook.com outlook.fr outlook.be outlook.de outlook.es outlook.it hotmail.com hotmail.fr hotmail.be "
        "hotmail.ch hotmail.co.uk hotmail.de hotmail.es hotmail.it live.com live.fr live.be "
        "live.co.uk live.de live.nl msn.com"
    ),
    "Yahoo": (
        "yahoo.com yahoo.fr yahoo.co.uk yahoo.de yahoo.es yahoo.it yahoo.ca ymail.com rocketmail.com aol.com aol.fr "
        "verizon.net netscape.net"
    ),
    "iCloud": "icloud.com me.com mac.com",
    "GMX": "gmx.fr gmx.com gmx.de gmx.net gmx.at gmx.ch web.de mail.com caramail.fr caramail.com",
    "Proton": "proton.me protonmail.com protonmail.ch pm.me",
}
_BY_DOMAIN = {domain: provider for provider, domains in _DOMAINS.items() for domain in domains.split()}


def provider_of(address: str) -> str:
    """Return the mailbox provider's name (Orange), else the domain."""
    domain = address.rpartition("@")[2].lower()
    return _BY_DOMAIN.get(domain, domain)
