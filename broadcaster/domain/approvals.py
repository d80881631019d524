"""Approval by a second person: which messages need it, and who may give it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from broadcaster.domain.alerts import RULES, Alert, Message, Severity, Status, ThreadRole

ALONE_AFTER = timedelta(minutes=5)
"""How long an author must wait for an approver before they may send alone, with a reason."""
LEAST_APPROVERS = 2
LONGEST_REASON = 300
_SEVEREST_FIRST = tuple(RULES)


class ApprovalState(StrEnum):
    """``returned``: an approver edited it, and its author may send it. ``alone``: sent without approval, with a reason.

    ``withdrawn``: its author withdrew it. ``overtaken``: an update whose alert was updated or ended before anybody
    decided, or a poll that closed before.
    """

    WAITING = "waiting"
    RETURNED = "returned"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    ALONE = "alone"
    OVERTAKEN = "overtaken"


OPEN = (ApprovalState.WAITING, ApprovalState.RETURNED)


@dataclass(frozen=True, slots=True)
class ApprovalRules:
    """A station's thresholds; None: this criterion requires no approval.

    ``severity``: the least that needs approval, for actual alerts. ``reach``: in people. ``training``: authors may
    approve their own alerts.
    """

    severity: Severity | None = Severity.SEVERE
    reach: int | None = None
    radius_m: float | None = None
    training: bool = False

    def asks(self, message: Message, people: int | None) -> bool:
        """Return whether a second person must approve a message. ``people``: how many it reaches, None if unknown."""
        severe = (
            self.severity is not None
            and message.status is Status.ACTUAL
            and _SEVEREST_FIRST.index(message.severity) <= _SEVEREST_FIRST.index(self.severity)
        )
        wide = self.radius_m is not None and message.area is not None and message.area.radius_m > self.radius_m
        many = self.reach is not None and (people is None or people > self.reach)
        return severe or wide or many


def goes_beyond(before: Message, after: Message) -> bool:
    """Return whether an update goes beyond what was approved: other texts, a new area, a higher severity."""
    graver = _SEVEREST_FIRST.index(after.severity) < _SEVEREST_FIRST.index(before.severity)
    within = after.area == before.area or (
        before.area is not None and after.area is not None and before.area.contains(after.area)
    )
    return graver or not within or after.texts != before.texts


@dataclass(frozen=True, slots=True)
class Approval:
    """An alert submitted for approval, and the decision. Its id is the alert's.

    ``author``: who wrote it, or the key that sent it; ``editor``: who changed it last, at first the author or who made
    the key. ``why``: the reason for refusing it, or for sending it
    alone.
    """

    alert: Alert
    author: int
    editor: int
    state: ApprovalState
    asked_at: datetime
    decided_by: int | None = None
    decided_at: datetime | None = None
    why: str = ""

    @property
    def id(self) -> int:
        return self.alert.id

    @property
    def replaces(self) -> int | None:
        """Return the id of the version that an update was written on."""
        return self.alert.references[-1] if self.alert.role is ThreadRole.UPDATE else None

    def may_approve(self, key_id: int, *, approver: bool, training: bool) -> bool:
        """Return whether somebody may approve it: nobody approves their own words, except in training."""
        if self.state not in OPEN:
            return False
        second = approver or (self.state is ApprovalState.RETURNED and key_id == self.author)
        return second and (key_id != self.editor or training)

    def may_go_alone(self, key_id: int, now: datetime) -> bool:
        """Return whether its author has waited long enough to send it without approval."""
        return self.state in OPEN and key_id == self.author and now - self.asked_at >= ALONE_AFTER
