"""Checks the relay without sending."""

import asyncio
from collections.abc import Iterator, Mapping

import aiosmtplib

from channels.base import Finding
from channels.email.config import SmtpConfig
from channels.email.connection import Connection, connect, tls_context
from channels.errors import ChannelError

_HINTS: Mapping[str, str] = {
    "smtp:dns": "check the host in the SMTP URL, and that this machine can look names up",
    "smtp:connect": "check the host and port; many networks block port 25: use 587 or 465",
    "smtp:timeout": "a firewall may block the port, or smtp:// speaks to a port that wants TLS first: try smtps://",
    "smtp:certificate": "check that the host is the name in the certificate; of your own authority, give the file",
    "smtp:tls": "port 587 wants smtp:// with STARTTLS, port 465 wants smtps://; and check the authority's file",
    "smtp:starttls": "use port 587, or smtps:// on 465; on a private network, starttls=if-offered",
    "smtp:auth": "use a port with TLS (587 or 465), or leave the user out where the relay knows this machine",
    "smtp:lost": "the relay may lock out this machine after wrong passwords: look in its log",
}
_BY_FIGURE: Mapping[str, str] = {
    "smtp:535": "check the user and the password; many providers want a password made for the application",
    "smtp:534": "the provider wants another way to sign in: make a password for the application",
    "smtp:530": "give a user and a password in the SMTP URL",
    "smtp:421": "the relay takes no more connections: make the pool smaller",
    "smtp:554": "the relay refuses this machine's address: ask its administrator",
}
_RESERVED = frozenset({"example", "invalid", "localhost", "test", "local"})  # RFC 2606, RFC 6762
_SMALL = 1 << 20  # bytes


async def probe(config: SmtpConfig) -> list[Finding]:
    """Connect, EHLO, TLS, sign in, NOOP, QUIT; never raises."""
    findings = list(_about_sender(config))
    relay = {"relay": f"{config.host}:{config.port}"}
    try:
        context = await asyncio.to_thread(tls_context, config)
        connection = await connect(config, context)
    except ChannelError as error:
        return [
            Finding(
                "error", "no e-mail can be handed to %(relay)s", _hint(error), relay, f"{error.detail} [{error.code}]"
            ),
            *findings,
        ]
    try:
        async with asyncio.timeout(config.timeout_s):
            await connection.noop()
    except (aiosmtplib.SMTPException, OSError) as error:  # TimeoutError is an OSError
        silent = Finding("error", "%(relay)s gives no answer to NOOP", params=relay, detail=type(error).__name__)
        return [silent, *findings]
    else:
        return [*_about_connection(config, connection), *findings]
    finally:
        await connection.quit()


def _hint(error: ChannelError) -> str:
    return _HINTS.get(error.code) or _BY_FIGURE.get(error.code[: len("smtp:535")], "")


def _about_connection(config: SmtpConfig, connection: Connection) -> Iterator[Finding]:
    tls = connection.tls_version
    taken = "%(relay)s takes e-mail, signed in" if config.username else "%(relay)s takes e-mail, not signed in"
    yield Finding("ok", taken, params={"relay": f"{config.host}:{config.port}"}, detail=tls or "")
    if tls is None and not config.is_loopback:
        yield Finding("warning", "addresses and texts cross the network in clear", "use starttls=required or smtps://")
    if (largest := connection.largest_message) is not None and largest < _SMALL:
        yield Finding(
            "warning",
            "the relay takes no e-mail above %(bytes)s bytes",
            "raise its limit: a map may be larger",
            {"bytes": largest},
        )


def _about_sender(config: SmtpConfig) -> Iterator[Finding]:
    domain = config.sender.address.rpartition("@")[2]
    if domain.rpartition(".")[2] in _RESERVED:
        hint = "set from= to an address of your own"
        yield Finding("warning", "the sender's domain %(domain)s is reserved", hint, {"domain": domain})
    if config.dkim is None:
        yield Finding(
            "warning",
            "e-mails are not signed here (DKIM)",
            "well if the relay signs for the sender's domain; else give a key: large providers refuse unsigned lists",
        )
    elif domain != config.dkim.domain and not domain.endswith(f".{config.dkim.domain}"):
        yield Finding(
            "warning",
            "the DKIM domain %(dkim)s is not the sender's %(domain)s",
            "DMARC counts only a signature of the sender's own domain",
            {"dkim": config.dkim.domain, "domain": domain},
        )
