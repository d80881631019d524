"""When a contact is given up for good, and when a refusal is nobody's fault but the sender's.

A provider's answer blames the contact, the sender, or nobody that can be told. Only a statement about the contact
retires it; or the same answer without a reason, to two alerts a week apart. Neither does when many contacts of the same
keeper got it in one alert: then it is the sender's trouble, or the keeper's, whatever the words were.
"""

from __future__ import annotations

from datetime import timedelta
from enum import IntEnum

APART = timedelta(days=7)
"""How far apart two alerts are whose unexplained refusals retire a contact."""

MOST_SHARE = 0.05
FEW = 3
"""So many refusals of one keeper are never taken for too many: of a family's own domain, one is all of them."""


class Blame(IntEnum):
    """What a refusal says, as the store keeps it. ``STOPPED``: the contact's owner told the provider to stop."""

    CONTACT = 0
    UNEXPLAINED = 1
    SENDER = 2
    STOPPED = 3


def too_many(refused: int, asked: int) -> bool:
    """Return whether so many contacts of one keeper, of those that were written to, can't all be dead."""
    return refused >= FEW and refused > MOST_SHARE * asked
