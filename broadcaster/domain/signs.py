"""Characters that no text may contain.

Control characters end a line or a field in some media. Bidirectional embeddings, overrides and isolates (Unicode
Standard Annex 9: U+202A to U+202E, U+2066 to U+2069) can show a link or a number backwards. The marks U+200E and U+200F
and the joiners are allowed: Arabic, Hebrew and some emoji need them.
"""

import re
import unicodedata

from broadcaster.domain.refusals import Refused

TURNING = "\\u202a-\\u202e\\u2066-\\u2069"
LINE = rf"^[^\x00-\x1f\x7f-\x9f{TURNING}]*$"
PROSE = rf"^[^\x00-\x08\x0b-\x1f\x7f-\x9f{TURNING}]*$"

IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,200}")

# Also line separators, and lone surrogates, which no channel can carry.
_NOT_IN_A_LINE = re.compile(f"[\x00-\x1f\x7f-\x9f\u2028\u2029{TURNING}\ud800-\udfff]")
_NOT_IN_PROSE = re.compile(f"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029{TURNING}\ud800-\udfff]")
_TURNING = re.compile(f"[{TURNING}]")

_UNSEEN = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Fillers and the blank pattern of Braille: letters and symbols to Unicode, nothing to a reader."""


def says_nothing(text: str) -> bool:
    """Return whether a text is empty, or only of blanks and signs without ink, such as U+200B."""
    return all(each.isspace() or each in _UNSEEN or unicodedata.category(each) in ("Cf", "Mn") for each in text)


def unfit(text: str, *, one_line: bool, field: str = "") -> Refused | None:
    """Return the problem with the first disallowed character, or None."""
    found = (_NOT_IN_A_LINE if one_line else _NOT_IN_PROSE).search(text)
    if found is None:
        return None
    name = f"U+{ord(found[0]):04X}"
    if _TURNING.match(found[0]):
        return Refused("turning-sign", field, sign=name)
    return Refused("control-sign-in-line" if one_line else "control-sign", field, sign=name)
