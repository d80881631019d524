"""One bound connection to a message centre: requests, answers, and incoming messages."""

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from channels.errors import ChannelError, Misconfigured, Permanent, Transient
from channels.sms.smpp import pdu, statuses
from channels.sms.smpp.config import SmppConfig
from channels.sms.smpp.pdu import BadPdu, Command, Delivered, Pdu

Taken = Callable[[Delivered], Awaitable[bool]]

_FAREWELL_S = 2.0
_MOST_RECEIPTS = 200
_LAST_NUMBER = 0x7FFF_FFFF


class Lost(Exception):
    """The connection is gone; ``written``: the request may have arrived."""

    def __init__(self, *, written: bool) -> None:
        super().__init__("the connection was lost")
        self.written = written


class Session:
    """A session made by ``open``. ``taken`` gets each receipt, and returns whether to acknowledge it."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, config: SmppConfig, taken: Taken
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._config = config
        self._taken = taken
        self._waiting: dict[int, asyncio.Future[Pdu]] = {}
        self._number = 0
        self._heard_at = 0.0
        self._window = asyncio.Semaphore(config.window)
        self._tasks: set[asyncio.Task[None]] = set()
        self._receipts = 0
        self.over = asyncio.Event()
        self.accepted = 0
        """How many messages were taken in this session."""

    @classmethod
    async def open(cls, config: SmppConfig, taken: Taken) -> "Session":
        """Connect and bind as a transceiver. Raises a ``ChannelError``."""
        where = f"{config.host}:{config.port}"
        try:
            async with asyncio.timeout(config.timeout_s):
                context = await asyncio.to_thread(_context, config) if config.tls else None
                reader, writer = await asyncio.open_connection(config.host, config.port, ssl=context)
        except TimeoutError as error:
            raise Transient("smpp:timeout", f"{where} gave no connection in time") from error
        except ssl.SSLCertVerificationError as error:
            raise Misconfigured("smpp:certificate", f"{where}: {error.verify_message}") from error
        except ssl.SSLError as error:
            raise Transient("smpp:tls", f"{where} did not agree on TLS") from error
        except OSError as error:
            raise Transient("smpp:connect", f"{where} let no connection be made") from error
        session = cls(reader, writer, config, taken)
        try:
            await session._bind()
        except BaseException:
            session.drop()
            raise
        return session

    async def _bind(self) -> None:
        self._heard_at = asyncio.get_running_loop().time()
        self._start(self._read())
        body = pdu.bind_body(self._config.system_id, self._config.password, self._config.system_type)
        try:
            answer = await self._request(Command.BIND_TRANSCEIVER, body)
        except Lost as lost:
            raise Transient("smpp:lost", "the message centre broke off the bind") from lost
        except TimeoutError as error:
            raise Transient("smpp:timeout", "the message centre did not answer the bind in time") from error
        if answer.status != statuses.OK:
            rule = statuses.rule_for(answer.status)
            code = f"smpp:0x{answer.status:02X}"
            if rule.error is Transient:
                raise Transient(code, rule.sentence, retry_after=rule.wait_s)
            raise Misconfigured(code, f"The bind was refused. {rule.sentence}")
        self._start(self._enquire())

    @property
    def is_open(self) -> bool:
        return not self.over.is_set() and not self._writer.is_closing()

    async def submit(self, body: bytes) -> Pdu:
        """Send a ``submit_sm``; return the answer. Raises ``Lost``, and ``TimeoutError``."""
        async with self._window:
            answer = await self._request(Command.SUBMIT_SM, body)
        self.accepted += answer.status == statuses.OK
        return answer

    async def enquire(self) -> None:
        """Send an enquire_link. Raises ``Lost``, ``TimeoutError``."""
        await self._request(Command.ENQUIRE_LINK, b"")

    async def close(self) -> None:
        """Unbind and close."""
        if self.is_open:
            with contextlib.suppress(Lost, TimeoutError):
                async with asyncio.timeout(_FAREWELL_S):
                    await self._request(Command.UNBIND, b"")
        self.drop()
        current = asyncio.current_task()
        await asyncio.gather(*(task for task in self._tasks if task is not current), return_exceptions=True)

    def drop(self) -> None:
        """Close at once; pending requests fail."""
        if self.over.is_set():
            return
        self.over.set()
        self._writer.close()
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(Lost(written=True))
        for task in self._tasks:
            if task is not asyncio.current_task():
                task.cancel()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _request(self, command: Command, body: bytes) -> Pdu:
        self._number = self._number % _LAST_NUMBER + 1
        number = self._number
        future: asyncio.Future[Pdu] = asyncio.get_running_loop().create_future()
        if not self.is_open:
            raise Lost(written=False)
        self._waiting[number] = future
        try:
            self._writer.write(Pdu(command, 0, number, body).octets())
            async with asyncio.timeout(self._config.timeout_s):
                return await future
        finally:
            self._waiting.pop(number, None)
            if future.done() and not future.cancelled():
                future.exception()  # marks it as retrieved

    def _answer(self, command: int, number: int, status: int = 0, body: bytes = b"") -> None:
        if self.is_open:
            self._writer.write(Pdu(command, status, number, body).octets())

    async def _read(self) -> None:
        try:
            while True:
                head = await self._reader.readexactly(pdu.HEADER.size)
                body = await self._reader.readexactly(pdu.length_of(head))
                self._heard_at = asyncio.get_running_loop().time()
                self._take(pdu.read(head, body))
                if self.over.is_set():
                    return
        except (asyncio.IncompleteReadError, OSError, BadPdu):
            pass
        finally:
            self.drop()

    def _take(self, came: Pdu) -> None:
        if came.is_answer:
            future = self._waiting.get(came.number)
            if future is not None and not future.done():
                future.set_result(came)
            return
        match came.command:
            case Command.DELIVER_SM:
                self._deliver(came)
            case Command.ENQUIRE_LINK:
                self._answer(Command.ENQUIRE_LINK_RESP, came.number)
            case Command.UNBIND:
                self._answer(Command.UNBIND_RESP, came.number)
                self.drop()
            case _:
                self._answer(Command.GENERIC_NACK, came.number, 0x03)

    def _deliver(self, came: Pdu) -> None:
        try:
            delivered = pdu.read_deliver(came.body)
        except BadPdu:
            self._answer(Command.DELIVER_SM_RESP, came.number, 0x01, b"\0")
            return
        if self._receipts >= _MOST_RECEIPTS:
            self._answer(Command.DELIVER_SM_RESP, came.number, statuses.TRY_LATER, b"\0")
            return
        self._receipts += 1
        self._start(self._hand_over(came.number, delivered))

    async def _hand_over(self, number: int, delivered: Delivered) -> None:
        """Acknowledge only when the receipt is durable: until then the other side keeps it."""
        status = statuses.TRY_LATER
        try:
            if await self._taken(delivered):
                status = statuses.OK
        finally:
            self._receipts -= 1
            self._answer(Command.DELIVER_SM_RESP, number, status, b"\0")

    async def _enquire(self) -> None:
        """Enquire on a silent connection; drop it if there is no answer."""
        loop = asyncio.get_running_loop()
        while True:
            silent = loop.time() - self._heard_at
            if silent < self._config.enquire_s:
                await asyncio.sleep(self._config.enquire_s - silent)
                continue
            try:
                await self.enquire()
            except (Lost, TimeoutError):
                self.drop()
                return


def _context(config: SmppConfig) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=config.ca_file)
    except (OSError, ssl.SSLError) as error:
        raise Misconfigured("smpp:certificate", "the file of the authority to trust can't be read") from error


def lost_error(lost: Lost) -> Transient:
    when = "after the message was written: it may have left" if lost.written else "before the message was written"
    return Transient("smpp:lost", f"The connection was lost {when}.", may_have_left=lost.written)


def answer_error(answer: Pdu, *, proven: bool, may_have_left: bool) -> ChannelError | None:
    """Return the error of an answer to ``submit_sm``; None if it was accepted."""
    if answer.command == Command.GENERIC_NACK and answer.status == statuses.OK:
        return Permanent("smpp:nack", "The message centre did not understand the message.")
    if answer.status == statuses.OK:
        return None
    return statuses.error_for(answer.status, proven=proven, may_have_left=may_have_left)
