"""States of a delivery and of a person; they only move forward.

The numbers order the states: a move is allowed only to a greater one. Failures rank above *accepted*, since a provider
may accept a message and report a failure later; and below *delivered*, since a person who saw the alert was reached,
whatever was reported before.
"""

from dataclasses import dataclass
from datetime import datetime

from broadcaster.domain.reasons import Reason
from broadcaster.domain.retirement import Blame
from broadcaster.domain.words import Worded
from channels.base import Composed

_FAILURES_BEGIN, _FAILURES_END = 30, 40


class DeliveryState(Worded):
    """State of one alert's message to one contact."""

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
    def failure(self) -> bool:
        return self in _FAILURES

    @property
    def held(self) -> bool:
        """Return whether a provider or the receiver has the message."""
        return self in _HELD

    @property
    def reason(self) -> Reason:
        """Return the default reason for this failure state."""
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


class PersonState(Worded):
    """State of one alert for one person: the best of their deliveries. Each person ends in exactly one state other than
    *pending*. People who chose a digest, or not to get it, are counted separately (``CHOSEN``), as are those whom a
    silent update does not disturb (``spared``) because they were told of the previous version.
    """

    PENDING = 0
    UNWANTED = 5
    DIGEST = 6
    SPARED = 7
    UNREACHED = 10
    ACCEPTED = 20
    DELIVERED = 40
    DISPLAYED = 50
    OPENED = 60
    ACKNOWLEDGED = 70


CHOSEN = frozenset({PersonState.UNWANTED, PersonState.DIGEST, PersonState.SPARED})


def may_move(old: DeliveryState, new: DeliveryState) -> bool:
    """Return whether the move goes forward; one failure never replaces another."""
    if new.failure and old.failure:
        return False
    return new > old


@dataclass(slots=True)
class Person:
    """One person's state and sums in one alert; ``moved`` updates the sums.

    ``pending``, ``held``: number of deliveries not yet sent, and accepted by a provider. ``reasons``: why the others
    failed (``domain.reasons.pack``). ``next_round``: their next round of the alert's policy; None: no round follows.
    ``enough``: the lowest state in which no round follows.
    """

    subscriber_id: int
    state: PersonState
    pending: int
    held: int
    reasons: str = ""
    next_round: int | None = None
    enough: PersonState = PersonState.ACKNOWLEDGED

    @property
    def all_failed(self) -> bool:
        """Return whether nothing sent so far can still reach them, but a further round follows."""
        return self.next_round is not None and self.pending == self.held == 0 and self.state is PersonState.PENDING

    def moved(self, old: DeliveryState, new: DeliveryState) -> None:
        """Update the sums for a delivery that went from ``old`` to ``new``."""
        self.pending += int(new is DeliveryState.QUEUED) - int(old is DeliveryState.QUEUED)
        self.held += int(new.held) - int(old.held)
        self.settle(new)

    def settle(self, best: DeliveryState | None = None) -> None:
        """Derive the state from the sums; ``best`` is a newly reported state, if any."""
        if best is not None and best >= DeliveryState.DELIVERED:
            self.state = max(self.state, PersonState(int(best)))
        elif self.state < PersonState.DELIVERED:
            if self.held > 0:
                self.state = PersonState.ACCEPTED
            else:
                left = self.pending > 0 or self.next_round is not None
                self.state = PersonState.PENDING if left else PersonState.UNREACHED
        if self.state >= self.enough:
            self.next_round = None


@dataclass(slots=True)  # one per message: frozen would make construction three times as slow
class Outcome:
    """Result of one attempt or one receipt for a delivery.

    ``state`` None: not final, retry at ``next_attempt_at``. ``tried``: the message was, or may have been, handed to the
    provider. ``reason``: why it failed, where the state does not say; ``code``: the provider's (``smtp:5.1.1``).
    ``maybe_sent``: an earlier attempt may have arrived, through ``provider`` if the channel has two. ``again``: the
    call that the provider knows as ``provider_id`` reached nobody; only this takes a delivery from *accepted* back to
    *queued*, and only once, since the next call has another id. ``keeper``: who is responsible for the contact (Orange,
    a push service), empty for the channel itself. ``blame``: whom a refusal blames; ``answer`` then identifies equal
    answers to different messages, and ``detail`` holds the provider's words.
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
