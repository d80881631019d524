"""Four eyes: which messages a second person must approve, and who that may be."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from broadcaster.domain.alerts import RULES, Alert, Message, Severity, Status

ALONE_AFTER = timedelta(minutes=5)
"""How long an author waits for an answer before they may send alone, with a reason."""
LEAST_APPROVERS = 2
LONGEST_REASON = 300
_SEVEREST_FIRST = tuple(RULES)


class ApprovalState(StrEnum):
    """``returned``: an approver edited it, and its author may send it. ``alone``: sent without approval, with a reason.

    ``withdrawn``: by its author.
    """

    WAITING = "waiting"
    RETURNED = "returned"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    ALONE = "alone"


OPEN = (ApprovalState.WAITING, ApprovalState.RETURNED)


@dataclass(frozen=True, slots=True)
class ApprovalRules:
    """A station's thresholds; None: that alone asks for nobody.

    ``severity``: from this one up, of actual alerts. ``reach``: people. ``training``: authors may approve their own.
    """

    severity: Severity | None = Severity.SEVERE
    reach: int | None = None
    radius_m: float | None = None
    training: bool = False

    def asks(self, message: Message, people: int | None) -> bool:
        """Return whether a second person must approve a message; ``people``: whom it reaches, None if unknown."""
        severe = (
            self.severity is not None
            and message.status is Status.ACTUAL
            and _SEVEREST_FIRST.index(message.severity) <= _SEVEREST_FIRST.index(self.severity)
        )
        wide = self.radius_m is not None and message.area is not None and message.area.radius_m > self.radius_m
        many = self.reach is not None and (people is None or people > self.reach)
        return severe or wide or many


@dataclass(frozen=True, slots=True)
class Approval:
    """An alert that waits for a second person, or was decided. Its id is the alert's.

    ``author``: who wrote it; ``editor``: who changed it last. ``why``: the reason of a refusal, or of sending alone.
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

    def may_approve(self, key_id: int, *, approver: bool, training: bool) -> bool:
        """Return whether somebody may let it go out: nobody their own words, but for training."""
        if self.state not in OPEN:
            return False
        second = approver or (self.state is ApprovalState.RETURNED and key_id == self.author)
        return second and (key_id != self.editor or training)

    def may_go_alone(self, key_id: int, now: datetime) -> bool:
        """Return whether its author may send it without an answer."""
        return self.state in OPEN and key_id == self.author and now - self.asked_at >= ALONE_AFTER
