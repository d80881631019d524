"""Mail over SMTP: a ``channels.base.Channel`` of ``Mail`` to an address."""

import asyncio
from functools import lru_cache

from channels.base import Channel, Composed, Finding, Receipt
from channels.email.address import InvalidMailAddress, needs_smtputf8, parse_address
from channels.email.body import filled
from channels.email.compiled import CompiledTemplate
from channels.email.config import SmtpConfig
from channels.email.connection import Connection, Lost, Refused
from channels.email.mail import Mail, MailTemplate
from channels.email.pool import Pool
from channels.email.probe import probe
from channels.email.replies import queue_id, refusal
from channels.email.signature import Signer
from channels.errors import Gone, Permanent, Transient

_TEMPLATES = 64  # compiled templates kept: languages times active alerts
_PATIENCE_S = 30.0


class Email(Channel["Mail", str]):
    """Sends through one relay over pooled connections.

    If a pooled connection was dead and the message certainly not sent, it is retried once on a fresh one.
    """

    def __init__(self, config: SmtpConfig) -> None:
        self._config = config
        self._pool = Pool(config)
        self._signer = Signer(config.dkim) if config.dkim else None
        self._compiled = lru_cache(maxsize=_TEMPLATES)(self._compile)

    def _compile(self, template: MailTemplate) -> CompiledTemplate:
        return CompiledTemplate(template, self._config.sender, self._signer)

    def compose(self, message: Mail, address: str) -> Composed:
        """Return the whole message, with headers and signature; raises ``Gone`` for an invalid ``address``."""
        to = _recipient(address)
        return Composed(
            to=to,
            readable=filled(message.template.text, message.template.placeholders, message.values),
            wire=self._compiled(message.template).message(message, to),
            content_type="message/rfc822",
        )

    async def send(self, message: Mail, address: str) -> Receipt:
        """Hand the mail to the relay; the receipt has the relay's queue id, if known."""
        to = _recipient(address)
        wire = self._compiled(message.template).message(message, to)
        connection = await self._pool.acquire()
        try:
            said = await self._transfer(connection, to, wire)
        except _Stale:
            said = await self._transfer(await self._pool.acquire(fresh=True), to, wire)
        return Receipt(provider_id=queue_id(said))

    async def _transfer(self, connection: Connection, to: str, wire: bytes) -> str:
        """Use a connection and return it to the pool; raises ``_Stale`` if it was already dead."""
        reused = connection.sent > 0
        if needs_smtputf8(to) and not connection.takes_smtputf8:
            self._pool.give_back(connection)
            raise Permanent("smtp:smtputf8", "the relay takes no address beyond ASCII (SMTPUTF8)")
        try:
            async with asyncio.timeout(self._config.timeout_s):
                said = await connection.transfer(self._config.bounce_address, to, wire)
        except Refused as refused:
            if not refused.is_farewell:
                self._pool.give_back(connection, worn=refused.reply.is_about_session)
            else:
                self._pool.discard(connection)
                if reused:
                    raise _Stale from refused
            raise refusal(refused.stage, refused.reply, to) from refused
        except Lost as lost:
            self._pool.discard(connection)
            if reused and not lost.after_body:
                raise _Stale from lost
            raise Transient(
                "smtp:lost",
                f"the connection was lost {_when(after_body=lost.after_body)}",
                retry_after=_PATIENCE_S,
                may_have_left=lost.after_body,
            ) from lost
        except TimeoutError as error:
            self._pool.discard(connection)
            after_body = connection.is_after_body
            raise Transient(
                "smtp:timeout",
                f"the relay did not answer within {self._config.timeout_s:g} s {_when(after_body=after_body)}",
                retry_after=_PATIENCE_S,
                may_have_left=after_body,
            ) from error
        except BaseException:
            self._pool.discard(connection)
            raise
        self._pool.give_back(connection)
        return said

    def make_ready(self) -> None:
        """Do nothing: a connection is nothing without its relay."""

    async def probe(self) -> list[Finding]:
        """Connect, upgrade, sign in and NOOP on a separate connection."""
        return await probe(self._config)

    async def close(self) -> None:
        await self._pool.close()


class _Stale(Exception):
    """A pooled connection was dead, and the message was not sent."""


def _recipient(address: str) -> str:
    try:
        return parse_address(address)
    except InvalidMailAddress as error:
        raise Gone("smtp:address", f"the address is malformed ({error.code})") from error


def _when(*, after_body: bool) -> str:
    return "after the mail had been written: it may have arrived" if after_body else "before the mail was written"
