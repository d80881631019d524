"""The normal form in which addresses, ids and group names are compared.

Unicode NFKC, without format characters (zero-width spaces copied from web pages), blanks collapsed; ``key`` also folds
case (Unicode Standard, 3.13).
"""

from __future__ import annotations

import re
import unicodedata

LONGEST_SLUG = 60
_NOT_SLUG = re.compile(r"[^a-z0-9]+")
_LIGATURES = str.maketrans({"œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE"})


def plain(text: str) -> str:
    """Normalize a text, keeping case."""
    if text.isascii():
        return " ".join(text.split())
    seen = "".join(sign for sign in unicodedata.normalize("NFKC", text) if unicodedata.category(sign) != "Cf")
    return " ".join(seen.split())


def key(text: str) -> str:
    """Return the comparison key, equal for two spellings of one thing."""
    folded = plain(text).casefold()
    return folded if folded.isascii() else unicodedata.normalize("NFKC", folded)


def counted(n: int, one: str, several: str) -> str:
    """Return a count with its noun in English, for a terminal or the API: 1 person, 2,000 people."""
    return f"{n:,} {one if n == 1 else several}"


def group_slug(name: str) -> str:
    """Return a group's slug: « École Victor-Hugo » becomes ecole-victor-hugo. Empty without a letter or digit."""
    apart = unicodedata.normalize("NFKD", plain(name).translate(_LIGATURES)).lower()
    letters = "".join(sign for sign in apart if not unicodedata.combining(sign))
    return _NOT_SLUG.sub("-", letters).strip("-")[:LONGEST_SLUG].strip("-")
