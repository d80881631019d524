"""Who is where, in memory: the place index, the roster of followers and contacts, active alerts, and territories.

Loaded from the store at start, and kept in step with it by following its changes. All on one event loop.
"""

from broadcaster.atlas.active import ActiveAlerts
from broadcaster.atlas.atlas import Atlas
from broadcaster.atlas.roster import Roster
from broadcaster.atlas.territories import Territories

__all__ = ["ActiveAlerts", "Atlas", "Roster", "Territories"]
