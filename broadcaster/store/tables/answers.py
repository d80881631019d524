"""Tables of people's answers, their requests for help, who is on duty for these, and visits by volunteers.

``alert_id`` is the first alert of a thread: an answer belongs to the whole thread.
"""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, LargeBinary, SmallInteger, String, Table, text

from broadcaster.store.tables.columns import Id, Instant, metadata, station

answers = Table(
    "answers",
    metadata,
    Column("alert_id", BigInteger, primary_key=True, autoincrement=False),
    Column("subscriber_id", BigInteger, primary_key=True, autoincrement=False),
    Column("choice", SmallInteger, nullable=False),
    Column("way", SmallInteger, nullable=False),  # domain.answers.Way
    Column("given_by", BigInteger, nullable=False),  # who answered, for themselves or their household
    Column("at", Instant, nullable=False),
    Column("guardian", SmallInteger),  # which guardian answered for a child; null: another way, or unknown
)

OPEN_ONLY = "closed_at IS NULL"
"""Partial index condition of ``help_requests``."""

help_requests = Table(
    "help_requests",
    metadata,
    Column("id", Id, primary_key=True),
    Column("alert_id", BigInteger, nullable=False),
    station(),
    Column("subscriber_id", BigInteger, nullable=False),
    Column("sealed", LargeBinary),  # where the person was, if they said so
    Column("asked_at", Instant, nullable=False),
    Column("called_at", Instant),  # those on duty were told
    Column("told_at", Instant),  # all operators were told that nobody had taken it
    Column("taken_at", Instant),
    Column("taken_by", BigInteger),
    Column("closed_at", Instant),
    Column("closed_by", BigInteger),
    Index("ix_help_requests_alert_id", "alert_id"),
    Index("ix_help_requests_open", "station_id", "id", sqlite_where=text(OPEN_ONLY), postgresql_where=text(OPEN_ONLY)),
    sqlite_autoincrement=True,
)

# SMS from people that are neither a command nor an answer.
inbox_messages = Table(
    "inbox_messages",
    metadata,
    Column("id", Id, primary_key=True),
    station(),
    Column("sender", LargeBinary(16), nullable=False),
    Column("same", LargeBinary(16), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("at", Instant, nullable=False),
    Column("read_by", BigInteger),
    Index("ix_inbox_messages_station_id_id", "station_id", "id"),
    Index("ix_inbox_messages_at", "at"),
    sqlite_autoincrement=True,
)

# The duty roster: who may send in a week (``domain.duty``), and answers requests for help.
duty_weeks = Table(
    "duty_weeks",
    metadata,
    station(primary_key=True),
    Column("week", String(8), primary_key=True),
    Column("operator_id", Id, ForeignKey("operators.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("since", Instant, nullable=False),
    Column("until", Instant, nullable=False),
)

# Operators who are also on duty for requests for help, and until when.
help_duties = Table(
    "help_duties",
    metadata,
    station(primary_key=True),
    Column("key_id", BigInteger, primary_key=True, autoincrement=False),
    Column("until", Instant, nullable=False),
)

# Volunteers with a link to the visit list. A session is their phone's, after a code.
volunteers = Table(
    "volunteers",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("alert_id", BigInteger, nullable=False),
    station(),
    Column("sealed", LargeBinary, nullable=False),  # name, telephone and streets
    Column("unconfirmed", Boolean, nullable=False),
    Column("added_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    Column("confirmation_id", BigInteger),
    Column("session", LargeBinary(32)),
    Column("session_until", Instant),
    Index("ix_volunteers_alert_id", "alert_id"),
    Index("ix_volunteers_added_at", "added_at"),
)

visits = Table(
    "visits",
    metadata,
    Column("alert_id", BigInteger, primary_key=True, autoincrement=False),
    Column("subscriber_id", BigInteger, primary_key=True, autoincrement=False),
    Column("finding", SmallInteger, nullable=False),  # domain.visits.Finding
    Column("volunteer_id", BigInteger, nullable=False),
    Column("at", Instant, nullable=False),
)
