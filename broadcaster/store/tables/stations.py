"""Tables of stations, their keys, groups and schedules."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    UniqueConstraint,
    text,
)

from broadcaster.store.tables.columns import Id, Instant, metadata, set_only, station

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
    Column("topics", JSON(none_as_null=True)),  # names by slug; null: those of ``domain.stations.TOPICS``
    Column("policies", JSON(none_as_null=True)),  # by severity; only those that the station has set
    Column("budgets", JSON(none_as_null=True)),  # by channel: most messages per alert and per month
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
    Column("actions", String(80)),  # permissions, separated by spaces; null: all of the role
    Column("used_at", Instant),  # to the hour
    Column("made_by", BigInteger),  # the operator who made it in the console
)

# How many followers had muted a topic, by day.
topic_shares = Table(
    "topic_shares",
    metadata,
    station(primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("topic", String(40), primary_key=True),
    Column("followers", Integer, nullable=False),
    Column("muted", Integer, nullable=False),
)

groups = Table(
    "groups",
    metadata,
    Column("id", Id, primary_key=True),
    station(),
    Column("slug", String(60), nullable=False),  # a blind index: store/stations/labels.py
    Column("name", String(120), nullable=False),  # from before it was sealed; now empty
    Column("sealed", LargeBinary),
    UniqueConstraint("station_id", "slug"),
)

# A station's own templates (``domain.templates``).
templates = Table(
    "templates",
    metadata,
    Column("id", Id, primary_key=True),
    station(),
    Column("name", String(60), nullable=False),
    Column("content", JSON, nullable=False),
    Column("changed_at", Instant, nullable=False),
    UniqueConstraint("station_id", "name"),
    sqlite_autoincrement=True,
)

# The groups that a school's hold-to-send button alerts (PPMS).
ppms = Table(
    "ppms",
    metadata,
    station(primary_key=True),
    Column("staff", Id, ForeignKey("groups.id", ondelete="CASCADE"), nullable=False),
    Column("town_hall", Id, ForeignKey("groups.id", ondelete="CASCADE"), nullable=False),
)

# An alert for later. ``starts`` and ``except_on`` are wall-clock times in ``zone``; ``next_at``: next instant, null
# when paused or ended.
schedules = Table(
    "schedules",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    station(),
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
    Column("consent", String(10)),
    Column("approved_reach", Integer),
    Column("version", Integer, nullable=False),
    Column("idempotency_key", String(200)),
    Column("request_hash", LargeBinary(32)),
    UniqueConstraint("station_id", "idempotency_key"),
    Index("ix_schedules_station_id_id", "station_id", "id"),
    set_only("schedules", "next_at"),
    set_only("schedules", "reminds"),
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
    Column("code", String(60)),
    Column("params", LargeBinary),
    Column("problem", String(300), nullable=False, default=""),
    Column("reach", Integer),
    Column("reach_now", Integer),
    Index("ix_occurrences_not_sent", "schedule_id", sqlite_where=text(NOT_SENT), postgresql_where=text(NOT_SENT)),
    set_only("occurrences", "alert_id"),
)

# Open figures: households of each cell of the lattice, and its streets.
households = Table(
    "households",
    metadata,
    station(primary_key=True),
    Column("row", Integer, primary_key=True, autoincrement=False),
    Column("column", Integer, primary_key=True, autoincrement=False),
    Column("households", Integer, nullable=False),
    Column("streets", JSON, nullable=False),
)
