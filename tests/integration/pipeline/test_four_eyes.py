"""A second person approves: never the author, once, and whatever dies; on both stores."""

from __future__ import annotations

import asyncio
import signal
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from broadcaster.domain.alerts import Role as AlertRole
from broadcaster.domain.alerts import Severity, Status, Text
from broadcaster.domain.approvals import ApprovalRules, ApprovalState
from broadcaster.domain.audience import Audience, AudienceKind
from broadcaster.domain.audit import Action, Actor, ActorKind
from broadcaster.domain.duty import weeks_from
from broadcaster.domain.operators import party_of
from broadcaster.domain.permissions import KeyRole, Role
from broadcaster.domain.refusals import Conflict, Forbidden, Refused, Stale
from broadcaster.domain.schedules import Consent, Kind, Schedule
from broadcaster.domain.zones import zone_of
from broadcaster.http.contacts import read_push
from broadcaster.ids import new_id
from broadcaster.pipeline import approving, scheduling, telling
from broadcaster.pipeline.approving import submit
from broadcaster.pipeline.end import end
from broadcaster.pipeline.issue import issue
from broadcaster.pipeline.polls import close_polls, open_poll
from broadcaster.pipeline.schedule import answer_missed, issue_due
from broadcaster.pipeline.update import Change, update
from broadcaster.store import duties, polls, schedules
from broadcaster.store.alerts import alerts, approvals, threads
from broadcaster.store.operations import audit_reading
from broadcaster.store.operations.audit_reading import Only
from broadcaster.store.operators import operators, passkeys, pushes
from broadcaster.store.stations import stations
from broadcaster.store.tables import outbox
from channels.webpush import VapidKey
from tests.contract.service import HERE, command, service
from tests.contract.stores import BY, NOW, SECRET, add_station, mail, register, resident
from tests.servers.postgres import driven
from tests.servers.push import Behaviour, PushService
from tests.servers.shaped import shaped
from zones import Area, Circle

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

MINUTE = timedelta(minutes=1)


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


async def test_what_needs_nobody_goes_out_at_once(town):
    for changes in ({"severity": Severity.MODERATE}, {"status": Status.EXERCISE}):
        alert, waits = await town.submit(**changes)
        assert not waits
        assert await town.is_sent(alert)
    async with town.services.store.write() as unit:
        await operators.set_role(unit, town.people["Odo"], town.station.id, Role.WRITER)
    _, waits = await town.submit()
    assert not waits, "one approver alone is asked for nothing"


async def test_an_update_waits_for_what_nobody_agreed_to_and_takes_its_place_once_approved(town):
    services, clock = town.services, town.services.clock
    lon, lat = HERE.circles[0].lon, HERE.circles[0].lat

    async def change(alert, *, life_at_stake="", **changes):
        said = Change(**changes)
        return await update(services, alert, town.station, said, town.by("Wim"), life_at_stake=life_at_stake)

    async def state(alert):
        return (await town.approval(alert)).state

    waits, _ = await town.submit()
    current = await town.approve("Ada", waits)
    for agreed in (
        {"area": Area(circles=(Circle(lon, lat, 1000.0),))},
        {"expires_at": clock.now() + 90 * MINUTE},
        {"expires_at": clock.now() + 30 * MINUTE},
    ):
        current, waits = await change(current, **agreed)
        assert not waits, agreed
    words = {"fr": replace(current.texts["fr"], headline="La Risle déborde au pont")}
    more = {"fr": replace(current.texts["fr"], headline="La Risle monte encore")}
    asked = {}
    for name, beyond in (
        ("words", {"texts": words, "silent": True}),
        ("moved", {"area": Area(circles=(Circle(lon + 0.002, lat, 1000.0),))}),
        ("graver", {"severity": Severity.EXTREME}),
    ):
        asked[name], waits = await change(current, **beyond)
        assert waits, name
        assert not await town.is_sent(asked[name])
    with pytest.raises(Forbidden):
        await town.approve("Wim", asked["words"], approver=False)
    # A reminder goes out meanwhile: it is older than the update, whatever their ids say.
    remind = replace(command(town.station), role=AlertRole.REMINDER, thread_id=current.first_id)
    reminder, _ = await issue(services, replace(remind, references=(*current.references, current.id)))
    clock.forward(seconds=60)
    new = await town.approve("Ada", asked["words"])
    assert (new.role, new.silent, new.references) == (AlertRole.UPDATE, True, (*current.references, current.id))
    async with services.store.read() as unit:
        assert (await alerts.by_id(unit, current.id)).followed_by == new.id
        stored = await alerts.by_id(unit, new.id)
        assert reminder.id in (await threads.of(unit, stored)).before(stored)
    assert (stored.silent, stored.thread_id, stored.texts) == (True, current.first_id, words)
    assert await town.actions(new) == ["approval_asked", "approved", "alert_updated"]
    assert {name: await state(each) for name, each in asked.items()} == {
        "words": ApprovalState.APPROVED, "moved": ApprovalState.OVERTAKEN, "graver": ApprovalState.OVERTAKEN,
    }  # fmt: skip
    with pytest.raises(Conflict):
        await town.approve("Ada", asked["moved"])
    with pytest.raises(Stale):
        await change(current, texts=more)
    lower, waits = await change(new, severity=Severity.MODERATE)
    assert not waits
    alone, waits = await change(lower, severity=Severity.EXTREME, life_at_stake="L'eau monte dans l'école")
    assert not waits
    assert await state(alone) is ApprovalState.ALONE
    last, waits = await change(alone, texts=more)
    assert waits
    await end(services, alone, town.station, town.by("Wim"))
    assert await state(last) is ApprovalState.OVERTAKEN
    with pytest.raises(Conflict):
        await change(alone, texts=more)


