"""What became of a message, and of a person; states only ever move forward.

The numbers order the states: a move is allowed only to a greater one. A failure stands above *accepted*, for a
provider that took a message may yet report that it did not arrive; and below *delivered*, for whoever saw the alert
was reached, whatever had been reported before.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from broadcaster.domain.reasons import Reason

if TYPE_CHECKING:
    from datetime import datetime

    from broadcaster.domain.retirement import Blame
    from channels.base import Composed

_FAILURES_BEGIN, _FAILURES_END = 30, 40


class DeliveryState(IntEnum):
    """One alert to one contact."""

    QUEUED = 0
    ACCEPTED = 20
    EXPIRED = 30
    CANCELLED = 31
    FAILED = 32
    GONE = 33
    DEAD_LETTER = 34
    DELIVERED = 40
    DISPLAYED = 50
    OPENED = 60
    ACKNOWLEDGED = 70

    @property
    def word(self) -> str:
        return self.name.lower()

    @property
    def failure(self) -> bool:
        return self in _FAILURES

    @property
    def held(self) -> bool:
        """Return whether a provider has the message, or its receiver."""
        return self in _HELD

    @property
    def reason(self) -> Reason:
        """Return why a delivery failed, where nothing says more."""
        return _REASONS[self]


_REASONS = {
    DeliveryState.EXPIRED: Reason.EXPIRED,
    DeliveryState.CANCELLED: Reason.CANCELLED,
    DeliveryState.FAILED: Reason.FAILED,
    DeliveryState.GONE: Reason.GONE,
    DeliveryState.DEAD_LETTER: Reason.BUG,
}
_FAILURES = frozenset(each for each in DeliveryState if _FAILURES_BEGIN <= each < _FAILURES_END)
_HELD = frozenset(each for each in DeliveryState if each > DeliveryState.QUEUED and each not in _FAILURES)


class PersonState(IntEnum):
    """One alert to one person: the best of their deliveries; each person ends in exactly one state but *pending*."""

    PENDING = 0
    UNREACHED = 10
    ACCEPTED = 20
    DELIVERED = 40
    DISPLAYED = 50
    OPENED = 60
    ACKNOWLEDGED = 70

    @property
    def word(self) -> str:
        return self.name.lower()


def may_move(old: DeliveryState, new: DeliveryState) -> bool:
    """Return whether a delivery may go from ``old`` to ``new``: forward, and never from one failure to another."""
    if new.failure and old.failure:
        return False
    return new > old


@dataclass(slots=True)
class Person:
    """One person's standing in one alert, of which ``moved`` keeps the sums.

    ``pending`` and ``held`` count their deliveries that are still to be sent, and that a provider has taken;
    ``reasons`` say why the others failed (``domain.reasons.pack``).
    """

    subscriber_id: int
    state: PersonState
    pending: int
    held: int
    reasons: str = ""

    def moved(self, old: DeliveryState, new: DeliveryState) -> None:
        """Take over that one of the person's deliveries went from ``old`` to ``new``."""
        self.pending += int(new is DeliveryState.QUEUED) - int(old is DeliveryState.QUEUED)
        self.held += int(new.held) - int(old.held)
        self.settle(new)

    def settle(self, best: DeliveryState | None = None) -> None:
        """Derive the state from the sums; ``best`` is the news, if there is any."""
        if best is not None and best >= DeliveryState.DELIVERED:
            self.state = max(self.state, PersonState(int(best)))
        elif self.state < PersonState.DELIVERED:
            if self.held > 0:
                self.state = PersonState.ACCEPTED
            else:
                self.state = PersonState.PENDING if self.pending > 0 else PersonState.UNREACHED


@dataclass(slots=True)  # one a message: frozen, making it would cost three times as much
class Outcome:
    """What one try, or one receipt, said of one delivery.

    ``state`` None: nothing final, to be tried again at ``next_attempt_at``. ``tried``: a message was handed to the
    provider, or might have been. ``reason``: why it failed, where its state does not say it all; ``code`` is the
    provider's (``smtp:5.1.1``). ``maybe_sent``: an earlier try may have reached its receiver, by ``provider`` where the
    channel has two. ``again``: the call that the provider
    knows as ``provider_id`` found nobody; it alone takes a delivery from *accepted* back to *queued*, and only once,
    since the next call has another name. ``keeper`` is who answers for the contact (Orange, a push service), empty
    where it is the channel itself. ``blame`` is whom a refusal is about; ``answer`` is then the same for the same
    answer to another message, and ``detail`` the provider's words.
    """

    delivery_id: int
    state: DeliveryState | None
    at: datetime
    tried: bool = False
    provider_id: str | None = None
    code: str | None = None
    next_attempt_at: datetime | None = None
    composed: Composed | None = None
    again: bool = False
    keeper: str = ""
    blame: Blame | None = None
    answer: str = ""
    detail: str = ""
    reason: Reason | None = None
    maybe_sent: bool = False
    provider: str | None = None
