"""The tables. Migrations create them (``store/migrations``); a test compares the two.

Personal data is sealed (``store/engine/sealing.py``): contacts, places, positions, names. Times are microseconds since
1970 UTC (``Instant``): exact, ordered, the same on SQLite and PostgreSQL.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
    type_coerce,
)
from sqlalchemy.types import TypeDecorator

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect
    from sqlalchemy.sql.elements import ColumnElement

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_micros(moment: datetime) -> int:
    """Return microseconds since 1970 UTC of an aware datetime."""
    return (moment - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """Return the aware UTC datetime of microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=micros)


class Instant(TypeDecorator[datetime]):
    """An aware datetime, stored as microseconds since 1970 UTC."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        return None if value is None else to_micros(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else from_micros(value)


def raw(column: Column[Any]) -> ColumnElement[Any]:
    """Return a column unconverted, an ``Instant`` in microseconds: for many rows."""
    return type_coerce(column, BigInteger()) if isinstance(column.type, Instant) else column


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite autoincrements only a column declared exactly INTEGER.
Id = BigInteger().with_variant(Integer(), "sqlite")


def _subscriber(*, primary_key: bool = False) -> Column[int]:
    return Column(
        "subscriber_id", Id, ForeignKey("subscribers.id", ondelete="CASCADE"), primary_key=primary_key, nullable=False
    )


def _station(*, primary_key: bool = False) -> Column[int]:
    return Column(
        "station_id", Id, ForeignKey("stations.id", ondelete="CASCADE"), primary_key=primary_key, nullable=False
    )


def _set_only(table: str, column: str) -> Index:
    """Partial index of rows where a column is set."""
    there = text(f"{column} IS NOT NULL")
    return Index(f"ix_{table}_{column}", column, sqlite_where=there, postgresql_where=there)


stations = Table(
    "stations",
    metadata,
    Column("id", Id, primary_key=True),
    Column("slug", String(60), nullable=False, unique=True),
    Column("name", String(120), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("languages", JSON, nullable=False),
    Column("boundary", JSON),
    Column("margin_m", Float, nullable=False),
    Column("region", String(2), nullable=False),
    Column("insee", String(5)),
    Column("lon", Float),
    Column("lat", Float),
    Column("email", String(254)),
    Column("phone", String(40)),
    Column("created_at", Instant, nullable=False),
    Column("sea", JSON(none_as_null=True)),
    Column("topics", JSON(none_as_null=True)),  # slug to name; null: those of ``domain.topics``
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Id, primary_key=True),
    Column("station_id", Id, ForeignKey("stations.id", ondelete="CASCADE")),
    Column("role", String(10), nullable=False),
    Column("label", String(80), nullable=False),  # from before it was sealed; now empty
    Column("sealed", LargeBinary),
    Column("hash", LargeBinary(32), nullable=False, unique=True),
    Column("created_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    Column("expires_at", Instant),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("hash", LargeBinary(32), nullable=False, unique=True),
    Column("key_id", Id, ForeignKey("api_keys.id", ondelete="CASCADE"), nullable=False),
    Column("device", String(60), nullable=False),
    Column("began_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Index("ix_sessions_key_id", "key_id"),
)

subscribers = Table(
    "subscribers",
    metadata,
    Column("id", Id, primary_key=True),
    Column("locale", String(12), nullable=False),
    Column("name", LargeBinary),
    Column("token_hash", LargeBinary(32), nullable=False, unique=True),
    Column("created_at", Instant, nullable=False),
    Column("vulnerable", LargeBinary),  # sealed, and set for everyone: its presence reveals nothing
    Column("paused_until", Instant),
    Column("forget_at", Instant),
    # Since when a push sign-up is unconfirmed, and the mark of its source address.
    Column("unconfirmed_at", Instant),
    Column("unconfirmed_from", LargeBinary(16)),
    # Own quiet hours in minutes from midnight, and their zone.
    Column("quiet_from", SmallInteger),
    Column("quiet_to", SmallInteger),
    Column("zone", String(40)),
    _set_only("subscribers", "paused_until"),
    _set_only("subscribers", "forget_at"),
    _set_only("subscribers", "unconfirmed_at"),
    sqlite_autoincrement=True,  # ids are never reused: past alerts still refer to them
)

follows = Table(
    "follows",
    metadata,
    _station(primary_key=True),
    _subscriber(primary_key=True),
    Column("external_mark", LargeBinary(16)),
    Column("external", LargeBinary),
    Column("digest", LargeBinary(16)),
    Column("same_id_as", Id),  # another subscriber with the same id in today's spelling: an operator decides
    Column("registered", SmallInteger),  # 1 if entered by the station; null for own sign-ups
    Column("least", String(10)),  # the least severity they want
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("station_id", "external_mark"),
    Index("ix_follows_subscriber_id", "subscriber_id"),
)

topic_choices = Table(
    "topic_choices",
    metadata,
    Column("station_id", Id, primary_key=True, autoincrement=False),
    Column("subscriber_id", Id, primary_key=True, autoincrement=False),
    Column("topic", String(40), primary_key=True),
    Column("choice", SmallInteger, nullable=False),
    ForeignKeyConstraint(
        ["station_id", "subscriber_id"], ["follows.station_id", "follows.subscriber_id"], ondelete="CASCADE"
    ),
)

# How many followers had muted a topic, by day.
topic_shares = Table(
    "topic_shares",
    metadata,
    _station(primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("topic", String(40), primary_key=True),
    Column("followers", Integer, nullable=False),
    Column("muted", Integer, nullable=False),
)

GONE_ONLY = "status = 1"
"""Partial index condition of ``contacts``: found dead (``ContactStatus``)."""

FORGOTTEN_ONLY = "length(sealed) = 0"
"""Partial index condition of ``contacts``: address deleted."""

contacts = Table(
    "contacts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("channel", SmallInteger, nullable=False),
    Column("fingerprint", LargeBinary(16), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("status_code", String(60)),
    Column("status_at", Instant),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("channel", "fingerprint"),
    # The few that a list may revive, without a scan of all contacts per import.
    Index("ix_contacts_gone", "id", sqlite_where=text(GONE_ONLY), postgresql_where=text(GONE_ONLY)),
    Index("ix_contacts_forgotten", "id", sqlite_where=text(FORGOTTEN_ONLY), postgresql_where=text(FORGOTTEN_ONLY)),
    sqlite_autoincrement=True,
)

links = Table(
    "links",
    metadata,
    _subscriber(primary_key=True),
    Column("contact_id", Id, ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True),
    Column("status", SmallInteger, nullable=False),
    Column("created_at", Instant, nullable=False),
    Index("ix_links_contact_id", "contact_id"),
)

# Permanent refusals that may retire a contact: judged when their alert is finished, and kept for one a week later.
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

opt_outs = Table(
    "opt_outs",
    metadata,
    _station(primary_key=True),
    Column("contact_id", Id, ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True),
    Column("at", Instant, nullable=False),
    Index("ix_opt_outs_contact_id", "contact_id"),
)

# Log of opt-outs undone on a person's signed request; kept after the person is erased.
signed_requests = Table(
    "signed_requests",
    metadata,
    Column("id", Id, primary_key=True),
    _station(),
    Column("subscriber_id", BigInteger, nullable=False),
    Column("contact_id", BigInteger, nullable=False),
    Column("key_id", BigInteger),
    Column("signed_on", String(10), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("at", Instant, nullable=False),
    Index("ix_signed_requests_subscriber_id", "subscriber_id"),
    sqlite_autoincrement=True,
)

# Push subscriptions whose service worker has not answered yet. ``next_at``: when the welcome is sent again.
welcomes = Table(
    "welcomes",
    metadata,
    Column("contact_id", Id, ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("tries", SmallInteger, nullable=False),
    Column("next_at", Instant),
    Column("created_at", Instant, nullable=False),
    Index("ix_welcomes_next_at", "next_at"),
)

places = Table(
    "places",
    metadata,
    Column("id", Id, primary_key=True),
    _subscriber(),
    Column("sealed", LargeBinary, nullable=False),
    Column("created_at", Instant, nullable=False),
    Index("ix_places_subscriber_id", "subscriber_id"),
    sqlite_autoincrement=True,
)

# A person's address from a station's list, and the geocoder's match, sealed. ``mark`` detects a changed address;
# ``place_id`` is the resulting home.
addresses = Table(
    "addresses",
    metadata,
    Column("station_id", Id, primary_key=True, autoincrement=False),
    Column("subscriber_id", Id, primary_key=True, autoincrement=False),
    Column("mark", LargeBinary(16), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("state", SmallInteger, nullable=False),
    Column("score", Float),
    Column("found", LargeBinary),
    Column("tries", SmallInteger, nullable=False),
    Column("place_id", Id, ForeignKey("places.id", ondelete="SET NULL")),
    ForeignKeyConstraint(
        ["station_id", "subscriber_id"], ["follows.station_id", "follows.subscriber_id"], ondelete="CASCADE"
    ),
    Index("ix_addresses_state_station_id", "state", "station_id", "subscriber_id"),
    Index("ix_addresses_subscriber_id", "subscriber_id"),
    Index("ix_addresses_place_id", "place_id"),
)

positions = Table(
    "positions",
    metadata,
    _subscriber(primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("accuracy_m", Float),
    Column("at", Instant, nullable=False),
    Column("until", Instant),
    _set_only("positions", "until"),
)

# A phone number or mail address not yet confirmed: no contact before that.
confirmations = Table(
    "confirmations",
    metadata,
    Column("id", Id, primary_key=True),
    Column("secret_hash", LargeBinary(32), nullable=False, unique=True),
    _station(),
    Column("subscriber_id", Id, ForeignKey("subscribers.id", ondelete="CASCADE")),
    Column("channel", SmallInteger, nullable=False),
    Column("fingerprint", LargeBinary(16), nullable=False),
    Column("caller", LargeBinary(16), nullable=False),
    Column("code", LargeBinary(16), nullable=False),
    Column("sealed", LargeBinary),
    Column("tries", SmallInteger, nullable=False),
    Column("state", SmallInteger, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("code_of", Id),  # the confirmation whose code is valid here too
    Index("ix_confirmations_created_at", "created_at"),
    Index("ix_confirmations_subscriber_id", "subscriber_id"),
    sqlite_autoincrement=True,
)

# An uploaded list and its planned changes: sealed, and deleted within the hour.
uploads = Table(
    "uploads",
    metadata,
    Column("id", Id, primary_key=True),
    Column("hash", LargeBinary(32), nullable=False, unique=True),
    _station(),
    Column("key_id", Id, ForeignKey("api_keys.id", ondelete="CASCADE"), nullable=False),
    Column("state", SmallInteger, nullable=False),
    Column("size", Integer, nullable=False),
    Column("report", LargeBinary, nullable=False),
    Column("busy_until", Instant),
    Column("expires_at", Instant, nullable=False),
    sqlite_autoincrement=True,  # ids are part of the sealed data
)

upload_parts = Table(
    "upload_parts",
    metadata,
    Column("upload_id", Id, ForeignKey("uploads.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("sealed", LargeBinary, nullable=False),
)

groups = Table(
    "groups",
    metadata,
    Column("id", Id, primary_key=True),
    _station(),
    Column("slug", String(60), nullable=False),  # a blind index: store/stations/labels.py
    Column("name", String(120), nullable=False),  # from before it was sealed; now empty
    Column("sealed", LargeBinary),
    UniqueConstraint("station_id", "slug"),
)

memberships = Table(
    "memberships",
    metadata,
    Column("group_id", Id, ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True),
    _subscriber(primary_key=True),
    Index("ix_memberships_subscriber_id", "subscriber_id"),
)

# Every change of a subscriber, in order: followed by the place index and *enter*.
changes = Table(
    "changes",
    metadata,
    Column("seq", Id, primary_key=True),
    Column("subscriber_id", Id, nullable=False),
    # Set if only the position changed: the sealed fix, emptied once checked for alerts.
    Column("fix", LargeBinary),
    sqlite_autoincrement=True,
)

cursors = Table(
    "cursors",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("seq", BigInteger, nullable=False),
)

alerts = Table(
    "alerts",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("token", String(16), nullable=False, unique=True),
    _station(),
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
    UniqueConstraint("station_id", "idempotency_key"),
    Index("ix_alerts_station_id_id", "station_id", "id"),
    Index("ix_alerts_state_expires_at", "state", "expires_at"),
)

# An alert for later. ``starts`` and ``except_on`` are wall-clock times in ``zone``; ``next_at``: next instant, null
# when paused or ended.
schedules = Table(
    "schedules",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    _station(),
    Column("key_id", Id, nullable=False),
    Column("kind", String(10), nullable=False),
    Column("message", JSON, nullable=False),
    Column("audience", JSON, nullable=False),
    Column("rank", SmallInteger, nullable=False),
    Column("starts", String(19), nullable=False),
    Column("zone", String(64), nullable=False),
    Column("rule", String(500)),
    Column("except_on", JSON, nullable=False),
    Column("public_holidays", Boolean, nullable=False),
    Column("school_zone", String(20)),
    Column("lasts_s", Integer, nullable=False),
    Column("onset_s", Integer),
    Column("grace_s", Integer),
    Column("reason", String(300), nullable=False),
    Column("reminds", BigInteger),
    Column("public", Boolean, nullable=False),
    Column("paused", Boolean, nullable=False),
    Column("ended_at", Instant),
    Column("next_at", Instant),
    Column("reach", Integer),
    Column("reach_now", Integer),
    Column("reach_for", Instant),
    Column("version", Integer, nullable=False),
    Column("idempotency_key", String(200)),
    Column("request_hash", LargeBinary(32)),
    UniqueConstraint("station_id", "idempotency_key"),
    Index("ix_schedules_station_id_id", "station_id", "id"),
    _set_only("schedules", "next_at"),
    _set_only("schedules", "reminds"),
)

NOT_SENT = "outcome IN ('missed', 'refused')"
"""Partial index condition of ``occurrences``: awaiting a decision."""

occurrences = Table(
    "occurrences",
    metadata,
    Column("schedule_id", BigInteger, ForeignKey("schedules.id", ondelete="CASCADE"), primary_key=True),
    Column("at", Instant, primary_key=True, autoincrement=False),
    Column("outcome", String(10), nullable=False),
    Column("alert_id", BigInteger),
    Column("problem", String(300), nullable=False),
    Index("ix_occurrences_not_sent", "schedule_id", sqlite_where=text(NOT_SENT), postgresql_where=text(NOT_SENT)),
    _set_only("occurrences", "alert_id"),
)

recipients = Table(
    "recipients",
    metadata,
    Column("alert_id", BigInteger, primary_key=True, autoincrement=False),
    Column("subscriber_id", BigInteger, primary_key=True, autoincrement=False),
    Column("state", SmallInteger, nullable=False),
    Column("pending", SmallInteger, nullable=False),
    Column("held", SmallInteger, nullable=False),
    Column("why", String(200), nullable=False),  # an earlier version's; now empty
    Column("reasons", Text, nullable=False, server_default=text("''")),  # domain.reasons.pack
    Column("since_at", Instant, nullable=False),
    Column("accepted_at", Instant),
    Column("delivered_at", Instant),
    Column("unconfirmed", Boolean, nullable=False, server_default=false()),
    # End of a pending person's quiet hours; sending time of a digest.
    Column("wait_until", Instant),
    _set_only("recipients", "wait_until"),
    sqlite_with_rowid=False,
)

ANY_ID = "id > 0"
"""Condition of ``deliveries``' index for pages: all rows."""

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
    Column("provider", String(40)),  # which of two may have sent it
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
    # A carrier's delivery report has only this id.
    Index("ix_deliveries_sms", "provider_id", sqlite_where=text(SMS_ONLY), postgresql_where=text(SMS_ONLY)),
)

# Other recipients of a delivery under another person's name: a household's shared phone.
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
    Index("ix_batches_alert_id", "alert_id"),
)
Index(
    "ix_batches_unfinished",
    batches.c.due_at,
    sqlite_where=batches.c.done.is_(False),
    postgresql_where=batches.c.done.is_(False),
)

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

channel_stops = Table(
    "channel_stops",
    metadata,
    Column("channel", SmallInteger, primary_key=True, autoincrement=False),
    Column("code", String(60), nullable=False),
    Column("detail", Text, nullable=False),
    Column("since", Instant, nullable=False),
)

processes = Table(
    "processes",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("host", String(255), nullable=False),
    Column("pid", BigInteger, nullable=False),
    Column("roles", String(80), nullable=False),
    Column("troubles", Text, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
)

leases = Table(
    "leases",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("owner", String(40), nullable=False),
    Column("until", Instant, nullable=False),
)
