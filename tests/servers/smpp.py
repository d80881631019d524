"""A message centre on loopback that speaks SMPP 3.4: it reads what it is sent, refuses what is wrong, and tells fates.

It has an own reading of the protocol (nothing of ``channels.sms.smpp`` is used), puts parts together as a telephone
does, and misbehaves on request::

    async with MessageCentre() as centre:
        centre.fault(Refuse(0x58), times=2)       # the next two submit_sm are throttled
        centre.receipts = Receipts(stat="UNDELIV")
        ...
        await centre.texts_of("+33639981234")     # the texts that arrived, whole
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Self

from tests.servers.smpp_parts import Part, read_submit

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Coroutine

_HEADER = struct.Struct("!IIII")
_STATES = {"ENROUTE": 1, "DELIVRD": 2, "EXPIRED": 3, "DELETED": 4, "UNDELIV": 5, "ACCEPTD": 6, "REJECTD": 8}


@dataclass
class Refuse:
    """Answer with a command_status."""

    status: int


@dataclass
class Hang:
    """Take the message (or not), and never answer."""

    taken: bool = False


@dataclass
class Drop:
    """Cut the connection: before the message is taken, after it, or in the middle of the answer."""

    when: Literal["before", "after", "half"] = "before"


@dataclass
class Garble:
    """Answer with octets that are no PDU."""


Fault = Refuse | Hang | Drop | Garble


@dataclass
class Receipts:
    """What is told of messages: ``early`` before the answer, ``times`` how often, 0 for never."""

    stat: str = "DELIVRD"
    err: str = "000"
    early: bool = False
    times: int = 1
    tlvs: bool = False
    network_error: bytes | None = None
    delay: asyncio.Event | None = None


@dataclass
class _Line:
    number: int
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    bound: bool = False
    sequence: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    answers: dict[int, asyncio.Future[int]] = field(default_factory=dict)


class MessageCentre:
    """Listens within an ``async with``; ``url`` is what a client is given."""

    def __init__(
        self,
        *,
        system_id: str = "mairie",
        password: str = "s3cret%",
        most_binds: int = 10,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.system_id, self.password, self.most_binds = system_id, password, most_binds
        self.parts: list[Part] = []
        self.binds: list[int] = []
        self.unbinds = 0
        self.enquiries = 0
        self.submitted = 0
        self.answered: list[int] = []
        self.receipts = Receipts()
        self.silent = False
        self.redeliver_s = 0.05
        self._tls = tls
        self._faults: list[tuple[Fault, Callable[[Part], bool] | None]] = []
        self._bind_faults: list[Fault] = []
        self._names = itertools.count(1001)
        self.hex_names = False
        self._lines: list[_Line] = []
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._changed = asyncio.Event()
        self._port = 0

    # what a test says

    def fault(self, fault: Fault, *, times: int = 1, where: Callable[[Part], bool] | None = None) -> None:
        """Misbehave for the next ``times`` messages, or those that ``where`` picks."""
        self._faults += [(fault, where)] * times

    def fault_bind(self, fault: Fault, *, times: int = 1) -> None:
        self._bind_faults += [fault] * times

    def mend(self) -> None:
        self._faults.clear()
        self._bind_faults.clear()

    def cut(self) -> None:
        """Cut all connections, without a word."""
        for line in self._lines:
            line.writer.transport.abort()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something that this server sees is so."""
        while not condition():
            self._changed.clear()
            await self._changed.wait()

    @property
    def texts(self) -> list[tuple[str, str]]:
        """(number, text) of every message that arrived whole, in the order of their last parts."""
        found: list[tuple[str, str]] = []
        gathered: dict[tuple[str, int, int], dict[int, str]] = {}
        for part in self.parts:
            if part.concat is None:
                found.append((part.to, part.text))
                continue
            reference, total, which = part.concat
            pieces = gathered.setdefault((part.to, reference, total), {})
            pieces[which] = part.text
            if len(pieces) == total:
                found.append((part.to, "".join(pieces[key] for key in sorted(pieces))))
                del gathered[part.to, reference, total]
        return found

    def texts_of(self, number: str) -> list[str]:
        return [text for to, text in self.texts if to == number]

    @property
    def bound(self) -> int:
        return sum(line.bound for line in self._lines)

    async def tell(self, name: str, **said: Any) -> int:
        """Send a receipt of the message ``name``; give the client's answer (a command_status)."""
        receipts = Receipts(**said)
        return await self._receipt(name, receipts)

    async def incoming(self, text: bytes, esm_class: int = 0, source: str = "+33639980000") -> int:
        """Send what is no receipt of ours: a person's answer, or nonsense."""
        number = source.removeprefix("+").encode()
        return await self._send_deliver(b"\0\x01\x01" + number + b"\0\x05\0TOWN\0", esm_class, text, b"")

    # the server

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port, ssl=self._tls)
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    @property
    def port(self) -> int:
        return self._port

    @property
    def url(self) -> str:
        password = self.password.replace("%", "%25")
        return f"smpp://{self.system_id}:{password}@127.0.0.1:{self._port}?from=%2B33199000000"

    def _go(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        line = _Line(len(self._lines), reader, writer)
        self._lines.append(line)
        try:
            while True:
                head = await reader.readexactly(16)
                length, command, status, number = _HEADER.unpack(head)
                body = await reader.readexactly(length - 16)
                if not await self._take(line, command, status, number, body):
                    return
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            line.bound = False
            self._tasks.discard(task)
            for future in line.answers.values():
                future.cancel()
            writer.close()
            self._changed.set()

    def _send(self, line: _Line, command: int, status: int, number: int, body: bytes = b"") -> None:
        if not line.writer.is_closing():
            line.writer.write(_HEADER.pack(16 + len(body), command, status, number) + body)

    async def _take(self, line: _Line, command: int, status: int, number: int, body: bytes) -> bool:
        """Take one unit; tell whether the line goes on."""
        self._changed.set()
        if self.silent and command != 0x80000005:
            return True
        match command:
            case 0x00000009:
                return await self._bind(line, number, body)
            case 0x00000004:
                return await self._submit(line, number, body)
            case 0x00000015:
                self.enquiries += 1
                self._send(line, 0x80000015, 0, number)
            case 0x00000006:
                self.unbinds += 1
                line.bound = False
                self._send(line, 0x80000006, 0, number)
                return False
            case 0x80000005:
                self.answered.append(status)
                future = line.answers.pop(number, None)
                if future is not None and not future.done():
                    future.set_result(status)
            case 0x80000015 | 0x80000006:
                pass
            case _:
                self._send(line, 0x80000000, 0x03, number)
        return True

    async def _bind(self, line: _Line, number: int, body: bytes) -> bool:
        system_id, password, _system_type, rest = body.split(b"\0", 3)
        status = 0
        if self._bind_faults:
            fault = self._bind_faults.pop(0)
            if isinstance(fault, Hang):
                return True
            if not isinstance(fault, Refuse):
                return False
            status = fault.status
        elif rest[0] != 0x34:
            status = 0x08
        elif system_id.decode() != self.system_id:
            status = 0x0F
        elif password.decode() != self.password:
            status = 0x0E
        elif self.bound >= self.most_binds:
            status = 0x05
        self.binds.append(status)
        if status == 0:
            line.bound = True
        # As section 4.1.6 has it: the centre's name, and that it speaks 3.4.
        self._send(line, 0x80000009, status, number, b"CENTRE\0" + (b"\x02\x10\0\x01\x34" if status == 0 else b""))
        return True

    async def _submit(self, line: _Line, number: int, body: bytes) -> bool:
        self.submitted += 1
        if not line.bound:
            self._send(line, 0x80000004, 0x04, number)
            return True
        name = f"{next(self._names):X}" if self.hex_names else f"{next(self._names)}"
        try:
            part = read_submit(body, name, line.number)
        except (ValueError, IndexError, struct.error):
            self._send(line, 0x80000004, 0x02, number)
            return True
        fault = self._fault_for(part)
        match fault:
            case Refuse():
                self._send(line, 0x80000004, fault.status, number)
            case Garble():
                line.writer.write(b"\0\0\0\x03HTTP/1.1 400 Bad Request\r\n")
            case Hang(taken=False):
                pass
            case Drop(when="before"):
                return False
            case _:
                return await self._taken(line, number, part, fault)
        return True

    async def _taken(self, line: _Line, number: int, part: Part, fault: Fault | None) -> bool:
        self.parts.append(part)
        early = self.receipts.early
        if early:
            self._go(self._tell_all(part.name, self.receipts))
            await asyncio.sleep(0.02)
        answer = part.name.encode() + b"\0"
        if isinstance(fault, Drop):
            if fault.when == "half":
                whole = _HEADER.pack(16 + len(answer), 0x80000004, 0, number) + answer
                line.writer.write(whole[:18])
                await line.writer.drain()
            return False
        if not isinstance(fault, Hang):
            self._send(line, 0x80000004, 0, number, answer)
        if not early:
            self._go(self._tell_all(part.name, self.receipts))
        return True

    def _fault_for(self, part: Part) -> Fault | None:
        for at, (fault, where) in enumerate(self._faults):
            if where is None or where(part):
                del self._faults[at]
                return fault
        return None

    async def _tell_all(self, name: str, receipts: Receipts) -> None:
        if receipts.delay is not None:
            await receipts.delay.wait()
        for _ in range(receipts.times):
            await self._receipt(name, receipts)

    async def _receipt(self, name: str, receipts: Receipts) -> int:
        """Send a receipt until it is taken: a temporary refusal means that it is to come again (0x64)."""
        shown = str(int(name, 16)) if self.hex_names else name
        text = (
            f"id:{shown} sub:001 dlvrd:{int(receipts.stat == 'DELIVRD'):03d} submit date:2611212125 "
            f"done date:2611212126 stat:{receipts.stat} err:{receipts.err} text:La Risle deborde id:9 stat:X"
        )
        tlvs = b""
        if receipts.tlvs:
            text = "Votre message est arrive"
            tlvs = struct.pack("!HH", 0x1E, len(shown) + 1) + shown.encode() + b"\0"
            tlvs += struct.pack("!HHB", 0x427, 1, _STATES[receipts.stat])
            tlvs += struct.pack("!HH", 0x1400, 2) + b"\xff\xfe"
        if receipts.network_error is not None:
            tlvs += struct.pack("!HH", 0x423, 3) + receipts.network_error
        while True:
            head = b"\0\x01\x0133639980000\0\x05\0TOWN\0"
            status = await self._send_deliver(head, 0b0000_0100, text.encode("ascii"), tlvs)
            if status != 0x64:
                return status
            await asyncio.sleep(self.redeliver_s)

    async def _send_deliver(self, head: bytes, esm_class: int, text: bytes, tlvs: bytes) -> int:
        """Send a ``deliver_sm`` on any line that is bound; wait for one, and again if it is cut."""
        while True:
            await self.until(lambda: self.bound > 0)
            line = next(line for line in self._lines if line.bound)
            number = next(line.sequence)
            future = line.answers[number] = asyncio.get_running_loop().create_future()
            middle = bytes((esm_class, 0, 0)) + b"\0\0" + bytes((0, 0, 0, 0, len(text)))
            self._send(line, 0x00000005, 0, number, head + middle + text + tlvs)
            with contextlib.suppress(asyncio.CancelledError):
                return await future
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise asyncio.CancelledError
