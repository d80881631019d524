"""Encodes and decodes the SMPP 3.4 protocol data units that an SMS sender needs.

Input is not trusted: numbers unknown to the standard stay numbers, since carriers define their own statuses (0x400 to
0x4FF) and parameters (0x1400 to 0x3FFF).

Source: SMPP Protocol Specification v3.4, issue 1.2; sections are cited where followed.
"""

import struct
from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple

HEADER = struct.Struct("!IIII")
LARGEST = 1 << 17
"""In octets: a message_payload may hold 64 KiB, and no PDU is larger."""

_ANSWER = 0x8000_0000
_TLV = struct.Struct("!HH")


class Command(IntEnum):
    """Section 5.1.2.1; an answer is its request with the highest bit set."""

    GENERIC_NACK = 0x8000_0000
    BIND_TRANSCEIVER = 0x0000_0009
    BIND_TRANSCEIVER_RESP = 0x8000_0009
    SUBMIT_SM = 0x0000_0004
    SUBMIT_SM_RESP = 0x8000_0004
    DELIVER_SM = 0x0000_0005
    DELIVER_SM_RESP = 0x8000_0005
    UNBIND = 0x0000_0006
    UNBIND_RESP = 0x8000_0006
    ENQUIRE_LINK = 0x0000_0015
    ENQUIRE_LINK_RESP = 0x8000_0015


class Tag(IntEnum):
    """Section 5.3.2, those used here."""

    RECEIPTED_MESSAGE_ID = 0x001E
    NETWORK_ERROR_CODE = 0x0423
    MESSAGE_PAYLOAD = 0x0424
    MESSAGE_STATE = 0x0427


class BadPdu(ValueError):
    """Not a PDU: the two sides are out of sync."""


class Pdu(NamedTuple):
    """One PDU: ``command`` and ``status`` are numbers, known or not."""

    command: int
    status: int
    number: int
    body: bytes = b""

    @property
    def is_answer(self) -> bool:
        return bool(self.command & _ANSWER)

    def octets(self) -> bytes:
        return HEADER.pack(HEADER.size + len(self.body), self.command, self.status, self.number) + self.body


def length_of(header: bytes) -> int:
    """Return the number of octets after a 16-octet header. Raises ``BadPdu``."""
    length: int = HEADER.unpack(header)[0]
    if not HEADER.size <= length <= LARGEST:
        raise BadPdu(f"a PDU of {length} octets")
    return length - HEADER.size


def read(header: bytes, body: bytes) -> Pdu:
    _, command, status, number = HEADER.unpack(header)
    return Pdu(command, status, number, body)


class Address(NamedTuple):
    """Type of number and numbering plan (5.2.5, 5.2.6), and the address."""

    ton: int
    npi: int
    text: str

    def octets(self) -> bytes:
        return bytes((self.ton, self.npi)) + _c(self.text)


def bind_body(system_id: str, password: str, system_type: str) -> bytes:
    """Section 4.1.5: version 3.4, all addresses of the account."""
    return _c(system_id) + _c(password) + _c(system_type) + bytes((0x34, 0, 0)) + _c("")


@dataclass(frozen=True, slots=True)
class Submit:
    """Section 4.4.1. ``validity``: a relative time of section 7.1.1, or empty."""

    source: Address
    destination: Address
    esm_class: int
    data_coding: int
    text: bytes
    validity: str = ""
    registered_delivery: int = 1
    payload: bytes | None = None

    def body(self) -> bytes:
        return b"".join(
            (
                _c(""),  # service_type: the carrier's default
                self.source.octets(),
                self.destination.octets(),
                bytes((self.esm_class, 0, 0)),  # protocol_id, priority_flag
                _c(""),  # schedule_delivery_time: at once
                _c(self.validity),
                bytes((self.registered_delivery, 0, self.data_coding, 0, len(self.text))),
                self.text,
                b"" if self.payload is None else _TLV.pack(Tag.MESSAGE_PAYLOAD, len(self.payload)) + self.payload,
            )
        )


NO_ADDRESS = Address(0, 0, "")


@dataclass(frozen=True, slots=True)
class Delivered:
    """The parts of a ``deliver_sm`` (4.6.1) used here; ``text`` is undecoded, ``source`` who sent it."""

    esm_class: int
    data_coding: int
    text: bytes
    tlvs: dict[int, bytes] = field(default_factory=dict)
    source: Address = NO_ADDRESS

    @property
    def is_receipt(self) -> bool:
        """Section 5.2.12: bits 5 to 2 say 1 (receipt) or 8 (intermediate notification)."""
        return (self.esm_class & 0b0011_1100) in {0b0000_0100, 0b0010_0000}


def read_deliver(body: bytes) -> Delivered:
    """Parse a ``deliver_sm``, or a ``submit_sm``, which has the same layout. Raises ``BadPdu``."""
    cursor = Cursor(body)
    cursor.c_string()  # service_type
    ton, npi = cursor.take(2)
    source = Address(ton, npi, cursor.c_string())
    cursor.take(2)
    cursor.c_string()  # our own address
    esm_class = cursor.octet()
    cursor.take(2)
    cursor.c_string()
    cursor.c_string()
    cursor.take(2)
    data_coding = cursor.octet()
    cursor.take(1)
    text = cursor.take(cursor.octet())
    tlvs = cursor.tlvs()
    return Delivered(esm_class, data_coding, text or tlvs.get(Tag.MESSAGE_PAYLOAD, b""), tlvs, source)


def message_id(body: bytes) -> str:
    """Return the message id of a ``submit_sm_resp`` (4.4.2); empty if unreadable."""
    name = body.partition(b"\0")[0].decode("latin-1").strip()
    return name if name.isprintable() else ""


class Cursor:
    """Reads octets from the left. Raises ``BadPdu`` if there are too few."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self._at = 0

    def take(self, count: int) -> bytes:
        end = self._at + count
        if end > len(self._octets):
            raise BadPdu("a PDU that ends too soon")
        taken, self._at = self._octets[self._at : end], end
        return taken

    def octet(self) -> int:
        return self.take(1)[0]

    def c_string(self) -> str:
        end = self._octets.find(b"\0", self._at)
        if end < 0:
            raise BadPdu("a string without an end")
        text, self._at = self._octets[self._at : end].decode("latin-1"), end + 1
        return text

    def tlvs(self) -> dict[int, bytes]:
        """Return the optional parameters, without a truncated last one."""
        found: dict[int, bytes] = {}
        try:
            while self._at < len(self._octets):
                tag, length = _TLV.unpack(self.take(_TLV.size))
                found[tag] = self.take(length)
        except BadPdu:
            pass
        return found


def _c(text: str) -> bytes:
    return text.encode("ascii") + b"\0"
