"""The SMS channel over SMPP 3.4: takes the same messages as Twilio's, to a carrier's message centre.

SMPP has no idempotency key: a message without an answer may have been accepted, so it raises
``Transient(may_have_left=True)``.
"""

import asyncio
import random
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

from channels.base import Composed, Finding, Receipt
from channels.e164 import E164
from channels.errors import ChannelError, Permanent, Transient
from channels.sms import SmsMessage
from channels.sms.segments import count
from channels.sms.smpp import pdu, statuses
from channels.sms.smpp.config import SmppConfig
from channels.sms.smpp.incoming import Incoming, Parts
from channels.sms.smpp.pdu import Address, Command, Delivered, Pdu, Submit
from channels.sms.smpp.receipts import Report, read_receipt
from channels.sms.smpp.session import Lost, Session, answer_error, lost_error
from channels.sms.smpp.text import header, parts_of

Heard = Callable[[Report], Awaitable[bool]]
Texted = Callable[[Incoming], Awaitable[bool]]

PREFIX = "smpp:"
"""Prefix of every receipt's ``provider_id``, to match the carrier's later reports."""

_UDH = 0b0100_0000
_IN_CALL_S = (0.5, 1.0, 2.0, 4.0)
_BACK_S = (1.0, 2.0, 5.0, 15.0, 60.0)
_REMEMBERED = 50_000


@dataclass(slots=True)
class _Whole:
    """A multipart message: its undelivered parts, and the id that represents it."""

    name: str
    left: set[str] = field(default_factory=set)


