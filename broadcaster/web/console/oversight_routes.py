"""Console routes of oversight: the audit log, API keys, and approvals."""

from broadcaster.domain.audit import Action
from broadcaster.domain.permissions import Permission
from broadcaster.http.route import Route
from broadcaster.web.console.approvals import approvals, rules
from broadcaster.web.console.audit import audit
from broadcaster.web.console.operators import keys, roster
from broadcaster.web.console.routing import data_at, form_at, page_at

_ONE = f"{approvals.APPROVALS}/{{id}}"
_ROSTER = "/console/stations/{slug}/roster"
_RULES = "/console/stations/{slug}/approval"

ROUTES: tuple[Route, ...] = (
    page_at(
        audit.AUDIT,
        audit.page,
        Permission.OPERATORS,
        "Who did what.",
        query=audit.AuditQuery,
        views=Action.AUDIT_SEEN,
    ),
    data_at(
        "GET",
        f"{audit.AUDIT}.csv",
        audit.as_csv,
        Permission.OPERATORS,
        "The log as CSV.",
        query=audit.AuditQuery,
        answers={200: "text/csv"},
        page=True,
        proven=True,
        changes=(Action.AUDIT_EXPORTED,),
    ),
    data_at(
        "GET",
        f"{audit.AUDIT}.json",
        audit.as_json,
        Permission.OPERATORS,
        "The log as JSON, an entry a line.",
        query=audit.AuditQuery,
        answers={200: "application/jsonl"},
        page=True,
        proven=True,
        changes=(Action.AUDIT_EXPORTED,),
    ),
    page_at(keys.KEYS, keys.listing, Permission.OPERATORS, "API keys.", views=Action.OPERATORS_SEEN),
    form_at(keys.KEYS, keys.add, Permission.OPERATORS, "Make one.", proven=True, changes=(Action.KEY_MADE,)),
    form_at(
        f"{keys.KEYS}/{{id}}/revoke",
        keys.revoke,
        Permission.OPERATORS,
        "Revoke one.",
        proven=True,
        changes=(Action.KEY_REVOKED,),
    ),
    page_at(_ONE, approvals.one, Permission.LOOK, "An alert that waits for a second person."),
    form_at(
        _ONE,
        approvals.act,
        Permission.SEND,
        "Approve it, refuse it, or send it alone.",
        proven=True,
        changes=(
            Action.APPROVED,
            Action.APPROVAL_REFUSED,
            Action.APPROVAL_WITHDRAWN,
            Action.SENT_ALONE,
            Action.ALERT_SENT,
            Action.ALERT_UPDATED,
        ),
    ),
    page_at(f"{_ONE}/edit", approvals.edit, Permission.APPROVE, "Its words, to be changed."),
    form_at(f"{_ONE}/edit", approvals.save, Permission.APPROVE, "Hand it back.", changes=(Action.APPROVAL_EDITED,)),
    page_at(_ROSTER, roster.page, Permission.SEND, "Who may send in which week."),
    form_at(_ROSTER, roster.change, Permission.OPERATORS, "Set it.", proven=True, changes=(Action.ROSTER_SET,)),
    page_at(_RULES, rules.page, Permission.SETTINGS, "From when on a second person approves."),
    form_at(_RULES, rules.change, Permission.SETTINGS, "Set it.", proven=True, changes=(Action.APPROVAL_RULES_SET,)),
)
