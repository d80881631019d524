"""Bodies encoded once and filled many times.

A text is split at its slots and each piece is encoded as quoted-printable on its own; soft line breaks, which vanish on
decoding (RFC 2045 section 6.7, rule 5), separate a slot's value from its surroundings. So values of any length fit in
without re-encoding the rest, and no line exceeds 76 characters.
"""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape

_BASE64_LINE = 57  # bytes; 76 characters once encoded


@dataclass(frozen=True, slots=True)
class Slot:
    """A place for a person's value; ``html``: escape it; ``goes_on``: its line ends with a soft break."""

    name: str
    html: bool
    goes_on: bool

    def written(self, fill: Mapping[str, str]) -> bytes:
        value = fill[self.name]
        return quoted_printable(escape(value) if self.html else value, goes_on=self.goes_on)


def tokens(names: tuple[str, ...]) -> re.Pattern[str]:
    """Return a pattern for the placeholders of these names only."""
    return re.compile(r"\{\{(" + "|".join(map(re.escape, names)) + r")\}\}" if names else r"(?!)()")


def filled(text: str, names: tuple[str, ...], fill: Mapping[str, str]) -> str:
    return tokens(names).sub(lambda token: fill[token[1]], text)


def pieces(text: str, names: tuple[str, ...], *, html: bool) -> Iterator[bytes | Slot]:
    """Split a text into quoted-printable pieces and slots; the whole ends with CRLF."""
    cut = tokens(names).split(_unix(text))
    for index, piece in enumerate(cut):
        if index % 2 == 0:
            yield quoted_printable(piece, goes_on=index < len(cut) - 1)
        else:
            following = cut[index + 1]
            ends = following.startswith("\n") or (not following and index == len(cut) - 2)
            yield Slot(piece, html, goes_on=not ends)
    yield b"\r\n"


def quoted_printable(text: str, *, goes_on: bool = False) -> bytes:
    """Encode as UTF-8 and quoted-printable with CRLF; ``goes_on``: end with a soft break, at the start of a line."""
    data = _unix(text).encode()
    if not goes_on:
        return binascii.b2a_qp(data).replace(b"\n", b"\r\n")
    # The placeholder for what follows reserves room for the soft break's sign in the last line
    encoded = binascii.b2a_qp(data + b"x")[:-1].replace(b"\n", b"\r\n")
    return encoded + b"=\r\n" if encoded and not encoded.endswith(b"\n") else encoded


def _unix(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def base64_lines(data: bytes) -> bytes:
    """Encode in lines of 76 characters, each ending with CRLF."""
    return b"".join(
        base64.b64encode(data[start : start + _BASE64_LINE]) + b"\r\n" for start in range(0, len(data), _BASE64_LINE)
    )
