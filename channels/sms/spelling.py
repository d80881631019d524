"""The cheap spelling of a text: the nearest one whose signs are in GSM-7.

It is offered to who writes, never applied by itself: some words change (« cote » and « côté »).
"""

from __future__ import annotations

import re
import unicodedata

from channels.sms.segments import GSM7_BASIC, GSM7_EXTENSION

_GSM7 = GSM7_BASIC | GSM7_EXTENSION

_NEIGHBOURS = {
    "œ": "oe",
    "Œ": "OE",
    "ĳ": "ij",
    "ð": "d",
    "Ð": "D",
    "þ": "th",
    "Þ": "Th",
    "ł": "l",
    "Ł": "L",
    "đ": "d",
    "Đ": "D",
    "ı": "i",
    "ẞ": "SS",
    "’": "'",
    "‘": "'",
    "‚": "'",
    "‛": "'",
    "ʼ": "'",
    "′": "'",
    "´": "'",
    "`": "'",
    "‹": "'",
    "›": "'",
    "“": '"',
    "”": '"',
    "„": '"',
    "‟": '"',
    "″": '"',
    "«": '"',
    "»": '"',
    "–": "-",
    "—": "-",
    "―": "-",
    "‐": "-",
    "‑": "-",
    "‒": "-",
    "−": "-",
    "•": "-",
    "·": ".",
    "…": "...",
    "×": "x",
    "÷": "/",
    "⁄": "/",
    "→": "->",
    "←": "<-",
    "⇒": "=>",
    "≤": "<=",
    "≥": ">=",
    "≈": "~",
    "±": "+/-",
    "°": "o",
    "©": "(c)",
    "®": "(R)",
    "¢": "c",
    "\t": " ",
    "\v": "\n",
    "\u2028": "\n",
    "\u2029": "\n",
    # What has no width says nothing.
    "\u00ad": "",
    "\u200b": "",
    "\u200e": "",
    "\u200f": "",
    "\u2060": "",
    "\ufeff": "",
}
# French puts a hard space inside its quotation marks, English none.
_OPENING = re.compile("«[ \u00a0\u2009\u202f]*")
_CLOSING = re.compile("[ \u00a0\u2009\u202f]*»")
# « 25 °C » reads as « 25 C »; « n° 5 » as « no 5 ».
_DEGREE = re.compile("[ \u00a0\u2009\u202f]?°(?=[ \u00a0\u2009\u202f]?[CF]\\b)")


def plain(text: str) -> str:
    """Return the text with each sign outside GSM-7 replaced by its neighbour, where it has one.

    Signs of GSM-7 stay (è é ù ì ò à Ç É Ä Ö Ü Ñ €). What has no neighbour (an emoji, Arabic) stays too: ask
    ``fits_gsm7`` of what comes back.
    """
    text = unicodedata.normalize("NFC", text)
    text = _CLOSING.sub('"', _OPENING.sub('"', text))
    text = _DEGREE.sub(" ", text)
    return "".join(_neighbour(sign) for sign in text)


def _neighbour(sign: str) -> str:
    if sign in _GSM7:
        return sign
    if sign in _NEIGHBOURS:
        return _NEIGHBOURS[sign]
    # ê is an e under a circumflex, ² a 2, ﬁ an f and an i, a hard space a space.
    parts = unicodedata.normalize("NFKD", sign)
    bare = "".join(_NEIGHBOURS.get(part, part) for part in parts if not unicodedata.combining(part))
    return bare if bare and all(part in _GSM7 for part in bare) else sign
