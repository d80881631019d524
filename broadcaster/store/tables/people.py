"""Tables of subscribers: contacts, homes, positions, choices, sign-ups, lists, and the feed of their changes."""

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    UniqueConstraint,
    text,
)

from broadcaster.store.tables.columns import Id, Instant, metadata, set_only, station, subscriber

subscribers = Table(
    "subscribers",
    metadata,
    Column("id", Id, primary_key=True),
    Column("locale", String(12), nullable=False),
    Column("name", LargeBinary),
    Column("guardians", LargeBinary),  # their names
    Column("token_hash", LargeBinary(32), nullable=False, unique=True),
    Column("created_at", Instant, nullable=False),
    Column("vulnerable", LargeBinary),  # sealed, and set for everyone: its presence reveals nothing
    Column("paused_until", Instant),
    Column("forget_at", Instant),
    # Since when a push sign-up is unconfirmed, and the mark of its source address.
    Column("unconfirmed_at", Instant),
    Column("unconfirmed_from", LargeBinary(16)),
    # Their last sign of life, to the month; null: none since they signed up. Since when they know of their erasure.
    Column("active_at", Instant),
    Column("warned_at", Instant),
    Column("warnings", SmallInteger),
    # Own quiet hours in minutes from midnight, and their zone.
    Column("quiet_from", SmallInteger),
    Column("quiet_to", SmallInteger),
    Column("zone", String(40)),
    set_only("subscribers", "paused_until"),
    set_only("subscribers", "forget_at"),
    set_only("subscribers", "unconfirmed_at"),
    set_only("subscribers", "warned_at"),
    sqlite_autoincrement=True,  # ids are never reused: past alerts still refer to them
)

follows = Table(
    "follows",
    metadata,
    station(primary_key=True),
    subscriber(primary_key=True),
    Column("external_mark", LargeBinary(16)),
    Column("external", LargeBinary),
    Column("digest", LargeBinary(16)),
    Column("same_id_as", Id),  # read by the version before, and never set
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
    Column("told_at", Instant),  # when the owner was told, at another contact, that it is dead
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("channel", "fingerprint"),
    # The few contacts that a list may revive; it saves a scan of all contacts per import.
    Index("ix_contacts_gone", "id", sqlite_where=text(GONE_ONLY), postgresql_where=text(GONE_ONLY)),
    Index("ix_contacts_forgotten", "id", sqlite_where=text(FORGOTTEN_ONLY), postgresql_where=text(FORGOTTEN_ONLY)),
    sqlite_autoincrement=True,
)

links = Table(
    "links",
    metadata,
    subscriber(primary_key=True),
    Column("contact_id", Id, ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True),
    Column("status", SmallInteger, nullable=False),
    Column("guardian", SmallInteger),  # which guardian of a child has the contact; null: the person
    Column("consent_id", Id),  # the import of a list by which it came; null: the person has rows of ``consents``
    Column("created_at", Instant, nullable=False),
    Index("ix_links_contact_id", "contact_id"),
)

opt_outs = Table(
    "opt_outs",
    metadata,
    station(primary_key=True),
    Column("contact_id", Id, ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True),
    Column("at", Instant, nullable=False),
    Index("ix_opt_outs_contact_id", "contact_id"),
)

# What people of a list ask their station to correct (``people.corrections``), and its answer.
corrections = Table(
    "corrections",
    metadata,
    Column("id", Id, primary_key=True),
    station(),
    subscriber(),
    Column("sealed", LargeBinary, nullable=False),
    Column("state", SmallInteger, nullable=False),  # domain.corrections.CorrectionState
    Column("asked_at", Instant, nullable=False),
    Column("decided_at", Instant),
    Column("decided_by", BigInteger),
    Column("reason", LargeBinary),
    Column("told_at", Instant),
    Column("announced_at", Instant),  # when operators were told of the request
    Column("tell_at", Instant),  # when the answer is sent again; null: it was taken, or can't be
    Index("ix_corrections_station_id", "station_id", "state"),
    Index("ix_corrections_subscriber_id", "subscriber_id"),
    sqlite_autoincrement=True,
)

# Log of opt-outs undone on a person's signed request; kept after the person is erased.
signed_requests = Table(
    "signed_requests",
    metadata,
    Column("id", Id, primary_key=True),
    station(),
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

# A test message to one contact, asked for by its owner (``trials.State``).
trials = Table(
    "trials",
    metadata,
    Column("id", Id, primary_key=True),
    subscriber(),
    station(),
    Column("contact_id", Id, ForeignKey("contacts.id", ondelete="CASCADE"), nullable=False),
    Column("channel", SmallInteger, nullable=False),
    Column("state", SmallInteger, nullable=False),
    Column("code", String(60)),
    Column("created_at", Instant, nullable=False),
    Column("answered_at", Instant),
    Index("ix_trials_subscriber_id", "subscriber_id"),
    Index("ix_trials_contact_id", "contact_id"),
    Index("ix_trials_created_at", "created_at"),
    sqlite_autoincrement=True,
)

places = Table(
    "places",
    metadata,
    Column("id", Id, primary_key=True),
    subscriber(),
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

# A station's register of vulnerable people (Code de l'action sociale et des familles, L121-6-1). ``person_mark`` and
# ``person``: the same person on the alert list, as a keyed mark and sealed, so that a stolen database does not link the
# two.
vulnerable_people = Table(
    "vulnerable_people",
    metadata,
    Column("id", Id, primary_key=True),
    station(),
    Column("sealed", LargeBinary, nullable=False),
    Column("person_mark", LargeBinary(16)),
    Column("person", LargeBinary),
    Column("asked_at", Instant),  # null: imported from a list
    Column("letter_at", Instant),
    Column("confirmed_at", Instant, nullable=False),
    UniqueConstraint("station_id", "person_mark"),
    Index("ix_vulnerable_people_person_mark", "person_mark"),
    sqlite_autoincrement=True,  # ids are part of the sealed data
)

positions = Table(
    "positions",
    metadata,
    subscriber(primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("accuracy_m", Float),
    Column("at", Instant, nullable=False),
    Column("until", Instant),
    set_only("positions", "until"),
)

# A phone number or mail address not yet confirmed, and so not a contact.
confirmations = Table(
    "confirmations",
    metadata,
    Column("id", Id, primary_key=True),
    Column("secret_hash", LargeBinary(32), nullable=False, unique=True),
    station(),
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
    Column("code_until", Instant),  # how long its own code may be
    Column("purpose", SmallInteger, nullable=False, server_default=text("0")),  # people.confirmations.Purpose
    Index("ix_confirmations_created_at", "created_at"),
    Index("ix_confirmations_subscriber_id", "subscriber_id"),
    sqlite_autoincrement=True,
)

# Residents' proof of identity: the level (``domain.identity``), and a keyed mark of FranceConnect's id, but no civil
# identity.
identities = Table(
    "identities",
    metadata,
    subscriber(primary_key=True),
    Column("level", SmallInteger, nullable=False),
    Column("mark", LargeBinary(16)),
    Column("at", Instant, nullable=False),
)

# An uploaded list and its planned changes: sealed, and deleted within the hour.
uploads = Table(
    "uploads",
    metadata,
    Column("id", Id, primary_key=True),
    Column("hash", LargeBinary(32), nullable=False, unique=True),
    station(),
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

memberships = Table(
    "memberships",
    metadata,
    Column("group_id", Id, ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True),
    subscriber(primary_key=True),
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
    "cursors", metadata, Column("name", String(40), primary_key=True), Column("seq", BigInteger, nullable=False)
)
