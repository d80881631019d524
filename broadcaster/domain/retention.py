"""How long each kind of data is kept. The timetable deletes what is older; a console page shows it."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

WARNINGS = timedelta(days=91), timedelta(days=30), timedelta(days=7)
"""How long before their erasure inactive people are warned, each time."""
GRACE = timedelta(days=30)
"""How long a period of months deletes nothing after the update that brought it: time to lengthen it first."""
_MONTH = timedelta(days=365.25 / 12)


class Kind(StrEnum):
    """What is kept for a limited time.

    ``inactive``: residents who gave no sign. ``unanswered``: sign-ups by push that no device answered. ``reports``: who
    an alert was for. ``proofs``: signed requests. ``names``: disabled operators and ended keys.
    """

    INACTIVE = "inactive"
    UNANSWERED = "unanswered"
    DEAD_CONTACTS = "dead_contacts"
    POSITIONS = "positions"
    REPORTS = "reports"
    PROOFS = "proofs"
    NAMES = "names"
    HELP_POSITIONS = "help_positions"
    VOLUNTEERS = "volunteers"
    INBOX = "inbox"
    CORRECTIONS = "corrections"
    TRIALS = "trials"
    REFUSALS = "refusals"
    SCHEDULES = "schedules"
    APPROVALS = "approvals"
    SANDBOX = "sandbox"


@dataclass(frozen=True, slots=True)
class Period:
    """A period: of a setting (``keep_…_months`` or ``_days``), or fixed."""

    setting: str = ""
    fixed: timedelta = timedelta()

    @property
    def has_grace(self) -> bool:
        return self.setting.endswith("months")

    def length(self, value: int) -> timedelta:
        """Return how long that is; ``value``: the setting's, ignored for a fixed one."""
        if not self.setting:
            return self.fixed
        return value * (_MONTH if self.has_grace else timedelta(days=1))


PERIODS = {
    Kind.INACTIVE: Period("keep_inactive_months"),
    Kind.UNANSWERED: Period(fixed=timedelta(days=183)),
    Kind.DEAD_CONTACTS: Period("keep_dead_contacts_months"),
    Kind.POSITIONS: Period("keep_positions_days"),
    Kind.REPORTS: Period("keep_reports_months"),
    Kind.PROOFS: Period("keep_proofs_months"),
    Kind.NAMES: Period("keep_disabled_months"),
    Kind.HELP_POSITIONS: Period(fixed=timedelta(days=30)),
    Kind.VOLUNTEERS: Period(fixed=timedelta(days=30)),
    Kind.INBOX: Period(fixed=timedelta(days=90)),
    Kind.CORRECTIONS: Period(fixed=timedelta(days=400)),
    Kind.TRIALS: Period(fixed=timedelta(days=100)),
    Kind.REFUSALS: Period(fixed=timedelta(days=400)),
    Kind.SCHEDULES: Period(fixed=timedelta(days=400)),
    Kind.APPROVALS: Period(fixed=timedelta(days=400)),
    Kind.SANDBOX: Period(fixed=timedelta(days=400)),
}
