"""In-memory indexes: places, the roster of followers and contacts, active alerts, territories.

Loaded from the store at start and kept current from its change feed. All on one event loop.
"""

from broadcaster.atlas.active import ActiveAlerts
from broadcaster.atlas.atlas import Atlas
from broadcaster.atlas.territories import Territories

__all__ = ["ActiveAlerts", "Atlas", "Territories"]
