"""Exact SMS segment count of a text.

3GPP TS 23.038, 6.2.1: the GSM 7 bit default alphabet and its extension table; 23.040, 9.2.3.24.1: each part of a
concatenated message has a six-byte header, which leaves 153 of 160 septets and 67 of 70 UTF-16 units. A character that
takes two (an escape and a septet, a surrogate pair) is never split across two parts.
"""

from dataclasses import dataclass
from typing import Literal

GSM7_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM7_EXTENSION = frozenset("\f^{}\\[~]|€")
_GSM7 = GSM7_BASIC | GSM7_EXTENSION

_ONE = {"GSM-7": 160, "UCS-2": 70}
_MANY = {"GSM-7": 153, "UCS-2": 67}
_ASTRAL = 0x10000


@dataclass(frozen=True, slots=True)
class Segments:
    """Size of a text.

    ``units``: septets (GSM-7) or UTF-16 code units (UCS-2); ``per_segment``: units per part at this length;
    ``culprits``: the distinct characters that prevent GSM-7, in order.
    """

    encoding: Literal["GSM-7", "UCS-2"]
    units: int
    segments: int
    per_segment: int
    culprits: tuple[str, ...]


def count(text: str) -> Segments:
    """Count the text without normalizing it: a decomposed é is an e and an accent outside GSM-7."""
    culprits = _culprits(text)
    encoding: Literal["GSM-7", "UCS-2"] = "UCS-2" if culprits else "GSM-7"
    alike = ord(max(text, default=" ")) < _ASTRAL if culprits else GSM7_EXTENSION.isdisjoint(text)
    if alike:  # the usual case, one unit per character: only the last part has room left
        units = len(text)
        many = -(-units // _MANY[encoding])
    else:
        wide = (lambda sign: ord(sign) >= _ASTRAL) if culprits else GSM7_EXTENSION.__contains__
        sizes = [2 if wide(sign) else 1 for sign in text]
        units, many = sum(sizes), _parts(sizes, _MANY[encoding])
    if units <= _ONE[encoding]:
        return Segments(encoding, units, min(units, 1), _ONE[encoding], culprits)
    return Segments(encoding, units, many, _MANY[encoding], culprits)


def _parts(sizes: list[int], room: int) -> int:
    parts, free = 1, room
    for size in sizes:
        if size > free:
            parts, free = parts + 1, room
        free -= size
    return parts


def _culprits(text: str) -> tuple[str, ...]:
    return () if _GSM7.issuperset(text) else tuple(dict.fromkeys(sign for sign in text if sign not in _GSM7))