async def test_reach_and_radius_ask_too(town):
    minor = {"severity": Severity.MINOR}
    await town.rules(severity=None, radius_m=100.0)
    assert (await town.submit(**minor))[1]
    await town.rules(severity=None, radius_m=50_000.0)
    assert not (await town.submit(**minor))[1]
    await town.rules(severity=None, reach=10)
    assert not (await town.submit(**minor))[1], "nobody lives there yet"


async def test_a_poll_waits_as_an_alert_does_and_is_gone_unless_somebody_approves_it(town):
    services, closes_at = town.services, town.services.clock.now() + 60 * MINUTE
    await more_people(town, 2)
    await town.rules(severity=None, reach=1)
    async with services.store.write() as unit:
        key = await stations.add_key(unit, KeyRole.PUBLISH, town.station.id, "s", NOW, made_by=town.people["Ada"])
        town.people["Ada's key"] = (await stations.caller_of(unit, key, NOW)).key_id

    async def ask(name):
        everybody = Audience(AudienceKind.ALL_FOLLOWERS)
        texts = {"fr": ("Un marché ?", ("Oui", "Non"))}
        poll = await open_poll(
            services, town.station, town.by(name), texts, audience=everybody, area=None, closes_at=closes_at
        )
        async with services.store.read() as unit:
            return poll, await approvals.by_id(unit, poll.alert_id)

    async def found(poll):
        async with services.store.read() as unit:
            return await polls.by_token(unit, poll.token)

    for refused, name in (("refused", "Ada"), ("withdrawn", "Wim")):
        poll, approval = await ask("Wim")
        assert (await found(poll)).waits, refused
        await approving.refuse(services, approval, town.by(name), "Pas maintenant", approver=name == "Ada")
        assert await found(poll) is None, refused
    poll, approval = await ask("Wim")
    texts = {"fr": replace(approval.alert.texts["fr"], headline="Un marché le soir ?")}
    await approving.hand_back(services, approval, town.by("Ada"), replace(approval.alert.message, texts=texts), "Quand")
    await town.approve("Wim", approval.alert, approver=False)
    assert ((await found(poll)).waits, (await found(poll)).texts["fr"][0]) == (False, "Un marché le soir ?")
    late, approval = await ask("Ada's key")
    with pytest.raises(Forbidden):
        await town.approve("Ada", approval.alert)
    services.clock.at = closes_at
    await close_polls(services)
    assert (await found(poll)).closed_at == closes_at
    assert await found(late) is None, "nobody approved it in time"


async def test_it_is_refused_with_a_reason_or_withdrawn_and_never_sent_then(town):
    alert, _ = await town.submit()
    with pytest.raises(Refused):
        await approving.refuse(town.services, await town.approval(alert), town.by("Ada"), " ", approver=True)
    await approving.refuse(town.services, await town.approval(alert), town.by("Ada"), "Trop large", approver=True)
    refused = await town.approval(alert)
    assert (refused.state, refused.why) == (ApprovalState.REFUSED, "Trop large")
    with pytest.raises(Conflict):
        await town.approve("Odo", alert)
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


