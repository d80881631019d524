"""One normal form for what people write: addresses, ids and names of groups are compared by it.

Unicode's NFKC, without format characters (a zero-width space that came along from a web page), blanks as one; ``key``
folds case too (Unicode Standard, 3.13).
"""

from __future__ import annotations

import re
import unicodedata

LONGEST_SLUG = 60
_NOT_SLUG = re.compile(r"[^a-z0-9]+")
_LIGATURES = str.maketrans({"œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE"})


def plain(text: str) -> str:
    """Return a text in its normal form, its case kept."""
    if text.isascii():
        return " ".join(text.split())
    seen = "".join(sign for sign in unicodedata.normalize("NFKC", text) if unicodedata.category(sign) != "Cf")
    return " ".join(seen.split())


def key(text: str) -> str:
    """Return what two spellings of one thing have in common."""
    folded = plain(text).casefold()
    return folded if folded.isascii() else unicodedata.normalize("NFKC", folded)


def counted(n: int, one: str, several: str) -> str:
    """Return a number and its word, in English, for a terminal or the API: 1 person, 2,000 people."""
    return f"{n:,} {one if n == 1 else several}"


def group_slug(name: str) -> str:
    """Return a group's slug: « École Victor-Hugo » is ecole-victor-hugo. Empty without a letter or figure."""
    apart = unicodedata.normalize("NFKD", plain(name).translate(_LIGATURES)).lower()
    letters = "".join(sign for sign in apart if not unicodedata.combining(sign))
    return _NOT_SLUG.sub("-", letters).strip("-")[:LONGEST_SLUG].strip("-")
