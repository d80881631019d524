"""Levels of proof of a resident's identity. Polls may require one, alerts never do."""

import re

from broadcaster.domain.refusals import Refused
from broadcaster.domain.spelling import searched
from broadcaster.domain.words import Worded

_BORN = re.compile(r"\d{4}-\d\d-\d\d")


class IdentityLevel(Worded):
    """``contact``: a telephone or mail is confirmed, or the station registered it. ``counter``: at the town hall."""

    NONE = 0
    CONTACT = 1
    FRANCECONNECT = 2
    COUNTER = 3

    @property
    def proven(self) -> bool:
        """Return whether an identity was shown, not only a contact."""
        return self >= IdentityLevel.FRANCECONNECT


def civil(family: str, given: str, born: str) -> str:
    """Return birth name, first given name and date of birth (YYYY-MM-DD) as one text, the same in all spellings.

    Raises ``Refused`` if one is missing.
    """
    names = searched(family), searched((given.split() or [""])[0].strip(","))
    if not all(names) or not _BORN.fullmatch(born):
        raise Refused("identity-incomplete", "born")
    return "\0".join((*names, born))
