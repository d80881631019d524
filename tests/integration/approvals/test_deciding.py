"""A second person approves an alert: never its author, once, and whatever dies."""

from __future__ import annotations

import asyncio
import signal
import sys
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from broadcaster.domain.alerts import Severity, Status
from broadcaster.domain.approvals import ApprovalState
from broadcaster.domain.audience import Audience, AudienceKind
from broadcaster.domain.audit import Action
from broadcaster.domain.permissions import Role
from broadcaster.domain.refusals import Conflict, Forbidden, Refused
from broadcaster.pipeline import approving
from broadcaster.store.alerts import approvals
from broadcaster.store.operations import audit_reading
from broadcaster.store.operations.audit_reading import Only
from broadcaster.store.operators import operators
from broadcaster.store.register import by_hand
from broadcaster.store.stations import stations
from broadcaster.store.tables import outbox
from tests.contract.stores import SECRET

MINUTE = timedelta(minutes=1)


async def test_a_grave_alert_waits_for_a_second_person_and_is_sent_once_by_who_is_first(town):
    for name in ("Wim", "machine"):
        alert, waits = await town.submit(name)
        assert waits
        assert not await town.is_sent(alert)
    with pytest.raises(Forbidden):
        await town.approve("Wim", alert, approver=False)
    approval = await town.approval(alert)

    async def press(name):
        try:
            return await approving.approve(town.services, approval, town.by(name), approver=True)
        except Conflict as error:
            return error.code

    first, second = await asyncio.gather(press("Ada"), press("Odo"))
    assert {isinstance(first, str), isinstance(second, str)} == {True, False}
    assert "approval-decided" in (first, second)
    assert await town.is_sent(alert)
    assert await town.actions(alert) == ["approval_asked", "approved", "alert_sent"]
    async with town.services.store.read() as unit:
        (sent,) = await audit_reading.page(unit, Only(action=Action.ALERT_SENT), limit=9)
        assert sent.params["author"] == town.people["machine"]


async def test_an_alert_whose_group_was_deleted_since_is_not_sent_to_nobody(town):
    async with town.services.store.write() as unit:
        await stations.ensure_groups(unit, town.station.id, {"crue": "Crue"})
    alert, waits = await town.submit(audience=Audience(AudienceKind.GROUPS, ("crue",)), area=None)
    assert waits
    async with town.services.store.write() as unit:
        await by_hand.delete_group(unit, town.station.id, "crue", town.services.clock.now())
    with pytest.raises(Refused) as refused:
        await town.approve("Ada", alert)
    assert (refused.value.code, refused.value.field) == ("group-unknown", "audience.groups")
    assert not await town.is_sent(alert)
    assert (await town.approval(alert)).state is ApprovalState.WAITING


async def test_what_needs_nobody_goes_out_at_once(town):
    for changes in ({"severity": Severity.MODERATE}, {"status": Status.EXERCISE}):
        alert, waits = await town.submit(**changes)
        assert not waits
        assert await town.is_sent(alert)
    async with town.services.store.write() as unit:
        await operators.set_role(unit, town.people["Odo"], town.station.id, Role.WRITER)
    _, waits = await town.submit()
    assert not waits, "one approver alone is asked for nothing"


async def test_reach_and_radius_ask_too(town):
    minor = {"severity": Severity.MINOR}
    await town.rules(severity=None, radius_m=100.0)
    assert (await town.submit(**minor))[1]
    await town.rules(severity=None, radius_m=50_000.0)
    assert not (await town.submit(**minor))[1]
    await town.rules(severity=None, reach=10)
    assert not (await town.submit(**minor))[1], "nobody lives there yet"


async def test_it_is_refused_with_a_reason_or_withdrawn_and_never_sent_then(town):
    alert, _ = await town.submit()
    with pytest.raises(Refused):
        await approving.refuse(town.services, await town.approval(alert), town.by("Ada"), " ", approver=True)
    await approving.refuse(town.services, await town.approval(alert), town.by("Ada"), "Trop large", approver=True)
    refused = await town.approval(alert)
    assert (refused.state, refused.why) == (ApprovalState.REFUSED, "Trop large")
    with pytest.raises(Conflict):
        await town.approve("Odo", alert)
    with pytest.raises(Conflict):
        await approving.refuse(town.services, refused, town.by("Odo"), "Trop tard", approver=True)
    with pytest.raises(Conflict):
        await approving.hand_back(town.services, refused, town.by("Odo"), refused.alert.message, "Trop tard")
    other, _ = await town.submit()
    await approving.refuse(town.services, await town.approval(other), town.by("Wim"), "", approver=False)
    assert (await town.approval(other)).state is ApprovalState.WITHDRAWN
    assert not await town.is_sent(alert)
    assert not await town.is_sent(other)


