"""A mail address, as a person types it and as SMTP takes it (RFC 5321 section 4.1.2, RFC 6531)."""

from __future__ import annotations

import re
import unicodedata

import idna

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_ASCII_LOCAL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_ASCII_SPECIALS = frozenset('()<>[]:;@\\,." ')
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+(?!\d+$){_LABEL}")
_CANONICAL = re.compile(rf"(?=.{{1,254}}$)(?=[^@]{{1,64}}@){_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+(?!\d+$){_LABEL}")

_LONGEST_LOCAL = 64  # octets, RFC 5321 section 4.5.3.1.1
_LONGEST_DOMAIN = 253
_LONGEST = 254  # a path is 256 octets with its angle brackets


class InvalidMailAddress(ValueError):
    """A text is no mail address; ``problem`` says why, without repeating it."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


def parse_address(text: str) -> str:
    """Return the address in its one spelling: the local part as written, the domain in lower case ASCII (IDNA 2008).

    Dot-atoms only: a quoted local part, a display name, a comment or an address literal is refused. A local part
    beyond ASCII is kept; whether it can be written to depends on the relay (SMTPUTF8). Raises ``InvalidMailAddress``.
    """
    if not text.isascii():  # signs that nobody sees come along from web pages
        text = "".join(sign for sign in text if unicodedata.category(sign) != "Cf")
    text = text.strip(" \t")
    if _CANONICAL.fullmatch(text):
        return text
    local, at, domain = text.rpartition("@")
    if not at:
        raise InvalidMailAddress("it has no @")
    address = f"{_checked_local(local)}@{_ascii_domain(domain)}"
    if len(address.encode()) > _LONGEST:
        raise InvalidMailAddress(f"it is longer than {_LONGEST} bytes")
    return address


def needs_smtputf8(address: str) -> bool:
    """Whether only a relay that offers SMTPUTF8 can take this address, parsed before."""
    return not address.isascii()


def _checked_local(local: str) -> str:
    if not local:
        raise InvalidMailAddress("nothing stands before the @")
    if not local.isprintable():
        raise InvalidMailAddress("it holds a control character or an unusual blank")
    if len(local.encode()) > _LONGEST_LOCAL:
        raise InvalidMailAddress(f"more than {_LONGEST_LOCAL} bytes stand before the @")
    if local.isascii():
        if not _ASCII_LOCAL.fullmatch(local):
            raise InvalidMailAddress("the part before the @ holds a sign or a place of dots that is not allowed")
        return local
    if not _ASCII_SPECIALS.isdisjoint(local.replace(".", "")) or "" in local.split("."):
        raise InvalidMailAddress("the part before the @ holds a sign or a place of dots that is not allowed")
    return local


def _ascii_domain(domain: str) -> str:
    if not domain.isascii():
        # UTS 46 first maps what keyboards produce (capitals, full-width dots); IDNA 2003 would turn ß into ss
        try:
            domain = idna.encode(domain, uts46=True).decode("ascii")
        except (idna.IDNAError, UnicodeError) as error:
            raise InvalidMailAddress("its domain is not a valid international name") from error
    domain = domain.lower()
    if len(domain) > _LONGEST_DOMAIN:
        raise InvalidMailAddress(f"its domain is longer than {_LONGEST_DOMAIN} characters")
    if "." not in domain:
        raise InvalidMailAddress("its domain has no dot")
    if not _DOMAIN.fullmatch(domain):
        raise InvalidMailAddress("its domain is not a name of letters, digits and hyphens")
    return domain
