"""Normal forms for comparing addresses, ids and group names.

Unicode NFKC, without format characters (zero-width spaces copied from web pages), blanks collapsed; ``key`` also folds
case (Unicode Standard, 3.13). Searches and slugs use ASCII letters (``folded``).
"""

import re
import unicodedata

from anyascii import anyascii
from slugify import slugify

LONGEST_SLUG = 60
_WORD = re.compile(r"[a-z0-9]+")


def plain(text: str) -> str:
    """Normalize a text, keeping case."""
    if text.isascii():
        return " ".join(text.split())
    seen = "".join(sign for sign in unicodedata.normalize("NFKC", text) if unicodedata.category(sign) != "Cf")
    return " ".join(seen.split())


def key(text: str) -> str:
    """Return the comparison key, which is equal for two spellings of one thing."""
    folded = plain(text).casefold()
    return folded if folded.isascii() else unicodedata.normalize("NFKC", folded)


def folded(text: str) -> str:
    """Return a text in lower-case ASCII letters, for searches: « Ægir » becomes aegir."""
    return anyascii(plain(text).replace("°", " ")).casefold()  # anyascii spells ° as "deg"


def searched(text: str) -> str:
    """Return a text's folded words, separated by single blanks; hyphens and apostrophes separate words too."""
    return " ".join(_WORD.findall(folded(text)))


def group_slug(name: str) -> str:
    """Return a group's slug: « École Victor-Hugo » becomes ecole-victor-hugo. Empty without a letter or digit."""
    return slugify(folded(name), max_length=LONGEST_SLUG, entities=False, decimal=False, hexadecimal=False)
