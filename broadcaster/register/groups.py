"""Groups by the names that people give them."""

from __future__ import annotations

import re
import unicodedata

LONGEST_SLUG = 60
_NOT_SLUG = re.compile(r"[^a-z0-9]+")
_LIGATURES = str.maketrans({"œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE"})


def group_slug(name: str) -> str:
    """Give the slug of a group's name: « École Victor-Hugo » is ecole-victor-hugo. Empty without a letter or figure.

    The API names groups in the same way (``http.contacts.group_slugs``): a test holds the two together.
    """
    apart = unicodedata.normalize("NFKD", name.translate(_LIGATURES)).lower()
    plain = "".join(sign for sign in apart if not unicodedata.combining(sign))
    return _NOT_SLUG.sub("-", plain).strip("-")[:LONGEST_SLUG].strip("-")
