"""The tables. Migrations create them (``store/migrations``); a test compares the two.

Personal data is sealed (``store/engine/sealing.py``): contacts, places, positions, names. Times are microseconds since
1970 UTC (``Instant``): exact, ordered, the same on SQLite and PostgreSQL.
"""

# ruff: noqa: F403  this package is all of its modules' tables
from broadcaster.store.tables.alerts import *
from broadcaster.store.tables.answers import *
from broadcaster.store.tables.columns import *
from broadcaster.store.tables.consents import *
from broadcaster.store.tables.operations import *
from broadcaster.store.tables.operators import *
from broadcaster.store.tables.people import *
from broadcaster.store.tables.polls import *
from broadcaster.store.tables.privacy import *
from broadcaster.store.tables.stations import *
