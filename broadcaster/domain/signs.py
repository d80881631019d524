"""Which signs no text of ours may hold, whoever wrote it.

Control characters end a line or a field for some medium. Embeddings, overrides and isolates of the direction of writing
(Unicode Standard Annex 9: U+202A to U+202E, U+2066 to U+2069) show a text otherwise than it is: a link or a number
backwards. The marks U+200E and U+200F and the joiners stay: Arabic, Hebrew and some pictures are written with them.
"""

from __future__ import annotations

import re

from broadcaster.domain.refusals import Refused

TURNING = "\\u202a-\\u202e\\u2066-\\u2069"
LINE = rf"^[^\x00-\x1f\x7f-\x9f{TURNING}]*$"
PROSE = rf"^[^\x00-\x08\x0b-\x1f\x7f-\x9f{TURNING}]*$"

# And what ends a line for some, or is half a character: no channel could carry it.
_NOT_IN_A_LINE = re.compile(f"[\x00-\x1f\x7f-\x9f\u2028\u2029{TURNING}\ud800-\udfff]")
_NOT_IN_PROSE = re.compile(f"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029{TURNING}\ud800-\udfff]")
_TURNING = re.compile(f"[{TURNING}]")


def unfit(text: str, *, one_line: bool, field: str = "") -> Refused | None:
    """Return what is wrong with the first sign that does not belong in a text; None where there is none."""
    found = (_NOT_IN_A_LINE if one_line else _NOT_IN_PROSE).search(text)
    if found is None:
        return None
    name = f"U+{ord(found[0]):04X}"
    if _TURNING.match(found[0]):
        return Refused("turning-sign", field, sign=name)
    return Refused("control-sign-in-line" if one_line else "control-sign", field, sign=name)
