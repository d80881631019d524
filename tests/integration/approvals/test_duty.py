"""In a week of the duty roster only they send and approve, but for lives at stake and owners."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from broadcaster.domain.alerts import Severity
from broadcaster.domain.duty import weeks_from
from broadcaster.domain.permissions import Role
from broadcaster.domain.refusals import Forbidden
from broadcaster.domain.zones import zone_of
from broadcaster.pipeline import scheduling
from broadcaster.pipeline.schedule import answer_missed
from broadcaster.store import duties
from broadcaster.store.operators import operators
from tests.integration.approvals.conftest import scheduled


async def test_outside_the_week_of_the_roster_only_lives_at_stake_and_owners_send(town):
    services, wim = town.services, town.people["Wim"]
    week, later = weeks_from(services.clock.now(), zone_of("FR"), 2)

    async def named(of, *who):
        async with services.store.write() as unit:
            await duties.set_week(unit, town.station.id, of, [town.people[each] for each in who])

    minor = {"severity": Severity.MINOR}
    await named(later, "Ada")
    assert await town.is_sent((await town.submit(**minor))[0]), "a week without a name is open to all"
    await named(week, "Ada")
    with pytest.raises(Forbidden) as refused:
        await town.submit(**minor)
    assert refused.value.code == "off-duty"
    for who in ("Ada", "Odo", "machine"):
        assert await town.is_sent((await town.submit(who, **minor))[0]), "on duty, an owner, a machine"
    urgent, waits = await town.submit(life_at_stake="La digue cède", **minor)
    assert (waits, await town.actions(urgent)) == (False, ["alert_sent", "sent_alone"])
    asked, waits = await town.submit("machine")
    assert waits
    async with services.store.write() as unit:
        await operators.set_role(unit, wim, town.station.id, Role.APPROVER)
    with pytest.raises(Forbidden):
        await town.approve("Wim", asked)
    made, read = await scheduled(town, "machine")
    for refused_work in (
        scheduled(town),
        scheduling.approve(services, made, actor=town.by("Wim")),
        answer_missed(services, made, made.next_at, actor=town.by("Wim"), send=True),
        scheduling.change(
            services, town.station, made, replace(made, rule=None), None, actor=town.by("Wim"), following=False
        ),
    ):
        with pytest.raises(Forbidden) as refused:
            await refused_work
        assert refused.value.code == "off-duty"
    pauses = replace(made, paused=True)
    await scheduling.change(services, town.station, made, pauses, None, actor=town.by("Wim"), following=False)
    await scheduling.approve(services, await read(), actor=town.by("Ada"))
    await scheduling.end(services, await read(), actor=town.by("Wim"))
    async with services.store.read() as unit:
        assert set(await duties.on_duty(unit, town.station.id, services.clock.now())) == {town.people["Ada"]}
    async with services.store.write() as unit:
        await operators.disable(unit, town.people["Ada"], services.clock.now())
        assert await duties.on_call(unit, town.station.id, services.clock.now()) == {}, "nobody is left who could"
    services.clock.forward(days=7)
    await named(weeks_from(services.clock.now(), zone_of("FR"), 1)[0], "Wim")
    async with services.store.read() as unit:
        assert await duties.roster(unit, town.station.id) == {later.code: {wim}}, "weeks that are over are forgotten"


def test_weeks_begin_on_monday_where_the_station_is_summer_time_or_not():
    for zone, now, code, since in (
        ("FR", datetime(2026, 12, 31, 23, 30, tzinfo=UTC), "2026-W53", datetime(2026, 12, 27, 23, tzinfo=UTC)),
        ("RE", datetime(2026, 11, 29, 21, 0, tzinfo=UTC), "2026-W49", datetime(2026, 11, 29, 20, tzinfo=UTC)),
        ("FR", datetime(2026, 10, 24, 12, 0, tzinfo=UTC), "2026-W43", datetime(2026, 10, 18, 22, tzinfo=UTC)),
    ):
        week, following = weeks_from(now, zone_of(zone), 2)
        assert (week.code, week.since, week.until) == (code, since, following.since)
    assert following.since == datetime(2026, 10, 25, 23, tzinfo=UTC)
