"""Texts that people send to our number, joined from the parts in ``deliver_sm``."""

from collections import OrderedDict
from dataclasses import dataclass

from channels.sms.smpp.pdu import Delivered
from channels.sms.smpp.text import readable

_UDH = 0b0100_0000
_INTERNATIONAL = 1  # type of number, 5.2.5
_CONCATENATED = {0x00: 1, 0x08: 2}
"""Information elements of 3GPP TS 23.040, 9.2.3.24, mapped to the length of their reference in octets."""
_MOST_WAITING = 500
_MOST_PARTS = 20

_Key = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class Incoming:
    """A whole text; ``number`` is E.164 if the carrier gives it so."""

    number: str
    text: str


class Parts:
    """Keeps a bounded number of parts of unfinished texts; parts are acknowledged on arrival."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[_Key, dict[int, str]] = OrderedDict()

    def take(self, came: Delivered) -> Incoming | None:
        """Return the text that this part completes, if any."""
        number, octets = number_of(came), came.text
        place = None
        if came.esm_class & _UDH and octets:
            length = octets[0]
            place = _place(octets[1 : 1 + length])
            octets = octets[1 + length :]
        said = readable(octets, came.data_coding)
        if place is None:
            return Incoming(number, said)
        reference, total, which = place
        key = (number, reference, total)
        parts = self._waiting.setdefault(key, {})
        parts[which] = said
        if len(parts) < total:
            while len(self._waiting) > _MOST_WAITING:
                self._waiting.popitem(last=False)
            return None
        del self._waiting[key]
        return Incoming(number, "".join(parts[each] for each in sorted(parts)))


def number_of(came: Delivered) -> str:
    """Return the sender: ``+33612345678`` for an international number, else as the carrier writes it."""
    ton, _, text = came.source
    digits = text.removeprefix("+")
    return f"+{digits}" if digits.isdigit() and (ton == _INTERNATIONAL or not digits.startswith("0")) else text


def _place(header: bytes) -> tuple[int, int, int] | None:
    """Return (reference, number of parts, this part's number) from a user data header; None if there is no header."""
    while len(header) >= 2:  # noqa: PLR2004  an element's name and length
        name, length = header[0], header[1]
        body, header = header[2 : 2 + length], header[2 + length :]
        size = _CONCATENATED.get(name)
        if size is not None and length == len(body) == size + 2:
            total, which = body[size], body[size + 1]
            return (int.from_bytes(body[:size]), total, which) if 1 <= which <= total <= _MOST_PARTS else None
    return None
