"""The truth: SQL, and nothing but SQL. SQLAlchemy stays in here.

``engine`` opens the database and gives transactions; each other module holds the queries of one aggregate, functions
that take a ``Unit`` (one transaction) first.
"""

from broadcaster.store.engine.engine import Collided, Store, StoreUnavailable, Unit
from broadcaster.store.engine.sealing import SealBroken, Vault
from broadcaster.store.engine.turnstile import urgently

__all__ = ["Collided", "SealBroken", "Store", "StoreUnavailable", "Unit", "Vault", "urgently"]
