"""When to retire a contact for good, and when a refusal is the sender's fault.

A provider's answer blames the contact, the sender, or nobody. A contact is retired by an answer that blames it, or by
the same unexplained answer to two alerts a week apart. Neither counts when many contacts of the same keeper got that
answer in one alert: then the fault is the sender's or the provider's, even if the answer blames the mailbox.
"""

from datetime import timedelta
from enum import IntEnum

APART = timedelta(days=7)
"""Minimum time between two alerts whose unexplained refusals retire a contact."""

MOST_SHARE = 0.05
FEW = 3
"""Up to this many refusals by one keeper are never too many: a family's own domain may have a single contact."""


class Blame(IntEnum):
    """Whom a refusal blames, as stored. ``STOPPED``: the contact's owner opted out at the provider."""

    CONTACT = 0
    UNEXPLAINED = 1
    SENDER = 2
    STOPPED = 3


def is_implausible(refused: int, asked: int) -> bool:
    """Return whether one keeper refused too large a share of its contacts for all of them to be dead."""
    return refused >= FEW and refused > MOST_SHARE * asked
