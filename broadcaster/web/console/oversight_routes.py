"""Console routes of oversight: the audit log, API keys, and approvals."""

from broadcaster.domain.audit import Action
from broadcaster.http.route import Route
from broadcaster.web.console import retention
from broadcaster.web.console.approvals import approvals, rules
from broadcaster.web.console.audit import audit
from broadcaster.web.console.operators import keys, roster
from broadcaster.web.console.routing import APPROVE, LOOK, OPERATORS, SEND, SETTINGS

_LOG = audit.AUDIT
_ONE = f"{approvals.APPROVALS}/{{id}}"
_ROSTER = "/console/stations/{slug}/roster"
_RULES = "/console/stations/{slug}/approval"

ROUTES: tuple[Route, ...] = (
    OPERATORS.page(_LOG, audit.page, views=Action.AUDIT_SEEN),
    OPERATORS.file(f"{_LOG}.csv", audit.as_csv, "text/csv", Action.AUDIT_EXPORTED, proven=True),
    OPERATORS.file(f"{_LOG}.json", audit.as_json, "application/jsonl", Action.AUDIT_EXPORTED, proven=True),
    LOOK.page(retention.RETENTION, retention.page),
    OPERATORS.page(keys.KEYS, keys.listing, views=Action.OPERATORS_SEEN),
    OPERATORS.form(keys.KEYS, keys.add, Action.KEY_MADE, proven=True),
    OPERATORS.form(f"{keys.KEYS}/{{id}}/revoke", keys.revoke, Action.KEY_REVOKED, proven=True),
    LOOK.page(_ONE, approvals.one),
    SEND.form(
        _ONE,
        approvals.act,
        Action.APPROVED,
        Action.APPROVAL_REFUSED,
        Action.APPROVAL_WITHDRAWN,
        Action.SENT_ALONE,
        Action.ALERT_SENT,
        Action.ALERT_UPDATED,
        proven=True,
    ),
    APPROVE.page(f"{_ONE}/edit", approvals.edit),
    APPROVE.form(f"{_ONE}/edit", approvals.save, Action.APPROVAL_EDITED),
    SEND.page(_ROSTER, roster.page),
    OPERATORS.form(_ROSTER, roster.change, Action.ROSTER_SET, proven=True),
    SETTINGS.page(_RULES, rules.page),
    SETTINGS.form(_RULES, rules.change, Action.APPROVAL_RULES_SET, proven=True),
)