class Smpp:
    """Implements ``channels.base.Channel[SmsMessage, str]``; addresses are E.164 numbers (+33612345678).

    ``listen`` stays bound and passes on delivery reports; until it runs they stay at the message centre.
    """

    def __init__(self, config: SmppConfig) -> None:
        self._config = config
        self._session: Session | None = None
        self._opening: asyncio.Task[Session] | None = None
        self._heard: Heard | None = None
        self._texted: Texted | None = None
        self._parts = Parts()
        self._closed = False
        self._proven = False
        self._reference = random.randrange(256)  # noqa: S311  tells messages apart, hides nothing
        self._wholes: OrderedDict[str, _Whole | None] = OrderedDict()

    def compose(self, message: SmsMessage, address: str) -> Composed:
        """Return the ``submit_sm`` PDUs; raises ``Permanent`` if the address is not a number."""
        bodies = self._bodies(message, address)
        wire = b"".join(Pdu(Command.SUBMIT_SM, 0, which, body).octets() for which, body in enumerate(bodies, 1))
        return Composed(to=address, readable=message.text, wire=wire, content_type="application/x-smpp")

    def cost(self, message: SmsMessage) -> float:
        return float(count(message.text).segments)

    async def send(self, message: SmsMessage, address: str) -> Receipt:
        """Hand the text to the message centre; the receipt's ``units`` are its segments.

        ``provider_id``: ``smpp:`` and its last part's id.
        """
        bodies = self._bodies(message, address)
        names: list[str] = []
        try:
            for body in bodies:
                names.append(await self._submit(body, begun=bool(names)))
        except BaseException:
            # Reports on parts of an incomplete message are ignored.
            for name in names:
                self._remember(name, None)
            raise
        if len(names) > 1:
            whole = _Whole(names[-1], set(names))
            for name in names:
                self._remember(name, whole)
        return Receipt(provider_id=PREFIX + names[-1] if names[-1] else None, units=count(message.text).segments)

    async def listen(self, heard: Heard, texted: Texted | None = None) -> None:
        """Stay bound until cancelled, and pass every report to ``heard``, which returns whether it is stored.

        ``texted`` does the same for people's texts. The message centre keeps and resends whatever was not stored.
        """
        self._heard, self._texted = heard, texted
        tries = 0
        try:
            while not self._closed:
                try:
                    session = await self._bound()
                except ChannelError:
                    spread = random.random() / 2  # noqa: S311  spreads load
                    await asyncio.sleep(_BACK_S[min(tries, len(_BACK_S) - 1)] * (0.75 + spread))
                    tries += 1
                    continue
                tries = 0
                await session.over.wait()
        finally:
            self._heard = self._texted = None

    @property
    def is_bound(self) -> bool:
        return self._session is not None and self._session.is_open

    def make_ready(self) -> None:
        """Do nothing: it stays connected."""

    async def probe(self) -> list[Finding]:
        """Bind, enquire, unbind, on a separate session."""
        gaps = {"where": f"{self._config.host}:{self._config.port}", "id": self._config.system_id}
        try:
            session = await Session.open(self._config, _not_now)
        except ChannelError as error:
            if error.code == f"smpp:0x{statuses.ALREADY_BOUND:02X}":
                return [
                    Finding("warning", "%(where)s does not bind", "fine while the service runs", gaps, error.detail)
                ]
            hint, detail = _HINTS.get(error.code, ""), f"{error.detail} [{error.code}]"
            return [Finding("error", "%(where)s does not bind", hint, gaps, detail)]
        findings = [Finding("ok", "%(where)s takes %(id)s as a transceiver", params=gaps)]
        try:
            await session.enquire()
        except (Lost, TimeoutError):
            findings = [Finding("error", "%(where)s took the bind, and does not answer enquire_link", params=gaps)]
        finally:
            await session.close()
        if not self._config.tls and not self._config.is_loopback:
            findings.append(
                Finding(
                    "warning", "numbers, texts and the password cross the network in clear", "set tls=yes, or a VPN"
                )
            )
        return findings

    async def close(self) -> None:
        self._closed = True
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.gather(self._opening, return_exceptions=True)
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _bodies(self, message: SmsMessage, address: str) -> list[bytes]:
        if not E164.fullmatch(address):
            raise Permanent("smpp:address", "The address is not a telephone number in E.164 form.")
        coding, parts = parts_of(message.text)
        plain = Submit(
            source=self._config.source,
            destination=Address(1, 1, address.removeprefix("+")),
            esm_class=0,
            data_coding=coding,
            text=parts[0],
            validity=_relative(message.validity_s),
        )
        if len(parts) == 1:
            return [plain.body()]
        if self._config.long == "payload":
            return [replace(plain, text=b"", payload=b"".join(parts)).body()]
        self._reference = (self._reference + 1) % 256
        return [
            replace(plain, esm_class=_UDH, text=header(self._reference, len(parts), which) + part).body()
            for which, part in enumerate(parts, 1)
        ]

    async def _submit(self, body: bytes, *, begun: bool) -> str:
        """Send one part; ``begun``: earlier parts were accepted, so it waits longer for an answer."""
        for wait_s in (*_IN_CALL_S, None):
            answer = await self._asked(body, begun=begun)
            error = answer_error(answer, proven=self._proven, may_have_left=begun)
            if error is None:
                self._proven = True
                return self._name(answer)
            if answer.status == statuses.WRONG_STATE and self._session is not None:
                self._session.drop()
            if not begun or answer.status not in statuses.SLOW_DOWN or wait_s is None:
                raise error
            await asyncio.sleep(wait_s)
        raise AssertionError("the last turn returns or raises")

    async def _asked(self, body: bytes, *, begun: bool) -> Pdu:
        """Send a part; retry once on a new session if the old one died before it was written."""
        for again in (True, False):
            try:
                return await (await self._bound()).submit(body)
            except Lost as lost:
                if lost.written or not again:
                    error = lost_error(lost)
                    error.may_have_left |= begun
                    raise error from lost
            except TimeoutError as error:
                raise Transient(
                    "smpp:timeout", "The message centre did not answer in time.", may_have_left=True
                ) from error
            except ChannelError as error:
                error.may_have_left |= begun
                raise
        raise AssertionError("the second turn returns or raises")

    async def _bound(self) -> Session:
        """Return the session; binds first if needed, once for all waiters. Raises a ``ChannelError``."""
        if self._closed:
            raise Transient("smpp:closed", "The channel is closed.")
        if self._session is not None and self._session.is_open:
            return self._session
        if self._opening is None:
            self._opening = asyncio.create_task(Session.open(self._config, self._delivered))
            self._opening.add_done_callback(self._opened)
        return await asyncio.shield(self._opening)

    def _opened(self, opening: asyncio.Task[Session]) -> None:
        self._opening = None
        if not opening.cancelled() and opening.exception() is None:
            self._session = opening.result()

    def _name(self, answer: Pdu) -> str:
        name = pdu.message_id(answer.body)
        if self._config.ids == "hex":
            try:
                return str(int(name, 16))
            except ValueError:
                return name
        return name

    def _remember(self, name: str, whole: _Whole | None) -> None:
        self._wholes[name] = whole
        while len(self._wholes) > _REMEMBERED:
            self._wholes.popitem(last=False)

    async def _delivered(self, delivered: Delivered) -> bool:
        """Handle messages from the message centre: receipts, and people's texts."""
        if not delivered.is_receipt:
            came = self._parts.take(delivered)
            return came is None or self._texted is None or await self._texted(came)
        report = read_receipt(delivered)
        if report is None or report.fate == "pending":
            return True
        if self._heard is None:
            return False
        name = report.provider_id
        if name in self._wholes:
            whole = self._wholes[name]
            if whole is None:
                return True
            if report.fate == "delivered":
                whole.left.discard(name)
                if whole.left:
                    return True
            name = whole.name
        return await self._heard(replace(report, provider_id=PREFIX + name))


async def _not_now(_: Delivered) -> bool:
    """Refuse receipts during a probe, so that they stay at the message centre."""
    return False


def _relative(seconds: int | None) -> str:
    """Return a relative time (section 7.1.1.2): YYMMDDhhmmss, 000R."""
    if seconds is None:
        return ""
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    return f"0000{days:02d}{hour:02d}{minute:02d}{second:02d}000R"


_HINTS = {
    "smpp:connect": "check the host and port; the carrier may have to allow this machine's address",
    "smpp:timeout": "a firewall may block the port, or the port wants TLS: try tls=yes",
    "smpp:tls": "the port may be one without TLS: try tls=no",
    "smpp:certificate": "check that the host is the name in the certificate",
    "smpp:0x0E": "check the password in TOCSIN_SMPP_URL; percent-encode its signs",
    "smpp:0x0F": "check the system_id in TOCSIN_SMPP_URL",
    "smpp:0x0D": "ask the carrier whether the account may bind as a transceiver from this machine's address",
    "smpp:lost": "the carrier may not allow this machine's address",
}
