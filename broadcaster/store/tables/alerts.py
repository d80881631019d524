"""Tables of alerts, their recipients, deliveries and batches, and their results."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from broadcaster.store.tables.columns import Id, Instant, metadata, set_only, station

# Permanent refusals that may retire a contact: judged when their alert is finished, and kept to compare with one a week
# later.
contact_refusals = Table(
    "contact_refusals",
    metadata,
    Column("contact_id", Id, ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("alert_id", BigInteger, primary_key=True, autoincrement=False),
    Column("keeper", LargeBinary(16), nullable=False),
    Column("blame", SmallInteger, nullable=False),
    Column("answer", String(60), nullable=False),
    Column("code", String(60), nullable=False),
    Column("state", SmallInteger, nullable=False),
    Column("at", Instant, nullable=False),
    Index("ix_contact_refusals_alert_id", "alert_id"),
)

REFUSED = "refused > 0"
"""Partial index condition of ``keeper_answers``: relevant to operators."""

# How many contacts of one keeper (Orange) an alert was sent to, and how many it refused because of the sender.
keeper_answers = Table(
    "keeper_answers",
    metadata,
    Column("alert_id", BigInteger, primary_key=True, autoincrement=False),
    Column("keeper", LargeBinary(16), primary_key=True),
    Column("channel", SmallInteger, nullable=False),
    Column("sealed", LargeBinary, nullable=False),  # the keeper's name and last words: a domain may identify a person
    Column("asked", Integer, nullable=False),
    Column("refused", Integer, nullable=False),
    Column("code", String(60), nullable=False),
    Column("at", Instant, nullable=False),
    Index("ix_keeper_answers_at", "at", sqlite_where=text(REFUSED), postgresql_where=text(REFUSED)),
)

alerts = Table(
    "alerts",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("token", String(16), nullable=False, unique=True),
    station(),
    Column("msg_type", String(10), nullable=False),
    Column("status", String(10), nullable=False),
    Column("severity", String(10), nullable=False),
    Column("urgency", String(10), nullable=False),
    Column("certainty", String(10), nullable=False),
    Column("category", String(10), nullable=False),
    Column("event", String(100), nullable=False),
    Column("texts", JSON, nullable=False),
    Column("area", JSON),
    Column("audience", JSON, nullable=False),
    Column("channels", JSON, nullable=False),
    Column("sandbox", JSON, nullable=False),
    Column("references", JSON, nullable=False),
    Column("rank", SmallInteger, nullable=False),
    Column("sent_at", Instant, nullable=False),
    Column("onset_at", Instant),
    Column("expires_at", Instant, nullable=False),
    Column("state", String(10), nullable=False),
    Column("lease_owner", String(40)),
    Column("lease_until", Instant),
    Column("resolved_at", Instant),
    Column("finished_at", Instant),
    Column("cancelled_at", Instant),
    Column("key_id", Id),
    Column("idempotency_key", String(200)),
    Column("request_hash", LargeBinary(32)),
    Column("topic", String(40)),
    Column("wakes", Boolean, nullable=False, server_default=false()),
    Column("quietly", Boolean, nullable=False, server_default=false()),
    Column("prepared", JSON(none_as_null=True)),  # texts of its update and its all-clear, by language
    Column("places", JSON(none_as_null=True)),  # addresses at the centres of its circles; null: not looked up
    Column("policy", JSON(none_as_null=True)),  # the policy when the alert was issued; null: all channels at once
    Column("own_policy", JSON(none_as_null=True)),  # where it is not its station's: its template's, or as given
    Column("stopped_at", Instant),  # when escalation was stopped
    Column("role", String(10)),  # domain.alerts.ThreadRole
    Column("thread_id", BigInteger),
    Column("followed_by", BigInteger),
    Column("silent", Boolean, nullable=False, server_default=false()),
    Column("forgotten_at", Instant),  # when all that says who it was for was deleted
    Column("figures", JSON(none_as_null=True)),  # of its report, kept when that begins to be deleted
    UniqueConstraint("station_id", "idempotency_key"),
    Index("ix_alerts_station_id_id", "station_id", "id"),
    Index("ix_alerts_state_expires_at", "state", "expires_at"),
    set_only("alerts", "thread_id"),
)

recipients = Table(
    "recipients",
    metadata,
    Column("alert_id", BigInteger, primary_key=True, autoincrement=False),
    Column("subscriber_id", BigInteger, primary_key=True, autoincrement=False),
    Column("state", SmallInteger, nullable=False),
    Column("pending", SmallInteger, nullable=False),
    Column("held", SmallInteger, nullable=False),
    Column("why", String(200), nullable=False),  # written by an earlier version; now empty
    Column("reasons", Text, nullable=False, server_default=text("''")),  # domain.reasons.pack
    Column("since_at", Instant, nullable=False),
    Column("accepted_at", Instant),
    Column("delivered_at", Instant),
    Column("unconfirmed", Boolean, nullable=False, server_default=false()),
    # End of a pending person's quiet hours; sending time of a digest.
    Column("wait_until", Instant),
    Column("next_round", SmallInteger),  # their next round of the alert's policy; null: no round follows
    Column("enough", SmallInteger),  # the lowest state in which no round follows
    set_only("recipients", "wait_until"),
    sqlite_with_rowid=False,
)

ANY_ID = "id > 0"
"""Condition of ``deliveries``' index for pages; it holds for all rows."""

