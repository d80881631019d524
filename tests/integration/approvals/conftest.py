"""A town with approvers, on both stores."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from broadcaster.domain.approvals import ApprovalRules
from broadcaster.domain.audit import Actor, ActorKind
from broadcaster.domain.permissions import KeyRole, Role
from broadcaster.domain.schedules import Kind, Schedule
from broadcaster.ids import new_id
from broadcaster.pipeline import approving, scheduling
from broadcaster.pipeline.approving import submit
from broadcaster.store import schedules
from broadcaster.store.alerts import alerts, approvals
from broadcaster.store.operations import audit_reading
from broadcaster.store.operations.audit_reading import Only
from broadcaster.store.operators import operators, passkeys
from broadcaster.store.stations import stations
from channels.webpush import VapidKey
from tests.contract.service import command, service
from tests.contract.stores import NOW, add_station, mail, register, resident
from tests.servers.postgres import driven
from tests.servers.push import PushService
from tests.servers.shaped import shaped

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


class Town:
    """L'Aigle: Wim writes, Ada and Odo approve; a machine has a key."""

    def __init__(self, services: Any, station: Any, people: dict[str, int], push: PushService) -> None:
        self.services, self.station, self.people, self.push = services, station, people, push

    def by(self, name: str) -> Actor:
        kind = ActorKind.KEY if name in {"machine", "Ada's key"} else ActorKind.OPERATOR
        return Actor(kind, self.services.clock.now(), self.people[name])

    async def submit(self, name: str = "Wim", *, life_at_stake: str = "", **changes: Any) -> Any:
        asked = command(self.station, actor=self.by(name), **changes)
        return await submit(self.services, asked, life_at_stake=life_at_stake)

    async def approval(self, alert: Any) -> Any:
        async with self.services.store.read() as unit:
            return await approvals.by_id(unit, alert.id)

    async def approve(self, name: str, alert: Any, *, approver: bool = True) -> Any:
        return await approving.approve(self.services, await self.approval(alert), self.by(name), approver=approver)

    async def rules(self, **changes: Any) -> None:
        async with self.services.store.write() as unit:
            await approvals.set_rules(unit, self.station.id, ApprovalRules(**changes))

    async def is_sent(self, alert: Any) -> bool:
        async with self.services.store.read() as unit:
            return await alerts.by_id(unit, alert.id) is not None

    async def actions(self, alert: Any) -> list[str]:
        async with self.services.store.read() as unit:
            return [str(each.action) for each in await audit_reading.page(unit, Only(about=alert.id), limit=20)][::-1]


async def person(unit: Any, name: str, roles: dict[int, Role]) -> int:
    number = await operators.add(unit, name, NOW, mail=f"{name}@laigle.example".lower(), roles=roles)
    assert number is not None
    await passkeys.add(unit, passkeys.NewPasskey(number, name.encode() * 8, b"key", 0, "phone", NOW))
    return number


@pytest.fixture(params=["sqlite", "postgresql"])
async def town(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Town]:
    changes: dict[str, Any] = {}
    if request.param == "postgresql":
        changes["database_url"] = driven(shaped(request.getfixturevalue("postgres")))
    changes |= {"vapid_private_key": VapidKey.generate().to_raw(), "vapid_subject": "mailto:a@laigle.example"}
    async with PushService() as push, service(tmp_path, push_origins=push.origin, **changes) as services:
        async with services.store.write() as unit:
            station = await add_station(unit, "laigle")
            key = await stations.add_key(unit, KeyRole.PUBLISH, station.id, "siren", NOW)
            machine = await stations.caller_of(unit, key, NOW)
            assert machine is not None
            roles = {"Wim": Role.WRITER, "Ada": Role.APPROVER, "Odo": Role.OWNER}
            people = {name: await person(unit, name, {station.id: role}) for name, role in roles.items()}
        yield Town(services, station, {**people, "machine": machine.key_id}, push)


async def more_people(town, n):
    names = [f"{new_id()}@town.example" for _ in range(n)]
    async with town.services.store.write() as unit:
        await register(unit, town.station.id, *(resident(mail(each), at=(0.63, 48.76)) for each in names))


async def scheduled(town, name="Wim", **changes):
    """A daily alert from tomorrow on; and how to read it again."""
    services, now = town.services, town.services.clock.now()
    later = (now + timedelta(days=1)).replace(tzinfo=None, microsecond=0)
    message = replace(command(town.station).message, **changes)
    asked = Schedule(new_id(), town.station.id, town.people[name], Kind.ALERT, message, later, "UTC", "FREQ=DAILY")
    made = await scheduling.write(services, town.station, replace(asked, reason="Marée"), actor=town.by(name))

    async def read():
        async with services.store.read() as unit:
            return await schedules.by_id(unit, made.id)

    return made, read
