"""One relay connection: opened, signed in, reused for many messages (RFC 5321, 3207, 4954, 1870).

Uses aiosmtplib's single commands, not ``sendmail``, so that we know whether the message may have been sent, and one
timer bounds them all.
"""

import asyncio
import contextlib
import socket
import ssl
from typing import cast

import aiosmtplib

from channels.email.config import SmtpConfig
from channels.email.replies import Reply, Stage, refusal
from channels.errors import ChannelError, Misconfigured, Transient

_OK, _FORWARDED, _GO_ON, _LEAVING = 250, 251, 354, 421
_PATIENCE_S = 30.0  # before an unreachable relay is retried
_FAREWELL_S = 2.0


class Refused(Exception):
    """The relay answered with an error."""

    def __init__(self, stage: Stage, reply: Reply) -> None:
        super().__init__(stage)  # not the reply, which may repeat the recipient's address
        self.stage = stage
        self.reply = reply

    @property
    def is_farewell(self) -> bool:
        """Whether the relay is closing the connection: 421 before it had the message."""
        return self.reply.code == _LEAVING and self.stage != "body"


class Lost(Exception):
    """The connection broke; ``after_body``: the relay may have the message."""

    def __init__(self, *, after_body: bool) -> None:
        super().__init__(after_body)
        self.after_body = after_body


class Connection:
    """A signed-in connection, for one message at a time."""

    def __init__(self, smtp: aiosmtplib.SMTP) -> None:
        self._smtp = smtp
        self._unfinished = False
        self.stage: Stage = "connect"
        self.sent = 0
        self.idle_since = 0.0

    @property
    def is_open(self) -> bool:
        return self._smtp.is_connected

    @property
    def is_after_body(self) -> bool:
        """Whether the message was written but not answered."""
        return self.stage == "body"

    @property
    def takes_smtputf8(self) -> bool:
        return self._smtp.supports_extension("smtputf8")

    @property
    def tls_version(self) -> str | None:
        """TLSv1.3 and such; ``None`` in clear."""
        tls: ssl.SSLObject | None = self._smtp.get_transport_info("ssl_object")
        return tls.version() if tls else None

    @property
    def largest_message(self) -> int | None:
        """Largest message in bytes, if the relay announces it (RFC 1870)."""
        size = self._smtp.esmtp_extensions.get("size", "")
        return int(size) or None if size.isdecimal() else None

    async def transfer(self, bounce_address: str, recipient: str, message: bytes) -> str:
        """Send one message and return the text of the relay's 250; raises ``Refused`` or ``Lost``."""
        self.stage = "mail"
        self.sent += 1
        try:
            return await self._transaction(bounce_address, recipient, message)
        except (aiosmtplib.SMTPException, OSError) as error:
            raise Lost(after_body=self.is_after_body) from error

    async def _transaction(self, bounce_address: str, recipient: str, message: bytes) -> str:
        command = self._smtp.execute_command
        if self._unfinished:
            await command(b"RSET", timeout=None)
        options = []
        if self._smtp.supports_extension("size"):
            options.append(b"SIZE=%d" % len(message))
        if not recipient.isascii():
            options.append(b"SMTPUTF8")
        self._expect(await command(b"MAIL", b"FROM:<%b>" % bounce_address.encode(), *options, timeout=None), _OK)
        self._unfinished = True
        self.stage = "rcpt"
        self._expect(await command(b"RCPT", b"TO:<%b>" % recipient.encode(), timeout=None), _OK, _FORWARDED)
        self.stage = "data"
        self._expect(await command(b"DATA", timeout=None), _GO_ON)
        protocol = self._smtp.protocol
        if protocol is None:
            raise Lost(after_body=False)
        # CRLF throughout and at the end, so this is all of RFC 5321 section 4.5.2
        dotted = message.replace(b"\r\n.", b"\r\n..") if b"\r\n." in message else message
        protocol.write(dotted + b".\r\n")
        self.stage = "body"
        answer = await protocol.read_response(timeout=None)
        self._unfinished = False
        self._expect(answer, _OK)
        return answer.message

    def _expect(self, answer: aiosmtplib.SMTPResponse, *codes: int) -> None:
        if answer.code not in codes:
            raise Refused(self.stage, Reply(*answer))

    async def noop(self) -> None:
        """Check that the relay responds; raises aiosmtplib's errors."""
        await self._smtp.noop()

    async def quit(self) -> None:
        """QUIT (RFC 5321 section 4.1.1.10), or just close."""
        if self._smtp.is_connected:
            with contextlib.suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
                await self._smtp.quit(timeout=_FAREWELL_S)
        self._smtp.close()

    def drop(self) -> None:
        """Close at once, discarding unsent data."""
        if self._smtp.transport is not None:
            cast("asyncio.WriteTransport", self._smtp.transport).abort()  # uvloop's transport has only the methods
        self._smtp.close()


