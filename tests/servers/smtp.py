"""A real SMTP server (aiosmtpd) on loopback that keeps every message and fails as it is told.

In a test, on the test's own loop::

    async with SmtpServer(starttls=True, credentials=("user", "password")) as smtp:
        smtp.fail(Fault("rcpt", "550 5.1.1 no such user"), recipient="bob@example.com")
        ...
        assert [message.recipients for message in smtp.messages] == [["alice@example.com"]]

Or as a process of its own: ``tests.servers.smtp_process``.
"""

# ruff: noqa: N802  aiosmtpd finds its methods and hooks by these names

from __future__ import annotations

import asyncio
import contextlib
import email
import email.policy
import tempfile
import time
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

from aiosmtpd.smtp import SMTP, AuthResult, Session

if TYPE_CHECKING:
    import ssl
    from email.message import EmailMessage
from tests.servers.certificates import self_signed

# When a fault strikes: at the greeting, at a command, at the end of the data before the message is kept, or after
Stage = Literal["greeting", "ehlo", "starttls", "auth", "mail", "rcpt", "data", "end", "kept"]


@dataclass
class Fault:
    """What goes wrong: a reply instead of the right one, ``"disconnect"``, or ``"hang"`` (no answer).

    ``times`` is how often, ``None`` for always. A reply of 421 also closes the connection.
    """

    stage: Stage
    what: str
    times: int | None = None


@dataclass
class ReceivedMail:
    """A message that was taken: its envelope and its bytes as they came, dots unstuffed."""

    sender: str
    recipients: list[str]
    raw: bytes
    at: float  # seconds since 1970
    options: list[str]
    tls: bool
    user: str | None
    connection: int

    @cached_property
    def parsed(self) -> EmailMessage:
        return email.message_from_bytes(self.raw, policy=email.policy.default)