async def test_what_an_approver_edits_its_author_sends_and_not_the_editor(town):
    alert, _ = await town.submit()
    texts = {"fr": replace(alert.texts["fr"], headline="La Risle déborde au pont")}
    message = replace(alert.message, texts=texts)
    await approving.hand_back(town.services, await town.approval(alert), town.by("Ada"), message, "Le lieu")
    with pytest.raises(Forbidden):
        await town.approve("Ada", alert)
    sent = await town.approve("Wim", alert, approver=False)
    assert sent.texts["fr"].headline == "La Risle déborde au pont"


async def test_after_five_minutes_the_author_sends_alone_with_a_reason(town):
    alert, _ = await town.submit()
    with pytest.raises(Forbidden):
        await approving.send_alone(town.services, await town.approval(alert), town.by("Wim"), "Personne ne répond")
    town.services.clock.at = town.services.clock.now() + 5 * MINUTE
    with pytest.raises(Refused):
        await approving.send_alone(town.services, await town.approval(alert), town.by("Wim"), "")
    with pytest.raises(Forbidden):
        await approving.send_alone(town.services, await town.approval(alert), town.by("machine"), "Moi aussi")
    await approving.send_alone(town.services, await town.approval(alert), town.by("Wim"), "Personne ne répond")
    assert await town.actions(alert) == ["approval_asked", "sent_alone", "alert_sent"]


async def test_with_lives_at_stake_one_person_sends_at_once_and_says_why(town):
    alert, waits = await town.submit(life_at_stake="L'eau monte dans l'école")
    assert not waits
    assert await town.is_sent(alert)
    told = await town.approval(alert)
    assert (told.state, told.why) == (ApprovalState.ALONE, "L'eau monte dans l'école")
    async with town.services.store.read() as unit:
        assert [each.id for each in await approvals.unannounced(unit, 9)] == [alert.id]
    await approving.tell_of_approvals(town.services)
    async with town.services.store.read() as unit:
        assert await approvals.unannounced(unit, 9) == []


async def test_in_a_training_station_authors_approve_their_own(town):
    await town.rules(training=True)
    alert, waits = await town.submit("Ada")
    assert waits
    assert await town.approve("Ada", alert)


async def test_a_repeated_request_is_one_question_and_another_with_its_key_is_refused(town):
    once = {"idempotency_key": "k", "request_hash": b"1" * 32}
    first, second = await asyncio.gather(town.submit("machine", **once), town.submit("machine", **once))
    assert first[0].id == second[0].id
    with pytest.raises(Conflict):
        await town.submit("machine", idempotency_key="k", request_hash=b"2" * 32)
    await town.approve("Ada", first[0])
    again, waits = await town.submit("machine", **once)
    assert (again.id, waits) == (first[0].id, False)


async def test_what_is_over_is_not_approved_any_more(town):
    alert, _ = await town.submit(expires_at=town.services.clock.now() + 2 * MINUTE)
    town.services.clock.at = town.services.clock.now() + 3 * MINUTE
    with pytest.raises(Refused):
        await town.approve("Ada", alert)


_DIES = """
import asyncio, os, signal, sys
from pathlib import Path
from broadcaster.app import open_services
from broadcaster.config import Settings
from broadcaster.domain.audit import Actor, ActorKind
from broadcaster.pipeline import approving
from broadcaster.store.alerts import approvals
from tests.contract.service import Clock

folder, secret, moment, alert, who = sys.argv[1:]

async def main():
    settings = Settings(data_dir=Path(folder), secret_key=secret, tiles_url="off", geocoder_url="off")
    services = await open_services(settings, clock=Clock())
    async with services.store.read() as unit:
        approval = await approvals.by_id(unit, int(alert))
    die = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
    setattr(approving.alerts if moment == "add" else approving, moment, die)
    by = Actor(ActorKind.OPERATOR, services.clock.now(), int(who))
    await approving.approve(services, approval, by, approver=True)

asyncio.run(main())
"""


@pytest.mark.parametrize("town", ["sqlite"], indirect=True)
async def test_a_process_killed_in_the_middle_of_an_approval_has_sent_it_not_at_all_or_once(town, tmp_path):
    alert, _ = await town.submit()

    async def killed(moment):
        facts = str(tmp_path), SECRET.hex(), moment, str(alert.id), str(town.people["Ada"])
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", _DIES, *facts)
        assert await process.wait() == -signal.SIGKILL

    await killed("add")  # it was decided, and nothing is committed
    assert not await town.is_sent(alert)
    assert (await town.approval(alert)).state is ApprovalState.WAITING
    await killed("announce")  # it is committed, and nobody in that process knows
    assert await town.is_sent(alert)
    for name in ("Ada", "Odo"):
        with pytest.raises(Conflict):
            await town.approve(name, alert)
    assert await town.actions(alert) == ["approval_asked", "approved", "alert_sent"]
    async with town.services.store.read() as unit:
        waiting = await unit.conn.scalar(select(func.count()).select_from(outbox))
    assert waiting == 1, "one event for the relay"
