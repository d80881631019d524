"""The end of the night: everyone's quiet hours end at once, and nobody urgent waits behind the others."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from broadcaster.domain.alerts import Severity
from broadcaster.domain.audience import Audience, AudienceKind
from broadcaster.domain.deliveries import PersonState
from broadcaster.pipeline import wake as waking
from broadcaster.pipeline.issue import issue
from broadcaster.pipeline.resolve import resolve
from broadcaster.store.tables import deliveries, recipients
from tests.contract.service import command, service
from tests.contract.stores import URLS, add_station, mail, register, resident

if TYPE_CHECKING:
    from pathlib import Path

PEOPLE, A_PASS = 3000, 700


@pytest.mark.parametrize("kind", URLS)
async def test_at_seven_the_urgent_alert_is_sent_first_and_a_pass_takes_only_so_many_people(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waking, "PEOPLE", A_PASS)
    url = URLS[kind](request, tmp_path)
    async with service(tmp_path, database_url=url, quiet_hours="22:00-07:00") as services:
        async with services.store.write() as unit:
            station = await add_station(unit, "laigle")
            await register(unit, station.id, *(resident(mail(f"r{n}@example.org")) for n in range(PEOPLE)))
        services.clock.forward(hours=11)  # 23:00 in Paris
        everyone = Audience(AudienceKind.ALL_FOLLOWERS)
        alerts = []
        for severity in (Severity.MINOR, Severity.MODERATE):
            later = services.clock.now() + timedelta(hours=24)
            told = command(station, severity=severity, area=None, audience=everyone, expires_at=later)
            alert, _ = await issue(services, told)
            await resolve(services, alert.id)
            alerts.append(alert.id)
        routine, urgent = alerts

        async def written() -> tuple[int, int]:
            async with services.store.read() as unit:
                counted = select(deliveries.c.alert_id, func.count()).group_by(deliveries.c.alert_id)
                found = dict((await unit.conn.execute(counted)).all())
            return found.get(urgent, 0), found.get(routine, 0)

        await waking.wake(services)
        assert await written() == (0, 0), "it is night"
        services.clock.forward(hours=8)
        passes = [await written()]
        while passes[-1] != (PEOPLE, PEOPLE):
            await waking.wake(services)
            passes.append(await written())
            assert A_PASS >= sum(passes[-1]) - sum(passes[-2]) > 0
        assert all(first == PEOPLE for first, second in passes if second), "nobody routine before all who are urgent"
        async with services.store.read() as unit:
            waits = recipients.c.wait_until.is_not(None), recipients.c.state == PersonState.PENDING
            assert await unit.conn.scalar(select(func.count()).select_from(recipients).where(*waits)) == 0