@dataclass
class SmtpServer:
    """``starttls`` offers it, ``implicit_tls`` speaks it from the start; ``credentials`` are then asked for.

    ``certificate_for`` names the hosts in the certificate; ``ca_file`` is what a client trusts to believe it.
    """

    port: int = 0
    starttls: bool = False
    implicit_tls: bool = False
    credentials: tuple[str, str] | None = None
    smtputf8: bool = False
    accepted: str = "250 2.0.0 Ok: queued as {queue_id}"
    idle_s: float = 300.0
    size_limit: int = 2**25
    certificate_for: tuple[str, ...] = ("127.0.0.1", "localhost")

    host: str = field(default="127.0.0.1", init=False)
    ca_file: Path | None = field(default=None, init=False)
    messages: list[ReceivedMail] = field(default_factory=list, init=False)
    commands: list[str] = field(default_factory=list, init=False)
    connections: int = field(default=0, init=False)
    open: int = field(default=0, init=False)
    most_open: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._faults: list[tuple[str | None, Fault]] = []
        self._sessions: set[_Session] = set()
        self._changed = asyncio.Event()
        self._closing = contextlib.ExitStack()
        self._server: asyncio.Server | None = None
        self._tls: ssl.SSLContext | None = None

    @property
    def url(self) -> str:
        """What ``SmtpConfig.from_url`` reads."""
        scheme = "smtps" if self.implicit_tls else "smtp"
        signed_in = "{}:{}@".format(*self.credentials) if self.credentials else ""
        options = ["starttls=required"] if self.starttls else []
        return f"{scheme}://{signed_in}{self.host}:{self.port}?{'&'.join(options)}"

    def fail(self, fault: Fault, *, recipient: str | None = None) -> None:
        """Add a fault for everyone, or for messages to one recipient (from RCPT on); the first that fits strikes."""
        self._faults.append((recipient, fault))

    def heal(self) -> None:
        """Forget all faults."""
        self._faults.clear()

    def strike(self, stage: Stage, recipients: list[str]) -> Fault | None:
        """Return the fault that strikes now, and count it."""
        for recipient, fault in self._faults:
            if fault.stage == stage and (recipient is None or recipient in recipients) and fault.times != 0:
                if fault.times is not None:
                    fault.times -= 1
                return fault
        return None

    async def wait_for(self, count: int, timeout_s: float = 10.0) -> list[ReceivedMail]:
        """Wait until that many messages have been kept, and give them."""
        await self._until(lambda: len(self.messages) >= count, timeout_s)
        return self.messages

    async def mail_to(self, address: str, timeout_s: float = 30.0) -> ReceivedMail:
        """Wait until a message to this address has been kept, and return the first one."""

        def theirs() -> list[ReceivedMail]:
            return [each for each in self.messages if address in each.recipients]

        await self._until(theirs, timeout_s)
        return theirs()[0]

    async def wait_until_open(self, count: int, timeout_s: float = 10.0) -> None:
        """Wait until exactly that many connections are open."""
        await self._until(lambda: self.open == count, timeout_s)

    async def _until(self, holds, timeout_s: float) -> None:
        async with asyncio.timeout(timeout_s):
            while not holds():
                self._changed.clear()
                await self._changed.wait()

    def hang_up(self) -> None:
        """Close every open connection without a word, as a server does that restarts."""
        for session in list(self._sessions):
            session.abort()

    def say_goodbye(self) -> None:
        """Say 421 on every open connection unasked and close it, as a server does to the idle."""
        for session in list(self._sessions):
            session.transport.write(b"421 4.4.2 idle for too long\r\n")
            session.transport.close()

    def doom(self) -> None:
        """Answer 421 to the next mail on every connection that is open now, as a server does that drains."""
        for session in self._sessions:
            session.doomed = True

    async def __aenter__(self) -> Self:
        if self.starttls or self.implicit_tls:
            directory = Path(self._closing.enter_context(tempfile.TemporaryDirectory()))
            self._tls, self.ca_file = self_signed(directory, self.certificate_for)
        self._server = await asyncio.get_running_loop().create_server(
            self._session, self.host, self.port, ssl=self._tls if self.implicit_tls else None
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self.hang_up()
        with contextlib.suppress(TimeoutError):
            await self.wait_until_open(0)
        await self._server.wait_closed()
        self._closing.close()

    def _session(self) -> _Session:
        return _Session(self, self._tls if self.starttls else None)

    def _connected(self, session: _Session) -> int:
        self._sessions.add(session)
        self.connections += 1
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        self._changed.set()
        return self.connections

    def _disconnected(self, session: _Session) -> None:
        if session in self._sessions:
            self._sessions.discard(session)
            self.open -= 1
            self._changed.set()

    def _keep(self, mail: ReceivedMail) -> None:
        self.messages.append(mail)
        self._changed.set()


class _Peer(Session):
    login_data = None  # aiosmtpd's own logs a deprecation each time it is set, and sets it itself


class _Session(SMTP):
    """aiosmtpd's protocol with the faults of its server."""

    def __init__(self, server: SmtpServer, starttls: ssl.SSLContext | None) -> None:
        self._server = server
        self._number = 0
        self.doomed = False
        super().__init__(
            _Hooks(server),
            hostname="smtp.test",
            ident="Tocsin test",
            tls_context=starttls,
            timeout=server.idle_s,
            data_size_limit=server.size_limit,
            enable_SMTPUTF8=server.smtputf8,
            auth_require_tls=starttls is not None,
            authenticator=_authenticate,
            loop=asyncio.get_running_loop(),
        )

    @property
    def number(self) -> int:
        return self._number

    def abort(self) -> None:
        """Cut the line, in a TLS handshake too, of which aiosmtpd would not hear the end."""
        for transport in (self.transport, self._original_transport):
            if transport is not None:
                transport.abort()
        self._handler_coroutine.cancel()
        self._server._disconnected(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        first = self._number == 0
        if first:
            self._number = self._server._connected(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._server._disconnected(self)
        super().connection_lost(error)

    def _create_session(self) -> _Peer:
        return _Peer(self.loop)

    async def _handle_client(self) -> None:
        if await self.struck("greeting"):
            return
        with contextlib.suppress(ConnectionError):
            await super()._handle_client()

    async def struck(self, stage: Stage) -> bool:
        """Let a fault strike; true when nothing more is to be done for this command."""
        fault = self._server.strike(stage, self.envelope.rcpt_tos if self.envelope else [])
        if fault is None:
            return False
        if fault.what == "hang":
            try:
                await asyncio.Event().wait()  # until the client gives up, which cancels this
            finally:
                self._writer.close()
        elif fault.what == "disconnect":
            self.transport.abort()
        else:
            await self.push(fault.what)
            if fault.what.startswith("421"):
                self.transport.close()
        return True

    async def smtp_EHLO(self, hostname: str) -> None:
        if not await self.struck("ehlo"):
            await super().smtp_EHLO(hostname)

    async def smtp_STARTTLS(self, arg: str) -> None:
        if not await self.struck("starttls"):
            await super().smtp_STARTTLS(arg)

    async def smtp_AUTH(self, arg: str) -> None:
        self._server.commands.append("AUTH")
        if not await self.struck("auth"):
            await super().smtp_AUTH(arg)

    async def smtp_MAIL(self, arg: str | None) -> None:
        if self._server.credentials and not self.session.authenticated:
            await self.push("530 5.7.0 Authentication required")
        elif self.doomed:
            await self.push("421 4.3.2 draining")
            self.transport.close()
        elif not await self.struck("mail"):
            await super().smtp_MAIL(arg)

    async def smtp_DATA(self, arg: str) -> None:
        if not await self.struck("data"):
            await super().smtp_DATA(arg)

    async def smtp_RSET(self, arg: str) -> None:
        self._server.commands.append("RSET")
        await super().smtp_RSET(arg)

    async def smtp_QUIT(self, arg: str) -> None:
        self._server.commands.append("QUIT")
        await super().smtp_QUIT(arg)


class _Hooks:
    """aiosmtpd's hooks, by the names that it looks for."""

    def __init__(self, server: SmtpServer) -> None:
        self._server = server

    async def handle_EHLO(self, session_of, session, envelope, hostname, responses):
        session.host_name = hostname
        if self._server.credentials is None:
            return [line for line in responses if not line[4:].startswith("AUTH")]
        return responses

    async def handle_RCPT(self, session_of, session, envelope, address, options):
        envelope.rcpt_tos.append(address)
        fault = self._server.strike("rcpt", [address])
        if fault is None:
            envelope.rcpt_options.extend(options)
            return "250 2.1.5 Ok"
        envelope.rcpt_tos.remove(address)
        if fault.what == "hang":
            await asyncio.Event().wait()
        if fault.what == "disconnect":
            session_of.transport.abort()
        if fault.what.startswith("421"):
            asyncio.get_running_loop().call_soon(session_of.transport.close)
        return fault.what

    async def handle_DATA(self, session_of, session, envelope):
        fault = self._server.strike("end", envelope.rcpt_tos)
        if fault is None:
            mail = ReceivedMail(
                sender=envelope.mail_from,
                recipients=list(envelope.rcpt_tos),
                raw=bytes(envelope.original_content),
                at=time.time(),
                options=list(envelope.mail_options),
                tls=session_of.transport.get_extra_info("ssl_object") is not None,
                user=session.auth_data,
                connection=session_of.number,
            )
            self._server._keep(mail)
            fault = self._server.strike("kept", envelope.rcpt_tos)
        if fault is None:
            return self._server.accepted.format(queue_id=f"4Q{len(self._server.messages):09d}")
        if fault.what == "hang":
            await asyncio.Event().wait()
        if fault.what == "disconnect":
            session_of.transport.abort()
        return fault.what


def _authenticate(session_of: _Session, session, envelope, mechanism, data) -> AuthResult:
    expected = session_of._server.credentials
    given = (data.login.decode(), data.password.decode())
    return AuthResult(success=given == expected, handled=False, auth_data=given[0])