async def test_a_scheduled_alert_is_approved_when_written_and_again_once_it_reaches_many_more(town):
    services = town.services
    await more_people(town, 4)
    made, read = await scheduled(town)
    assert ((await read()).consent, made.reach) == (Consent.ASKED, 4)
    await approving.tell_of_approvals(services)
    assert (await read()).consent is Consent.WAITING
    with pytest.raises(Forbidden):
        await scheduling.approve(services, await read(), actor=town.by("Wim"))
    services.clock.at = made.next_at + MINUTE / 2
    assert await issue_due(services) == 0
    with pytest.raises(Forbidden):
        await answer_missed(services, await read(), made.next_at, actor=town.by("Wim"), send=True)
    await scheduling.approve(services, await read(), actor=town.by("Ada"))
    for more, issued, consent in ((0, 1, Consent.APPROVED), (1, 1, Consent.APPROVED), (1, 0, Consent.ASKED)):
        await more_people(town, more)
        services.clock.at += timedelta(days=1)
        assert await issue_due(services) == issued, "recounted even where nothing ran in the ten minutes before"
        assert (await read()).consent is consent
    paused = await scheduling.change(
        services, town.station, await read(), replace(await read(), paused=True), None, actor=BY, following=False
    )
    assert paused.unapproved

    # What needed nobody's approval needs it once it reaches so many that an alert sent now would.
    await town.rules(severity=None, reach=10)
    small, read = await scheduled(town, severity=Severity.MINOR)
    assert (small.consent, small.reach) == (None, 6)
    await more_people(town, 4)
    services.clock.at = small.next_at + MINUTE / 2
    assert await issue_due(services) == 1, "many more, and not too many"
    await more_people(town, 1)
    services.clock.at += timedelta(days=1)
    assert (await issue_due(services), (await read()).consent) == (0, Consent.ASKED)

    # A reminder says what was approved again; other words are new words.
    await town.rules()
    asked, _ = await town.submit(expires_at=services.clock.now() + timedelta(days=9))
    sent = await town.approve("Ada", asked)
    for texts, consent in ((sent.texts, None), ({"fr": Text("Autre chose")}, Consent.ASKED)):
        message = replace(sent.message, texts=texts)
        reminder = replace(small, id=new_id(), kind=Kind.REMINDER, message=message, reminds=sent.id, next_at=None)
        reminder = replace(reminder, starts=(services.clock.now() + timedelta(days=1)).replace(tzinfo=None))
        assert (await scheduling.write(services, town.station, reminder, actor=town.by("Wim"))).consent is consent


async def test_approvers_are_asked_by_push_sms_and_mail_once_each_and_the_author_is_not(town, monkeypatch):
    sent, phones = [], {name: town.push.subscribe()[1] for name in ("Ada", "Odo", "Wim")}
    phones["Odo"].behave(Behaviour(status=410))

    async def mail(_services, name, address, *, url, **_):
        sent.append(("mail", address, url))

    async def sms(_services, phone, text):
        sent.append(("sms", phone, text.split()[-1]))

    monkeypatch.setattr(telling, "send_mail", mail)
    monkeypatch.setattr(telling, "send_sms", sms)
    async with town.services.store.write() as unit:
        for name, phone in phones.items():
            contact = read_push(phone.json, "subscription", (town.push.origin,))
            kept = contact.canonical, contact.address
            await pushes.add(unit, town.people[name], *kept, device="Firefox, Android", now=NOW)
        await operators.set_phone(unit, town.people["Ada"], "+33639980007")
        assert (await operators.by_id(unit, town.people["Ada"])).phone == "+33639980007"
    alert, _ = await town.submit()
    for _ in range(2):
        await approving.tell_of_approvals(town.services)
    url = f"{party_of(town.services.base_url).origin}/console/approvals/{alert.id}"
    assert sorted(sent) == [
        ("mail", "ada@laigle.example", url), ("mail", "odo@laigle.example", url), ("sms", "+33639980007", url),
    ]  # fmt: skip
    (asked,) = phones["Ada"].messages
    assert (asked.json["url"], asked.json["type"], asked.headers["Urgency"]) == (url, "operator", "high")
    assert "an alert waits for you" in asked.json["title"] or "attend" in asked.json["title"]
    async with town.services.store.read() as unit:
        assert [each.operator_id for each in await pushes.of(unit, town.people.values())] == [
            town.people["Ada"], town.people["Wim"],
        ], "what its push service calls gone is forgotten"  # fmt: skip
    alone, waits = await town.submit(life_at_stake="La digue cède")
    assert not waits
    await approving.tell_of_approvals(town.services)
    assert phones["Ada"].messages[1].json["url"] == url.replace(str(alert.id), str(alone.id))
    assert phones["Wim"].messages == []


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
