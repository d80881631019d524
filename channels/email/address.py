"""Mail addresses as typed and as SMTP takes them (RFC 5321 section 4.1.2, RFC 6531)."""

import re
import unicodedata

import idna

from channels.invalid import Invalid

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_ASCII_LOCAL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_ASCII_SPECIALS = frozenset('()<>[]:;@\\,." ')
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+(?!\d+$){_LABEL}")
_CANONICAL = re.compile(rf"(?=.{{1,254}}$)(?=[^@]{{1,64}}@){_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+(?!\d+$){_LABEL}")

_LONGEST_LOCAL = 64  # octets, RFC 5321 section 4.5.3.1.1
_LONGEST_DOMAIN = 253
_LONGEST = 254  # a path is 256 octets with its angle brackets


class InvalidMailAddress(Invalid):
    """Not a usable mail address."""


def parse_address(text: str) -> str:
    """Return the normalized address: local part as written, domain in lower-case ASCII (IDNA 2008).

    Dot-atoms only: quoted local parts, display names, comments and address literals are refused. A non-ASCII local part
    is kept; whether it is deliverable depends on the relay (SMTPUTF8). Raises ``InvalidMailAddress``.
    """
    if not text.isascii():  # invisible characters copied from web pages
        text = "".join(sign for sign in text if unicodedata.category(sign) != "Cf")
    text = text.strip(" \t")
    if _CANONICAL.fullmatch(text):
        return text
    local, at, domain = text.rpartition("@")
    if not at:
        raise InvalidMailAddress("mail-no-at")
    address = f"{_checked_local(local)}@{_ascii_domain(domain)}"
    if len(address.encode()) > _LONGEST:
        raise InvalidMailAddress("mail-too-long", most=_LONGEST)
    return address


def needs_smtputf8(address: str) -> bool:
    """Return whether this parsed address requires SMTPUTF8."""
    return not address.isascii()


def _checked_local(local: str) -> str:
    if not local:
        raise InvalidMailAddress("mail-no-name")
    if not local.isprintable():
        raise InvalidMailAddress("mail-blank")
    if len(local.encode()) > _LONGEST_LOCAL:
        raise InvalidMailAddress("mail-name-too-long", most=_LONGEST_LOCAL)
    if local.isascii():
        if not _ASCII_LOCAL.fullmatch(local):
            raise InvalidMailAddress("mail-name-signs")
        return local
    if not _ASCII_SPECIALS.isdisjoint(local.replace(".", "")) or "" in local.split("."):
        raise InvalidMailAddress("mail-name-signs")
    return local


def _ascii_domain(domain: str) -> str:
    if not domain.isascii():
        # UTS 46 first maps keyboard input (capitals, full-width dots); IDNA 2003 would turn ß into ss
        try:
            domain = idna.encode(domain, uts46=True).decode("ascii")
        except (idna.IDNAError, UnicodeError) as error:
            raise InvalidMailAddress("mail-domain-unreadable") from error
    domain = domain.lower()
    if len(domain) > _LONGEST_DOMAIN:
        raise InvalidMailAddress("mail-domain-too-long", most=_LONGEST_DOMAIN)
    if "." not in domain:
        raise InvalidMailAddress("mail-domain-no-dot")
    if not _DOMAIN.fullmatch(domain):
        raise InvalidMailAddress("mail-domain-signs")
    return domain
