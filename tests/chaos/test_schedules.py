"""Alerts for later while leaders die: each occurrence is issued once, and everyone gets each once."""

from collections import Counter
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text

from broadcaster.domain.alerts import Severity, Text
from broadcaster.domain.audience import Audience, AudienceKind
from broadcaster.domain.people import ChannelName
from broadcaster.domain.schedules import Kind, Outcome, Schedule
from broadcaster.ids import new_id
from broadcaster.store import schedules
from broadcaster.store.stations import stations
from broadcaster.store.tables import alerts, leases, occurrences
from tests.chaos.verdict import Verdict
from tests.contract.stores import an_alert
from tests.servers.town_api import eventually
from tests.servers.town_audit import expected, quiet, told
from tests.servers.town_facts import STATION
from tests.servers.town_scaled import ScaledTown

MANY = 30
SOON = timedelta(seconds=3)
LED_S = 30.0


async def due(town, starts, rule=None, many=1):
    """Write schedules of the town that are first due at ``starts``; return their ids."""
    async with town.store.write() as unit:
        station = await stations.by_slug(unit, STATION)
        key = (await stations.keys(unit))[0]
        found = []
        for number in range(many):
            message = an_alert(
                station.id,
                severity=Severity.MODERATE,
                area=None,
                audience=Audience(AudienceKind.ALL_FOLLOWERS),
                channels=(ChannelName.PUSH,),
                texts={"fr": Text(f"Sirène d'essai {number}")},
            )
            local = starts.replace(tzinfo=None, microsecond=0)
            made = Schedule(
                new_id(), station.id, key.id, Kind.ALERT, message, local, "UTC", rule, next_at=local.replace(tzinfo=UTC)
            )
            await schedules.add(unit, made)
            found.append(made.id)
    return found


async def became(town, ids):
    """The outcomes of these schedules, and the alerts that were issued for them."""
    async with town.store.read() as unit:
        rows = (await unit.conn.execute(select(occurrences).where(occurrences.c.schedule_id.in_(ids)))).all()
    return Counter(row.outcome for row in rows), [row.alert_id for row in rows if row.alert_id]


async def leader(town):
    async with town.store.read() as unit:
        return await unit.conn.scalar(select(leases.c.owner).where(leases.c.name == "scheduler"))


@asynccontextmanager
async def nobody_writes_events(town):
    """Hold the outbox: a leader has written its alerts, in a transaction that can't end; give its process's name."""

    async def name():
        async with town.store.read() as unit:
            return await unit.conn.scalar(
                text(
                    "SELECT application_name FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                    " AND query LIKE '%INTO outbox%' AND application_name LIKE 'scheduler%'"
                )
            )

    async with town.store.write() as unit:
        await unit.conn.execute(text("LOCK TABLE outbox IN SHARE MODE"))
        yield name


async def all_issued(town, ids):
    async def issued():
        return (await became(town, ids))[0][Outcome.ISSUED] == len(ids)

    await eventually(issued, "all are issued", LED_S)


@pytest.mark.timeout(1200)
async def test_leaders_that_change_or_die_issue_each_occurrence_once_and_everyone_gets_it_once(tmp_path, record):
    async with ScaledTown(tmp_path, lease_s=8, quiet_hours="00:00-00:00") as town:
        people = [town.resident("push") for _ in range(4)]
        await town.settle(*people)
        missed = await due(town, datetime.now(UTC) - timedelta(hours=MANY - 1, minutes=5), "FREQ=HOURLY")
        await town.start("web,resolver,sender")
        leaders = {}
        for name in ("scheduler-a", "scheduler-b"):
            (leaders[name],) = await town.start(
                "scheduler", database_url=f"{town.postgres.url}&application_name={name}"
            )

        await all_issued(town, missed)  # after a day down
        assert (await became(town, missed))[0] == {Outcome.MISSED: MANY - 1, Outcome.ISSUED: 1}

        in_the_middle = await due(town, datetime.now(UTC) + SOON, many=MANY)
        before = await leader(town)
        async with nobody_writes_events(town) as name:
            await eventually(name, "the leader writes", LED_S)
            leaders[await name()].kill()
        await all_issued(town, in_the_middle)
        assert await leader(town) != before

        unwoken = await due(town, datetime.now(UTC) + SOON, many=MANY)
        town.valkey.pause()
        await all_issued(town, unwoken)
        for each in leaders.values():
            each.kill()
        town.valkey.go_on()

        every = [*missed, *in_the_middle, *unwoken]
        _, issued = await became(town, every)
        await quiet(town, 120)
        verdict = Verdict(0, 0, 0, 0, 0)
        for alert_id in issued:
            times, wanted = await told(town, alert_id), expected(people, ["push"])
            verdict += Verdict(
                wanted.total(),
                len(wanted.keys() - times.keys()),
                (times - wanted).total(),
                0,
                len(times.keys() - wanted.keys()),
            )
        outcomes, issued_in_the_end = await became(town, every)
        assert sorted(issued_in_the_end) == sorted(issued)
        assert len(set(issued)) == outcomes[Outcome.ISSUED] == 2 * MANY + 1
        async with town.store.read() as unit:
            assert set(await unit.conn.scalars(select(alerts.c.id))) == set(issued), "no alert without its occurrence"
        record(
            verdict, fault="leaders killed while they issue, and before they wake anybody", road="scaled", injected=3
        )
