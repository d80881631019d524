"""The tables. Migrations create them (``store/migrations``); a test compares the two.

Personal data is sealed (``store/engine/sealing.py``): contacts, places, positions, names. Times are microseconds since
1970 UTC (``Instant``): exact, ordered, the same on SQLite and PostgreSQL.
"""

# ruff: noqa: I001
# fmt: off
from broadcaster.store.tables.alerts import (
    ANY_ID, MAYBE_SENT, REFUSED, SMS_ONLY, alert_counts, alert_latencies, alerts, batches, contact_refusals,
    deliveries, escalations, keeper_answers, outbox, recipients, sandbox_messages, shares,
)
from broadcaster.store.tables.answers import (
    OPEN_ONLY, answers, duty_weeks, help_duties, help_requests, inbox_messages, visits, volunteers,
)
from broadcaster.store.tables.columns import (
    Instant, from_micros, metadata, raw, to_micros,
)
from broadcaster.store.tables.operations import (
    approval_rules, approvals, audit_entries, audit_notes, audit_segments, channel_stops, leases, processes, sessions,
)
from broadcaster.store.tables.operators import (
    OPERATOR, operator_links, operator_pushes, operator_roles, operators, passkeys, recovery_codes,
    used_challenges, vulnerable_grants,
)
from broadcaster.store.tables.people import (
    FORGOTTEN_ONLY, GONE_ONLY, addresses, changes, confirmations, contacts, cursors, follows, identities, links,
    memberships,
    opt_outs, places, positions, signed_requests, subscribers, topic_choices, trials, upload_parts, uploads,
    vulnerable_people, welcomes,
)
from broadcaster.store.tables.polls import (
    poll_ballots, poll_pending, poll_voters, polls,
)
from broadcaster.store.tables.consents import (
    consent_texts, consents,
)
from broadcaster.store.tables.privacy import (
    enforcements, erasures, lasting_keys, suppressions,
)
from broadcaster.store.tables.stations import (
    NOT_SENT, api_keys, groups, households, occurrences, ppms, schedules, stations, templates, topic_shares,
)

__all__ = [
    "ANY_ID",
    "FORGOTTEN_ONLY",
    "GONE_ONLY",
    "MAYBE_SENT",
    "NOT_SENT",
    "OPEN_ONLY",
    "OPERATOR",
    "REFUSED",
    "SMS_ONLY",
    "Instant",
    "addresses",
    "alert_counts",
    "alert_latencies",
    "alerts",
    "answers",
    "api_keys",
    "approval_rules",
    "approvals",
    "audit_entries",
    "audit_notes",
    "audit_segments",
    "batches",
    "changes",
    "channel_stops",
    "confirmations",
    "consent_texts",
    "consents",
    "contact_refusals",
    "contacts",
    "cursors",
    "deliveries",
    "duty_weeks",
    "enforcements",
    "erasures",
    "escalations",
    "follows",
    "from_micros",
    "groups",
    "help_duties",
    "help_requests",
    "households",
    "identities",
    "inbox_messages",
    "keeper_answers",
    "lasting_keys",
    "leases",
    "links",
    "memberships",
    "metadata",
    "occurrences",
    "operator_links",
    "operator_pushes",
    "operator_roles",
    "operators",
    "opt_outs",
    "outbox",
    "passkeys",
    "places",
    "poll_ballots",
    "poll_pending",
    "poll_voters",
    "polls",
    "positions",
    "ppms",
    "processes",
    "raw",
    "recipients",
    "recovery_codes",
    "sandbox_messages",
    "schedules",
    "sessions",
    "shares",
    "signed_requests",
    "stations",
    "subscribers",
    "suppressions",
    "templates",
    "to_micros",
    "topic_choices",
    "topic_shares",
    "trials",
    "upload_parts",
    "uploads",
    "used_challenges",
    "visits",
    "volunteers",
    "vulnerable_grants",
    "vulnerable_people",
    "welcomes",
]
