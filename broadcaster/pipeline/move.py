"""Move: store devices' fixes in groups; *enter* checks them."""

from collections.abc import Sequence
from contextlib import suppress

from broadcaster.bus import Bus, BusUnavailable
from broadcaster.domain.fixes import Fix
from broadcaster.pipeline.topics import PEOPLE
from broadcaster.store import Store, StoreUnavailable
from broadcaster.store.engine.grouping import Grouped
from broadcaster.store.people import fixes
from broadcaster.store.people.fixes import Standing

GROUP = 500
"""Most fixes in one transaction."""


class Movements:
    """Accepts fixes at any time; each is durable when ``record`` returns."""

    def __init__(self, store: Store, bus: Bus) -> None:
        self._store = store
        self._bus = bus
        self._grouped: Grouped[Fix, Standing] = Grouped(self._write, GROUP, StoreUnavailable)

    async def record(self, fix: Fix) -> Standing:
        """Store a fix; return the resulting standing. Raises ``StoreUnavailable``."""
        return await self._grouped.do(fix)

    async def _write(self, group: Sequence[Fix]) -> list[Standing]:
        standings = await self._store.run_write(lambda unit: fixes.record(unit, group), single=True)
        # Published without the outbox, which would cost as much as the fixes: *enter* also polls.
        with suppress(BusUnavailable):
            await self._bus.publish(PEOPLE)
        return standings
