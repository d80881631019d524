"""The visit list: who was not reached, by street and number, for those who may read names and for volunteers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from broadcaster.domain.addresses import Address, AddressState
from broadcaster.domain.audit import Action
from broadcaster.domain.people import ChannelName, NewContact, NewPlace, NewSubscriber
from broadcaster.domain.vulnerable import Details
from broadcaster.store import help_requests, tables
from broadcaster.store.operators import operators
from broadcaster.store.people import addresses, people
from broadcaster.store.register import visits, vulnerable
from broadcaster.store.stations import stations
from broadcaster.store.tables import audit_entries
from tests.contract.stores import NOW, URLS
from tests.integration.http.conftest import LAIGLE, Api, an_alert
from tests.integration.http.test_alerts import until_finished
from tests.integration.http.test_live import look, send
from tests.servers.town import Town
from tests.servers.town_api import eventually
from tests.servers.town_audit import quiet

if TYPE_CHECKING:
    from pathlib import Path

    from broadcaster.store import Store

STREETS = {"a": "10 rue B", "b": "9 rue B", "c": "3 rue A"}


async def live_at(store: Store, station_id: int, homes: dict[int, str]) -> None:
    """Write down where people live."""
    async with store.write() as unit:
        for subscriber_id, street in homes.items():
            address = Address(street, "61300", "L'Aigle")
            row = {
                "station_id": station_id,
                "subscriber_id": subscriber_id,
                "mark": addresses.mark_of(unit.vault, address),
                "sealed": addresses.sealed(unit.vault, subscriber_id, address),
                "state": AddressState.PLACED,
                "tries": 0,
            }
            await unit.conn.execute(tables.addresses.insert().values(row))


async def a_list_too_long_for_a_page_says_so_and_each_street_has_its_own(api, monkeypatch, alert_id, headers, table):
    """Streets are chosen before the list is cut; the file ``table`` never is."""
    path = f"/console/alerts/{alert_id}/visits"
    monkeypatch.setattr(visits, "MOST", 1)
    monkeypatch.setattr(visits, "_AT_ONCE", 1)
    _, _, page = await api.call("GET", f"{path}?lang=en", key=None, headers=headers)
    assert "Only the start of the list is shown here (people: 1)." in page
    assert ("Mme C" in page, "Mme A" in page, "rue B" in page) == (True, False, True)
    rest = re.search(r'href="(/console/[^"]*street=[^"]*)"', page)[1].replace("&amp;", "&")
    monkeypatch.setattr(visits, "MOST", 2)
    _, _, page = await api.call("GET", rest, key=None, headers=headers)
    assert page.index("Mme B") < page.index("Mme A")
    assert ("Mme C" in page, "Only the start" in page) == (False, False)
    _, _, part = await api.call("GET", f"{path}.csv{rest[rest.index('?') :]}&lang=en", key=None, headers=headers)
    assert [line.split(",")[3] for line in part.splitlines()[1:]] == ["Mme B", "Mme A"]
    _, _, whole = await api.call("GET", f"{path}.csv?lang=en", key=None, headers=headers)
    assert whole.replace(",yes,", ",,") == table, "never cut"
    _, _, listed = await api.call("GET", f"/v1/alerts/{alert_id}/visits", key="laigle-publish")
    assert (listed["cut"], [(each["listed"], len(each["people"])) for each in listed["streets"]]) == (
        True, [(1, 1), (2, 1)])  # fmt: skip
    _, _, listed = await api.call(
        "GET", f"/v1/alerts/{alert_id}/visits?street={listed['streets'][1]['place']}", key="laigle-publish"
    )
    assert (listed["cut"], [each["name"] for each in listed["streets"][0]["people"]]) == (False, ["Mme B", "Mme A"])


async def test_who_was_not_reached_is_listed_by_street_and_number_and_each_reading_is_recorded(api, monkeypatch):
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
    store = api.running.services.store
    async with store.write() as unit:
        station = await stations.by_slug(unit, "laigle")
        found = await people.by_external_ids(unit, station.id, list("abc"))
        await vulnerable.add(unit, station.id, Details("Mme C"), asked_at=None, now=NOW, person=found["c"][0])
    await live_at(store, station.id, {who: STREETS[number] for number, (who, _) in found.items()})
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
    mark = "(en priorité)"
    assert mark not in page, "who may not open the register does not see who is in it"
    async with store.write() as unit:
        await operators.grant(unit, api.operators["laigle-publish"], station.id, granted=True)
    _, _, page = await api.call("GET", f"{path}?lang=fr", key=None, headers=headers)
    assert page.count(mark) == 1
    assert page.index("Mme C") < page.index(mark) < page.index("Mme B")
    assert [line.split(",")[3] for line in lines[1:]] == ["Mme C", "Mme B", "Mme A"]
    assert "06\u00a039\u00a098\u00a000\u00a003" in lines[1]

    await a_list_too_long_for_a_page_says_so_and_each_street_has_its_own(api, monkeypatch, alert["id"], headers, table)
    viewer = await api.sign_in("laigle-read")
    assert (await api.call("GET", path, key=None, headers=viewer))[0] == 403
    async with api.running.services.store.read() as unit:
        done = list(await unit.conn.scalars(select(audit_entries.c.action)))
    assert {Action.UNREACHED_SEEN, Action.UNREACHED_EXPORTED} <= set(done)


@pytest.mark.parametrize("kind", URLS)
async def test_volunteers_open_their_streets_by_a_code_and_what_they_find_ends_what_would_follow(  # noqa: PLR0915  one way, walked
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    async with Town(tmp_path, database_url=URLS[kind](request, tmp_path)) as town:
        safe, absent, hurt, other = (
            town.resident("push", "voice", name=name, vulnerable=True)
            for name in ("Rose Hurel", "Paul Petit", "Zoé Érable", "Jean Loin")
        )
        everyone = (safe, absent, hurt, other)
        await town.settle(*everyone)
        streets = ("1 rue Haute", "2 rue Haute", "3 rue Haute", "4 rue Basse")
        homes = {each.id: street for each, street in zip(everyone, streets, strict=True)}
        await live_at(town.store, town.stations["laigle"], homes)
        async with town.serving() as served:
            api = Api(served.running, served.http, {"admin": town.key})
            alert = await served.issue(channels=...)
            await eventually(lambda: len(town.pushed) == len(everyone), "the first step")
            await quiet(town)

            # The operator gives one street to a volunteer, who gets the link by SMS.
            path = f"/v1/alerts/{alert['id']}"
            _, _, listed = await api.call("GET", f"{path}/visits?who=unconfirmed")
            assert [(each["name"], len(each["people"])) for each in listed["streets"]] == [
                ("rue Basse, 61300 L'Aigle", 1), ("rue Haute, 61300 L'Aigle", 3)]  # fmt: skip
            given = {"name": "Luc Bénévole", "phone": "06 39 98 00 99", "who": "unconfirmed"}
            for wrong in ({"streets": ["rue nowhere"]}, {"streets": [listed["streets"][1]["place"]], "phone": "12"}):
                assert (await api.call("POST", f"{path}/volunteers", given | wrong))[0] == 422
            console = f"/console/alerts/{alert['id']}"
            anne = await api.sign_in("admin")
            _, _, page = await look(api, f"{console}/volunteers?who=unconfirmed", **anne)
            place = re.search(r'name="streets" value="([^"]*haute[^"]*)"', page)[1]
            form = f"name=Luc+B%C3%A9n%C3%A9vole&phone=0639980099&who=unconfirmed&streets={place.replace(' ', '+')}"
            assert (await send(api, f"{console}/volunteers", form, **anne))[0] == 303
            (luc,) = (await api.call("GET", f"{path}/volunteers"))[2]["volunteers"]
            assert (luc["name"], luc["phone"], luc["streets"]) == ("Luc Bénévole", "+33639980099", [place])

            def texts(number: str = luc["phone"]) -> list[str]:
                return [each.body for each in town.twilio.messages if each.to == number]

            await eventually(lambda: len(texts()) == 1, "the link by SMS")
            assert luc["url"] in texts()[0]
            link = luc["url"].removeprefix(served.url)

            # Without a code nobody is named; a wrong code opens nothing.
            status, _, page = await look(api, link)
            assert (status, "Hurel" in page) == (200, False)
            assert (await send(api, f"{link}/code", ""))[0] == 303
            await eventually(lambda: len(texts()) == 2, "the code by SMS")
            code = re.search(r"\b(\d{6})\b", texts()[1])[1]
            wrong = "111111" if code == "000000" else "000000"
            status, told, page = await send(api, link, f"code={wrong}")
            assert (status, "Set-Cookie" in told, "Tries left: 4" in page) == (422, False, True)
            status, told, _ = await send(api, link, f"code={code}")
            assert status == 303
            cookie = told["Set-Cookie"]
            assert "HttpOnly" in cookie
            phone = {"Cookie": cookie.partition(";")[0]}
            assert (await send(api, link, f"code={code}"))[0] == 422, "a code opens once"

            # Only the given street, and no reason.
            status, told, page = await look(api, link, **phone)
            assert (status, told["Cache-Control"]) == (200, "no-store")
            assert all(each.name in page for each in (safe, absent, hurt))
            assert safe.landline[-2:] in page
            for unseen in ("Jean Loin", "rue Basse", "(first)", "vulnerable", "not confirmed", "No valid"):
                assert unseen not in page, unseen
            found = f"{link}/people"
            assert (await send(api, f"{found}/{other.id}", "found=safe", **phone))[0] == 404
            assert (await send(api, f"{found}/{safe.id}", "found=safe"))[0] == 303, "to where the code is asked for"
            assert (await api.call("GET", f"{path}/report"))[2]["visits"] == {}

            # What is found: the operator sees it, help is asked for with 112 first, a form sent twice counts once.
            for who, what in ((safe, "safe"), (absent, "absent"), (absent, "absent"), (hurt, "help")):
                status, told, _ = await send(api, f"{found}/{who.id}", f"found={what}", **phone)
                assert (status, told["Location"].endswith(f"#p{who.id}")) == (303, True)
            _, _, page = await look(api, f"{link}?done={hurt.id}", **phone)
            assert "Call 112 first. L'Aigle has your request for help for Zoé Érable." in page.replace("’", "'")
            assert "Visited: 3 of 3" in page
            _, _, page = await look(api, "/console/help?station=laigle", **anne)
            assert "Zoé Érable" in page or hurt.landline in page
            _, _, page = await look(api, f"{console}/visits?who=unconfirmed", **anne)
            assert re.search(r"visited on .*: nobody opened", page)
            _, _, account = await api.call("GET", f"{path}/report")
            assert account["visits"] == {"safe": 1, "absent": 1, "help": 1}
            assert (account["answers"], account["help"]["asked"]) == ({"safe": 1, "help": 1}, 1)

            # The call goes to who was not visited; at once, as PostgreSQL's own clock can't be moved on.
            assert (await api.call("POST", f"{path}/escalation", {"action": "now", "round": 2}))[0] == 200
            account = await served.finished(alert["id"])
            await quiet(town)
            assert [each.to for each in town.twilio.calls] == [other.landline]
            by_step = [(each["after_s"], each["people"], each["told"]) for each in account["steps"]]
            assert by_step == [(0, 4, 4), (60, 0, 0), (300, 1, 0)], "each person told stands in one step"
            _, _, page = await look(api, f"{console}/report", **anne)
            assert re.search(r"Phone call</td><td>5\s*min</td><td[^>]*>1</td><td[^>]*>0<", page)
            _, _, table = await look(api, f"{console}/report.csv?lang=en", **anne)
            assert re.search(r"\r\nPhone call,5\s*min,1,0,0\r\n", table)
            people = account["people"]
            assert (people["acknowledged"], people["accepted"] + people["delivered"]) == (2, 2)

            # Found after all: corrected. Then taken back, and over.
            assert (await send(api, f"{found}/{absent.id}", "found=safe", **phone))[0] == 303
            assert (await api.call("GET", f"{path}/report"))[2]["visits"] == {"safe": 2, "help": 1}

            # Help that was given, and is needed again, is asked for again.
            async with town.store.write() as unit:
                request = await unit.conn.scalar(select(tables.help_requests.c.id))
                assert await help_requests.take(unit, request, 1, town.clock.now())
                assert await help_requests.close(unit, request, 1, town.clock.now())
            town.clock.advance(61)
            assert (await send(api, f"{found}/{hurt.id}", "found=help", **phone))[0] == 303
            assert (await api.call("GET", f"{path}/report"))[2]["help"]["asked"] == 2
            assert (await send(api, f"{console}/volunteers/{luc['id']}/revoke", "", **anne))[0] == 303
            assert (await look(api, link, **phone))[0] == 410
            assert (await send(api, f"{found}/{other.id}", "found=help", **phone))[0] == 410
            _, _, eve = await api.call("POST", f"{path}/volunteers", given | {"name": "Eve", "streets": luc["streets"]})
            await served.cancel(alert["id"])
            ended = eve["url"].removeprefix(served.url)
            for answer in (await look(api, ended), await send(api, f"{ended}/code", "")):
                assert (answer[0], "Hurel" in answer[2]) == (410, False)
        async with town.store.read() as unit:
            done = list(
                await unit.conn.execute(
                    select(audit_entries.c.action, audit_entries.c.actor_kind, audit_entries.c.params)
                )
            )
        by = {action: kind for action, kind, _ in done}
        assert [by[each] for each in (Action.VISITS_SHARED, Action.VISITS_REVOKED)] == ["key", "operator"]
        assert {by[each] for each in (Action.VISITS_OPENED, Action.VISITS_SEEN, Action.VISITED)} == {"volunteer"}
        assert sum(action == Action.VISITED for action, *_ in done) == 5, "each finding once"
