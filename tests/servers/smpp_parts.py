"""``submit_sm`` read strictly (SMPP 3.4, section 4.4.1), with nothing of ``channels.sms.smpp``."""

from __future__ import annotations

import struct
from dataclasses import dataclass

_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = dict(zip(b"\x0a\x14\x28\x29\x2f\x3c\x3d\x3e\x40\x65", "\f^{}\\[~]|€", strict=True))


@dataclass
class Part:
    """One ``submit_sm`` that was taken."""

    name: str
    to: str
    source: tuple[int, int, str]
    data_coding: int
    text: str
    validity: str
    registered: int
    concat: tuple[int, int, int] | None
    session: int
    octets: int


def read_submit(body: bytes, name: str, session: int) -> Part:
    """Read a ``submit_sm`` strictly; raises ``ValueError`` where something is not as section 4.4.1 has it."""
    service, rest = body.split(b"\0", 1)
    source_ton, source_npi = rest[0], rest[1]
    source, rest = rest[2:].split(b"\0", 1)
    to_ton, to_npi = rest[0], rest[1]
    to, rest = rest[2:].split(b"\0", 1)
    esm_class, rest = rest[0], rest[3:]
    scheduled, validity, rest = rest.split(b"\0", 2)
    registered, _replace, coding, _default, length = rest[:5]
    octets, tail = rest[5 : 5 + length], rest[5 + length :]
    if service or scheduled or len(octets) != length or length > 254 or (to_ton, to_npi) != (1, 1):
        raise ValueError(name)
    if validity and not (len(validity) == 16 and validity.endswith(b"000R")):
        raise ValueError(name)
    while tail:
        tag, size = struct.unpack("!HH", tail[:4])
        if tag == 0x0424:
            octets = tail[4 : 4 + size]
        tail = tail[4 + size :]
    concat = None
    if esm_class & 0x40:
        if octets[:3] != b"\x05\0\x03":
            raise ValueError(name)
        concat = (octets[3], octets[4], octets[5])
        octets = octets[6:]
        if not 1 <= concat[2] <= concat[1]:
            raise ValueError(name)
    if registered & 1 == 0 or (length and len(octets) > (140 if coding == 8 else 160)):
        raise ValueError(name)
    text = octets.decode("utf-16-be") if coding == 8 else _gsm(octets)
    return Part(
        name,
        "+" + to.decode(),
        (source_ton, source_npi, source.decode()),
        coding,
        text,
        validity.decode(),
        registered,
        concat,
        session,
        len(octets),
    )


def _gsm(octets: bytes) -> str:
    said, escaped = "", False
    for octet in octets:
        if octet == 0x1B:
            escaped = True
        elif escaped:
            said, escaped = said + _EXTENDED[octet], False
        else:
            said += _BASIC[octet]
    if escaped:
        raise ValueError("an escape cut from its sign")
    return said
