"""Levels of proof of a resident's identity. Polls may require one, alerts never do."""

from enum import IntEnum


class IdentityLevel(IntEnum):
    """``contact``: a telephone or a mail is confirmed, or the station registered them. ``counter``: shown at the town
    hall.
    """

    NONE = 0
    CONTACT = 1
    FRANCECONNECT = 2
    COUNTER = 3

    @property
    def word(self) -> str:
        return self.name.lower()

    @property
    def proven(self) -> bool:
        """Return whether an identity was shown, not only a contact."""
        return self >= IdentityLevel.FRANCECONNECT
