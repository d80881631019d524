"""Consistent data of an alert for the live page and the report, shared by all viewers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from aiohttp import web

from broadcaster.domain.alerts import Alert
from broadcaster.domain.health import Code, Trouble
from broadcaster.domain.report import Report
from broadcaster.health import refused
from broadcaster.http.deliveries import PACE_S
from broadcaster.http.shared_read import SharedRead
from broadcaster.pipeline.services import Services
from broadcaster.store.alerts import alerts, breakdown, counting, retiring
from broadcaster.store.alerts import report as reports
from broadcaster.web.console.alerts.live_words import People, people_in

_REASONS_S = 2.0
_TROUBLES_S = 2.0
_MOST = 256


@dataclass(frozen=True, slots=True)
class Facts:
    """An alert and its report at ``at``. ``accepted`` and ``delivered``: people by time bucket."""

    alert: Alert
    report: Report
    people: People
    accepted: Mapping[int, int]
    delivered: Mapping[int, int]
    reasons: Mapping[str, int]
    follower: Alert | None
    followed_by: str | None
    troubles: Sequence[Trouble]
    at: datetime


async def _troubles(services: Services, alert: Alert, now: datetime) -> list[Trouble]:
    """Return the service's troubles relevant to this alert; none once it is finished."""
    if alert.finished_at is not None or alert.expires_at <= now:
        return []
    return [
        each
        for each in await services.health.troubles(kept_s=_TROUBLES_S)
        if each.alert_id in (None, alert.id)
        and (each.channel is None or each.channel in alert.channels)
        and each.code is not Code.SENDER_REFUSED  # those of this alert are shown separately
    ]


class Watch:
    """Reads alerts' facts, at most four times a second per alert, for any number of viewers."""

    def __init__(self) -> None:
        self._shared: SharedRead[Facts] = SharedRead(PACE_S)
        self._reasons: dict[int, tuple[int, datetime, Mapping[str, int]]] = {}

    async def read(self, services: Services, alert: Alert) -> Facts:
        """Return facts read after this call."""
        return await self._shared.read(alert.id, partial(self._really, services, alert))

    async def _really(self, services: Services, known: Alert) -> Facts:
        now = services.clock.now()
        async with services.store.read() as unit:
            alert = await alerts.by_id(unit, known.id) or known
            found = await reports.report(unit, alert)
            histograms = await counting.latencies(unit, alert.id)
            people = people_in(found)
            follower = None if alert.followed_by is None else await alerts.by_id(unit, alert.followed_by)
            refusals = [refused(each) for each in await retiring.refusals_of(unit, alert.id)]
            by = None if follower is None else await breakdown.sender_of(unit, follower.id)
            # This scans every person of the alert, so it is not done at each of many changes a second.
            before = self._reasons.get(alert.id)
            stale = before is None or (
                before[0] != people.unreached
                and (people.pending == 0 or (now - before[1]).total_seconds() >= _REASONS_S)
            )
            if stale or before is None:
                reasons = await breakdown.reasons(unit, alert.id) if people.unreached else {}
                before = (people.unreached, now, reasons)
                self._reasons[alert.id] = before
                if len(self._reasons) > _MOST:
                    self._reasons.pop(next(iter(self._reasons)))
        return Facts(
            alert=alert,
            report=found,
            people=people,
            accepted=histograms[counting.ACCEPTED],
            delivered=histograms[counting.DELIVERED],
            reasons=before[2],
            follower=follower,
            followed_by=by,
            troubles=[*await _troubles(services, alert, now), *refusals],
            at=now,
        )


WATCH: web.AppKey[Watch] = web.AppKey("watch")