def tls_context(config: SmtpConfig) -> ssl.SSLContext | None:
    """Return the TLS context; raises ``Misconfigured`` if the authority's file is unreadable."""
    if config.tls == "none":
        return None
    try:
        return ssl.create_default_context(cafile=str(config.ca_file) if config.ca_file else None)
    except OSError as error:  # includes ssl.SSLError
        raise Misconfigured("smtp:tls", "the file of the certificate authority can't be read") from error


async def connect(config: SmtpConfig, context: ssl.SSLContext | None) -> Connection:
    """Open, upgrade and sign in, within ``timeout_s``; raises ``Transient`` or ``Misconfigured``."""
    smtp = aiosmtplib.SMTP(
        hostname=config.host,
        port=config.port,
        use_tls=config.tls == "implicit",
        start_tls=False,  # a separate step below, so that its failures are identifiable
        tls_context=context,
        local_hostname=config.helo or "localhost",
        timeout=None,
    )
    problem: ChannelError | None = None
    try:
        async with asyncio.timeout(config.timeout_s):
            problem = await _open(smtp, config)
    except TimeoutError as error:
        Connection(smtp).drop()
        raise Transient(
            "smtp:timeout", f"the relay did not answer within {config.timeout_s:g} s", retry_after=_PATIENCE_S
        ) from error
    except BaseException:
        Connection(smtp).drop()
        raise
    if problem is not None:
        smtp.close()
        raise problem
    return Connection(smtp)


async def _open(smtp: aiosmtplib.SMTP, config: SmtpConfig) -> ChannelError | None:
    try:
        await smtp.connect()
        await smtp.ehlo(hostname=config.helo or _literal(smtp))
    except (aiosmtplib.SMTPException, OSError) as error:
        raise _unreached("connect", error) from error
    if config.tls.startswith("starttls"):
        await _upgrade(smtp, config)
    if config.username is not None and config.password is not None:
        return await _sign_in(smtp, config, config.username, config.password)
    return None


async def _upgrade(smtp: aiosmtplib.SMTP, config: SmtpConfig) -> None:
    if not smtp.supports_extension("starttls"):
        if config.tls == "starttls":
            raise Misconfigured("smtp:starttls", "the relay does not offer STARTTLS, which is required")
        return
    try:
        await smtp.starttls()
        await smtp.ehlo(hostname=config.helo or _literal(smtp))
    except (aiosmtplib.SMTPException, OSError) as error:
        raise _unreached("tls", error) from error


async def _sign_in(smtp: aiosmtplib.SMTP, config: SmtpConfig, username: str, password: str) -> ChannelError | None:
    """Return the problem instead of raising it: aiosmtplib's error may quote the relay, and the relay the password."""
    if smtp.get_transport_info("sslcontext") is None and not config.is_loopback:
        return Misconfigured("smtp:auth", "the relay offers no TLS: the password is not sent in clear")
    if not smtp.supported_auth_methods:
        return Misconfigured("smtp:auth", "the relay offers no way to sign in that we know (PLAIN, LOGIN, CRAM-MD5)")
    try:
        await smtp.login(username, password)
    except aiosmtplib.SMTPResponseException as error:
        return refusal("auth", Reply(error.code, error.message))
    except (aiosmtplib.SMTPException, OSError):
        return Transient("smtp:lost", "the relay closed the connection at signing in", retry_after=_PATIENCE_S)
    except ValueError:  # a challenge that is not base64
        return Misconfigured("smtp:auth", "the relay's challenge for signing in is malformed")
    return None


def _literal(smtp: aiosmtplib.SMTP) -> str:
    """Return our address literal (RFC 5321 section 4.1.3): our resolvable name is unknown."""
    host = smtp.get_transport_info("sockname")[0].partition("%")[0]
    return f"[IPv6:{host}]" if ":" in host else f"[{host}]"


def _unreached(stage: Stage, error: Exception) -> ChannelError:
    """Map errors of aiosmtplib or the system before sign-in."""
    if isinstance(error, aiosmtplib.SMTPResponseException) and error.code > 0:
        return refusal(stage, Reply(error.code, error.message))
    for cause in (error, error.__cause__):
        if problem := _system_problem(cause):
            return problem
    if stage == "tls":
        return Transient("smtp:tls", "the relay closed the connection at STARTTLS", retry_after=_PATIENCE_S)
    return Transient("smtp:connect", "the relay can't be reached", retry_after=_PATIENCE_S)


def _system_problem(cause: BaseException | None) -> ChannelError | None:
    match cause:
        case ssl.SSLCertVerificationError():
            return Misconfigured("smtp:certificate", f"the relay's certificate is refused: {cause.verify_message}")
        case ssl.SSLError():
            return Misconfigured("smtp:tls", f"TLS with the relay fails: {cause.reason or 'no common protocol'}")
        case socket.gaierror(errno=socket.EAI_AGAIN):
            return Transient("smtp:dns", "the relay's name can't be looked up now", retry_after=_PATIENCE_S)
        case socket.gaierror():
            return Misconfigured("smtp:dns", "the relay's name does not exist")
        case _:
            return None
