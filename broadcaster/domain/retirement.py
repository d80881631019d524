"""When to retire a contact for good, and when a refusal is the sender's fault.

A provider's answer blames the contact, the sender, or nobody in particular. Only a statement about the contact retires
it; or the same unexplained answer to two alerts a week apart. Neither does when many contacts of the same keeper got it
in one alert: then the sender or the keeper is at fault, whatever the words were.
"""

from datetime import timedelta
from enum import IntEnum

APART = timedelta(days=7)
"""Minimum time between two alerts whose unexplained refusals retire a contact."""

MOST_SHARE = 0.05
FEW = 3
"""Up to this many refusals of one keeper are never too many: in a family's own domain, one is all."""


class Blame(IntEnum):
    """Whom a refusal blames, as stored. ``STOPPED``: the contact's owner opted out at the provider."""

    CONTACT = 0
    UNEXPLAINED = 1
    SENDER = 2
    STOPPED = 3


def too_many(refused: int, asked: int) -> bool:
    """Return whether too many contacts of one keeper refused, among those asked, for all to be dead."""
    return refused >= FEW and refused > MOST_SHARE * asked
