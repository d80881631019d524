"""Reads people by step for reports. A read scans all messages of an alert, so not every change causes one."""

from datetime import datetime, timedelta

from aiohttp import web

from broadcaster.domain.alerts import Alert
from broadcaster.domain.report import Report, StepFigures
from broadcaster.pipeline.services import Services
from broadcaster.store.alerts import by_step

_AT_MOST_EVERY = timedelta(seconds=5)
_MOST = 256


class Steps:
    """Keeps the figures of recent alerts until their sums change, and for five seconds while they are being sent."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Report, datetime, tuple[StepFigures, ...]]] = {}

    async def read(self, services: Services, alert: Alert, report: Report) -> tuple[StepFigures, ...]:
        """Return the figures of an alert; ``report``: read just now."""
        now, known = services.clock.now(), self._known.get(alert.id)
        if known is not None and _same(known[0], report):
            return known[2]
        if known is not None and report.unaccounted and known[1] <= now < known[1] + _AT_MOST_EVERY:
            return known[2]
        found = await services.store.run_read(lambda unit: by_step.figures(unit, alert))
        self._known[alert.id] = (report, now, found)
        if len(self._known) > _MOST:
            self._known.pop(next(iter(self._known)))
        return found


def _same(before: Report, after: Report) -> bool:
    return (before.people, before.channels, before.unconfirmed) == (after.people, after.channels, after.unconfirmed)


STEPS: web.AppKey[Steps] = web.AppKey("steps")
