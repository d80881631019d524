"""Text as the octets of its parts, in the number that ``channels.sms.count`` predicts.

One octet per septet (the message centre packs them), else UTF-16 big endian. Each of several parts begins with the six
octets of 3GPP TS 23.040, 9.2.3.24.1: 8-bit reference, total, part number.
"""

from typing import NamedTuple

from channels.sms.segments import GSM7_EXTENSION, count

# 3GPP TS 23.038, 6.2.1, in table order; 0x1B is the escape to the extension.
_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_ESCAPE = 0x1B
_EXTENSION = {
    "\f": 0x0A,
    "^": 0x14,
    "{": 0x28,
    "}": 0x29,
    "\\": 0x2F,
    "[": 0x3C,
    "~": 0x3D,
    "]": 0x3E,
    "|": 0x40,
    "€": 0x65,
}
_CODES = {sign: bytes((code,)) for code, sign in enumerate(_BASIC) if code != _ESCAPE} | {
    sign: bytes((_ESCAPE, code)) for sign, code in _EXTENSION.items()
}
_SIGNS = {code: sign for sign, code in _EXTENSION.items()}

DEFAULT_ALPHABET, LATIN_1, UCS2 = 0x00, 0x03, 0x08
"""Values of data_coding (5.2.19)."""


class Parts(NamedTuple):
    """``octets``: the parts' texts without headers, encoded as ``data_coding``."""

    data_coding: int
    octets: tuple[bytes, ...]


def parts_of(text: str) -> Parts:
    """Split a text; characters are never split across two parts."""
    told = count(text)
    ucs2 = told.encoding == "UCS-2"
    room = told.per_segment * 2 if ucs2 else told.per_segment
    made: list[bytes] = []
    now = bytearray()
    for sign in text:
        code = sign.encode("utf-16-be") if ucs2 else _CODES[sign]
        if len(now) + len(code) > room:
            made.append(bytes(now))
            now.clear()
        now += code
    made.append(bytes(now))
    return Parts(UCS2 if ucs2 else DEFAULT_ALPHABET, tuple(made))


def header(reference: int, total: int, which: int) -> bytes:
    """Return the user data header of part ``which`` (from 1) of ``total``; ``reference``: 0 to 255."""
    return bytes((5, 0, 3, reference, total, which))


def readable(octets: bytes, data_coding: int) -> str:
    """Decode octets, replacing what is invalid."""
    if data_coding == UCS2:
        return octets.decode("utf-16-be", "replace")
    if data_coding == LATIN_1:
        return octets.decode("latin-1")
    signs: list[str] = []
    escaped = False
    for octet in octets:
        if octet == _ESCAPE:
            escaped = True
            continue
        if escaped:
            signs.append(_SIGNS.get(octet, " "))
        else:
            signs.append(_BASIC[octet] if octet < len(_BASIC) else "�")
        escaped = False
    return "".join(signs)


if frozenset(_EXTENSION) != GSM7_EXTENSION:  # count and octets must agree
    raise AssertionError("two tables of one alphabet")
