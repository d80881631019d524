"""The cheap spelling of a text: its nearest form in GSM-7.

Only offered to the author, never applied automatically: some words change (« cote » and « côté »).
"""

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
    # Zero-width characters.
    "\u00ad": "",
    "\u200b": "",
    "\u200e": "",
    "\u200f": "",
    "\u2060": "",
    "\ufeff": "",
}
# French has hard spaces inside quotation marks, English has none.
_OPENING = re.compile("«[ \u00a0\u2009\u202f]*")
_CLOSING = re.compile("[ \u00a0\u2009\u202f]*»")
# « 25 °C » reads as « 25 C »; « n° 5 » as « no 5 ».
_DEGREE = re.compile("[ \u00a0\u2009\u202f]?°(?=[ \u00a0\u2009\u202f]?[CF]\\b)")


def plain(text: str) -> str:
    """Return the text with each non-GSM-7 character replaced by its nearest, if there is one.

    GSM-7 characters stay (è é ù ì ò à Ç É Ä Ö Ü Ñ €). Characters without a substitute (an emoji, Arabic) stay too.
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