MAYBE_SENT = "maybe_sent = true"
"""Partial index condition of ``deliveries``: few, and an ending looks for them."""

SMS_ONLY = "channel = 1"
"""Partial index condition of ``deliveries``: by SMS (``CHANNEL_NUMBER``)."""

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Id, primary_key=True),
    Column("alert_id", BigInteger, nullable=False),
    Column("subscriber_id", BigInteger, nullable=False),
    Column("contact_id", BigInteger, nullable=False),
    Column("channel", SmallInteger, nullable=False),
    Column("batch_id", BigInteger, nullable=False),
    Column("state", SmallInteger, nullable=False),
    Column("attempts", SmallInteger, nullable=False),
    Column("next_attempt_at", Instant),
    Column("provider_id", String(200)),
    Column("reason", String(20)),  # a failure's: domain.reasons.Reason
    Column("code", String(60)),  # the provider's own
    Column("maybe_sent", Boolean, nullable=False, server_default=false()),
    Column("provider", String(40)),  # which of two providers may have sent it
    Column("created_at", Instant, nullable=False),
    Column("accepted_at", Instant),
    Column("delivered_at", Instant),
    Column("displayed_at", Instant),
    Column("opened_at", Instant),
    Column("acknowledged_at", Instant),
    Column("ended_at", Instant),
    UniqueConstraint("alert_id", "contact_id"),
    Index("ix_deliveries_batch_id", "batch_id"),
    # Only for pages, which repeat its condition. Otherwise a planner without statistics would prefer it to the one
    # above, and scan a whole alert to find a contact.
    Index("ix_deliveries_pages", "alert_id", "id", sqlite_where=text(ANY_ID), postgresql_where=text(ANY_ID)),
    Index("ix_deliveries_maybe", "alert_id", sqlite_where=text(MAYBE_SENT), postgresql_where=text(MAYBE_SENT)),
    # A carrier's delivery report has only this id.
    Index("ix_deliveries_sms", "provider_id", sqlite_where=text(SMS_ONLY), postgresql_where=text(SMS_ONLY)),
    sqlite_autoincrement=True,  # the links in a message end with its id
)

# Other people who share a delivery, at a household's shared phone.
shares = Table(
    "shares",
    metadata,
    Column("alert_id", BigInteger, primary_key=True, autoincrement=False),
    Column("contact_id", BigInteger, primary_key=True, autoincrement=False),
    Column("subscriber_id", BigInteger, primary_key=True, autoincrement=False),
)

batches = Table(
    "batches",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("alert_id", BigInteger, nullable=False),
    Column("channel", SmallInteger, nullable=False),
    Column("rank", SmallInteger, nullable=False),
    Column("size", Integer, nullable=False),
    Column("done", Boolean, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("lease_owner", String(40)),
    Column("lease_until", Instant),
    Column("by", String(40)),
    Column("again", Boolean, nullable=False, server_default=false()),  # to people told of an earlier version
    Index("ix_batches_alert_id", "alert_id"),
)

Index(
    "ix_batches_unfinished",
    batches.c.due_at,
    sqlite_where=batches.c.done.is_(False),
    postgresql_where=batches.c.done.is_(False),
)

# People who may get a round of an alert's policy, a few hundred a row: store/alerts/escalations.py.
escalations = Table(
    "escalations",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("alert_id", BigInteger, nullable=False),
    Column("round", SmallInteger, nullable=False),
    Column("rank", SmallInteger, nullable=False),
    Column("people", JSON, nullable=False),  # subscribers' ids
    Column("began_at", Instant, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("state", SmallInteger, nullable=False),
    Index("ix_escalations_alert_id", "alert_id"),
)

Index("ix_escalations_open", escalations.c.due_at, sqlite_where=text("state < 2"), postgresql_where=text("state < 2"))

alert_counts = Table(
    "alert_counts",
    metadata,
    Column("alert_id", BigInteger, primary_key=True, autoincrement=False),
    Column("subject", String(10), primary_key=True),
    Column("state", SmallInteger, primary_key=True, autoincrement=False),
    Column("n", Integer, nullable=False),
)

alert_latencies = Table(
    "alert_latencies",
    metadata,
    Column("alert_id", BigInteger, primary_key=True, autoincrement=False),
    Column("measure", String(10), primary_key=True),
    Column("bucket", SmallInteger, primary_key=True, autoincrement=False),
    Column("n", Integer, nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Id, primary_key=True),
    Column("topic", String(40), nullable=False),
    Column("ref", String(40), nullable=False),
    Column("rank", SmallInteger, nullable=False),
    sqlite_autoincrement=True,
)

sandbox_messages = Table(
    "sandbox_messages",
    metadata,
    Column("id", Id, primary_key=True),
    Column("alert_id", BigInteger, nullable=False),
    Column("delivery_id", BigInteger, nullable=False),
    Column("channel", SmallInteger, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("at", Instant, nullable=False),
    Index("ix_sandbox_messages_alert_id_id", "alert_id", "id"),
)
