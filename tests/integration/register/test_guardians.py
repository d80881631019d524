"""A class list with a column for each guardian: read, kept, exported; each is told once, and the child counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from broadcaster.domain.answers import SAFE, Way
from broadcaster.domain.deliveries import DeliveryState, Outcome, PersonState
from broadcaster.domain.escalation import Policy, Step, Until
from broadcaster.domain.people import ChannelName
from broadcaster.register.applying import apply
from broadcaster.register.planning import plan
from broadcaster.register.reading import open_source
from broadcaster.store.alerts import alerts, answers, dispatching, standing, tracking
from broadcaster.store.register import persons
from broadcaster.store.tables import deliveries, recipients, subscribers
from tests.contract.stores import BY, NOW, an_alert
from tests.integration.register.test_export_comes_back import assert_comes_back

if TYPE_CHECKING:
    from pathlib import Path

    from broadcaster.domain.stations import Station
    from broadcaster.store import Store

SMS, VOICE, EMAIL = ChannelName.SMS, ChannelName.VOICE, ChannelName.EMAIL
CLASS_3B = """\
INE;Nom;Prénom;Classe;Nom responsable 1;Prénom responsable 1;Mobile responsable 1;Courriel responsable 1;\
Nom responsable 2;Mobile responsable 2;Tél. fixe responsable 2
A1;Martin;Lina;3B;Martin;Rose;06 39 98 00 01;rose@example.org;Petit;06 39 98 00 02;
A2;Martin;Tom;6A;Martin;Rose;06 39 98 00 01;rose@example.org;Petit;06 39 98 00 02;
A3;Orme;Zoé;3B;Orme;Luc;;luc@example.org;Roy;;02 61 91 00 03
"""
LATER = "INE;Nom;Prénom;Mobile\nA1;Martin;Lina;06 39 98 00 01 | 06 39 98 00 09\n"
TURNED = CLASS_3B.replace("Rose;06 39 98 00 01;rose@example.org;Petit;06 39 98 00 02;\nA2", "Rose;06 39 98 00 02;"
                          "rose@example.org;Petit;06 39 98 00 01;\nA2")  # fmt: skip


async def imported(store: Store, station: Station, folder: Path, text: str) -> tuple[int, int, int]:
    path = folder / "list.csv"
    path.write_text(text, encoding="utf-8")
    with await plan(store, station, open_source(path)) as made:
        assert made.refusals == []
        await apply(store, made, BY)
        return made.new, made.changed, made.unchanged


async def people_of(store: Store, station: Station) -> list[persons.Person]:
    async with store.read() as unit:
        ids = list(await unit.conn.scalars(select(subscribers.c.id).order_by(subscribers.c.id)))
        return await persons.people_of(unit, station.id, ids)


def whose(person: persons.Person) -> dict[str, str]:
    return {each.address: person.whose(each) for each in person.contacts}


async def test_a_list_names_each_childs_guardians_and_comes_back_as_nothing_changed(store, station, tmp_path):
    assert await imported(store, station, tmp_path, CLASS_3B) == (3, 0, 0)
    lina, _, zoe = await people_of(store, station)
    assert (lina.guardians, zoe.guardians) == (("Rose Martin", "Petit"), ("Luc Orme", "Roy"))
    assert whose(lina) == {
        "+33639980001": "Rose Martin", "rose@example.org": "Rose Martin", "+33639980002": "Petit",
    }  # fmt: skip
    assert await imported(store, station, tmp_path, CLASS_3B) == (0, 0, 3)
    for language in ("fr", "en"):
        assert await assert_comes_back(store, station, tmp_path, language=language) == 3

    # A list without guardians leaves them alone; one that says otherwise changes whose a number is, and nothing else.
    assert await imported(store, station, tmp_path, LATER) == (0, 1, 0)
    lina = (await people_of(store, station))[0]
    assert lina.guardians == ("Rose Martin", "Petit")
    assert whose(lina)["+33639980001"] == "Rose Martin"
    assert "+33639980002" not in whose(lina), "the list gave her mobiles"
    assert await imported(store, station, tmp_path, TURNED) == (0, 1, 2)
    lina = (await people_of(store, station))[0]
    assert whose(lina) == {
        "+33639980002": "Rose Martin", "rose@example.org": "Rose Martin", "+33639980001": "Petit",
    }  # fmt: skip
    assert await assert_comes_back(store, station, tmp_path) == 3


async def test_each_guardian_is_told_once_however_many_children_and_one_answer_is_the_childs(store, station, tmp_path):
    await imported(store, station, tmp_path, CLASS_3B)
    everyone = await people_of(store, station)
    lina, tom, zoe = (each.id for each in everyone)
    number = {each.address: each.id for child in everyone for each in child.contacts}
    policy = Policy((Step((SMS, EMAIL)), Step((VOICE,), 300, Until.CONFIRMED)))
    alert = an_alert(station.id, channels=policy.channels, policy=policy)
    sizes = dict.fromkeys(range(4), 100)
    async with store.write() as unit:
        await alerts.add(unit, alert, key_id=1, idempotency_key=None, request_hash=None)
        await dispatching.write_chunk(unit, alert, [lina, zoe], since=NOW, now=NOW, batch_sizes=sizes)
        await dispatching.write_chunk(unit, alert, [tom], since=NOW, now=NOW, batch_sizes=sizes)

    async def sent() -> dict[int, tuple[int, DeliveryState]]:
        async with store.read() as unit:
            rows = (await unit.conn.execute(select(deliveries).where(deliveries.c.alert_id == alert.id))).all()
        assert len({row.contact_id for row in rows}) == len(rows), "no guardian twice"
        return {row.contact_id: (row.id, DeliveryState(row.state)) for row in rows}

    first = await sent()
    assert first.keys() == set(number.values()), "each guardian, by the first way that each has"

    # Rose answers her SMS for both children: her mail is withdrawn; their father, whom nothing has told, is told.
    async with store.write() as unit:
        text = first[number["+33639980001"]][0]
        await tracking.apply(unit, [Outcome(text, DeliveryState.ACCEPTED, NOW)])
        both = await answers.reached_by(unit, [alert.id], [number["+33639980001"]])
        assert both == {lina, tom}
        assert await answers.give(unit, alert.id, both, SAFE, way=Way.SMS, by=lina, at=NOW)
        await standing.acknowledge(unit, [alert.id], both, NOW)
        await tracking.withdraw_all(unit, [alert.id], both, NOW)
        assert await answers.sums(unit, alert.id) == {SAFE: 2}
    after = {address: (await sent())[contact_id][1] for address, contact_id in number.items()}
    assert after["rose@example.org"] is DeliveryState.CANCELLED
    assert after["+33639980002"] is DeliveryState.QUEUED
    async with store.read() as unit:
        rows = await unit.conn.execute(
            select(recipients.c.subscriber_id, recipients.c.state).where(recipients.c.alert_id == alert.id)
        )
        states = {row.subscriber_id: PersonState(row.state) for row in rows}
    assert states[lina] is states[tom] is PersonState.ACKNOWLEDGED
    assert states[zoe] is PersonState.PENDING
