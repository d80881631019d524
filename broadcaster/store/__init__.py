"""The source of truth: the only package with SQL and SQLAlchemy.

``engine`` opens the database and provides transactions. Each other module holds one aggregate's queries: functions
whose first argument is a ``Unit`` (one transaction).
"""

from broadcaster.store.engine.engine import Collided, Store, StoreUnavailable, Unit
from broadcaster.store.engine.sealing import SealBroken, Vault
from broadcaster.store.engine.turnstile import urgently

__all__ = ["Collided", "SealBroken", "Store", "StoreUnavailable", "Unit", "Vault", "urgently"]
