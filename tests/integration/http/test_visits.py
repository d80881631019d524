"""The visit list: who was not reached, by street and number, for those who may read names."""

from __future__ import annotations

from sqlalchemy import select

from broadcaster.domain.addresses import Address, AddressState
from broadcaster.domain.audit import Action
from broadcaster.domain.people import ChannelName, NewContact, NewPlace, NewSubscriber
from broadcaster.store import tables
from broadcaster.store.people import addresses, people
from broadcaster.store.register.visits import split
from broadcaster.store.stations import stations
from broadcaster.store.tables import audit_entries
from tests.integration.http.conftest import LAIGLE, an_alert
from tests.integration.http.test_alerts import until_finished

STREETS = {"a": "10 rue B", "b": "9 rue B", "c": "3 rue A"}


def test_a_house_number_is_told_from_its_street():
    assert split("12 bis rue Saint-Jean") == ("12 bis", "rue Saint-Jean")
    assert split("7, place de la Halle") == ("7", "place de la Halle")
    assert split("Le Bourg") == ("", "Le Bourg")


async def test_who_was_not_reached_is_listed_by_street_and_number_and_each_reading_is_recorded(api):
    for number in STREETS:
        mobile = f"+3363998000{ord(number) - 96}"
        await api.enrol(
            NewSubscriber(
                "fr",
                (NewContact(ChannelName.SMS, mobile, mobile),),
                (NewPlace("home", *LAIGLE),),
                external_id=number,
                name=f"Mme {number.upper()}",
            )
        )
    async with api.running.services.store.write() as unit:
        station = await stations.by_slug(unit, "laigle")
        found = await people.by_external_ids(unit, station.id, list("abc"))
        for number, (subscriber_id, _) in found.items():
            address = Address(STREETS[number], "61300", "L'Aigle")
            row = {
                "station_id": station.id,
                "subscriber_id": subscriber_id,
                "mark": addresses.mark_of(unit.vault, address),
                "sealed": addresses.sealed(unit.vault, subscriber_id, address),
                "state": AddressState.PLACED,
                "tries": 0,
            }
            await unit.conn.execute(tables.addresses.insert().values(row))
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert(channels=["push"]))
    await until_finished(api, alert["id"])
    path = f"/console/alerts/{alert['id']}/visits"
    headers = await api.sign_in("laigle-publish")
    status, _, page = await api.call("GET", path, key=None, headers=headers)
    assert status == 200
    assert page.index("rue A") < page.index("Mme C") < page.index("rue B") < page.index("Mme B") < page.index("Mme A")
    status, told, table = await api.call("GET", f"{path}.csv?lang=en", key=None, headers=headers)
    assert (status, told["Content-Type"]) == (200, "text/csv; charset=utf-8")
    lines = table.splitlines()
    assert "House number" in lines[0]
    assert [line.split(",")[3] for line in lines[1:]] == ["Mme C", "Mme B", "Mme A"]
    assert "+33639980003" in lines[1]
    viewer = await api.sign_in("laigle-read")
    assert (await api.call("GET", path, key=None, headers=viewer))[0] == 403
    async with api.running.services.store.read() as unit:
        done = list(await unit.conn.scalars(select(audit_entries.c.action)))
    assert {Action.UNREACHED_SEEN, Action.UNREACHED_EXPORTED} <= set(done)
