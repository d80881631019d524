"""Whom nothing reached: as a page, for whoever may see names, and as a table for a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest

from broadcaster.domain.audit import Action
from broadcaster.domain.people import ChannelName, NewContact, NewPlace, NewSubscriber
from broadcaster.domain.reasons import SENTENCES, Reason, Why, pack
from broadcaster.store.operations import audit_reading
from broadcaster.store.operations.audit_reading import Only
from broadcaster.store.people import people
from broadcaster.store.stations import stations
from broadcaster.web.console.alerts import unreached
from broadcaster.web.console.alerts.live_reasons import grouped
from broadcaster.web.i18n import catalogs
from tests.integration.http.conftest import LAIGLE, an_alert
from tests.integration.http.test_alerts import until_finished
from tests.integration.http.test_live import look, town_of

ENGLISH = catalogs().words("en")


async def missed(api, count, *, names=True):
    """So many residents without a contact, and an alert that is finished; give its id."""
    store = api.running.services.store
    async with store.write() as unit:
        station = await stations.by_slug(unit, "laigle")
        for start in range(0, count, 2500):
            part = [
                NewSubscriber(
                    "fr",
                    (),
                    (NewPlace("home", *LAIGLE),),
                    (),
                    f"R-{number}",
                    name=f"Person {number}" if names else None,
                )
                for number in range(start, min(start + 2500, count))
            ]
            tokens = [people.new_token() for _ in part]
            now = api.running.services.clock.now()
            await people.register(unit, station.id, part, tokens, groups_by_slug={}, now=now)
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert())
    account = await until_finished(api, alert["id"])
    assert account["people"]["unreached"] == count
    return alert["id"]


async def pages_of(api, path, mine):
    """Follow the links to the next ones; give each page."""
    found = []
    while path:
        status, _, page = await look(api, path, **mine)
        assert status == 200
        found.append(page)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        path = following and following[1]
    return found


async def test_the_unreached_are_turned_over_page_by_page_each_of_them_once(api, monkeypatch):
    monkeypatch.setattr(unreached, "PAGE", 4)
    alert = await missed(api, 11)
    found = await pages_of(api, f"/console/alerts/{alert}/unreached", await api.sign_in("laigle-publish"))
    names = [re.findall(r"Person \d+", page) for page in found]
    assert [len(each) for each in names] == [4, 4, 3]
    assert sorted(each for page in names for each in page) == sorted(f"Person {number}" for number in range(11))
    assert all("11 people were not told" in page for page in found)


async def test_reasons_stand_apart_each_with_its_people_and_the_way_to_all_of_them(tmp_path):
    async with town_of(tmp_path, people=9, gone=8) as (_, served, api):
        alert = await served.issue()
        await served.finished(alert["id"])
        mine = await api.sign_in()
        _, _, page = await look(api, f"/console/alerts/{alert['id']}/unreached", **mine)
        assert re.findall(r"<h2[^>]*><span>(.*?)</span><span[^>]*>(\d+)<", page) == [
            ("Notification: the address does not exist any more", "8"),
            ("No valid number or address", "1"),
        ]
        assert page.count("r0000") == 5 + 1
        way = re.search(r'href="([^"]+)">See all 8<', page)[1]
        _, _, page = await look(api, way, **mine)
        assert page.count("r0000") == 8
        _, _, page = await look(api, f"/console/alerts/{alert['id']}/unreached?reason=sms-failed", **mine)
        assert "There is nobody left for this reason." in page


async def test_a_key_that_may_only_read_learns_how_many_and_why_but_no_names(api):
    alert = await missed(api, 3)
    mine = await api.sign_in("laigle-read")
    _, _, page = await look(api, f"/console/alerts/{alert}/unreached", **mine)
    assert "3 people were not told" in page
    assert "names nobody" in page
    assert "Person" not in page
    assert "R-0" not in page
    assert ".csv" not in page
    assert (await look(api, f"/console/alerts/{alert}/unreached.csv", **mine))[0] == 403


@pytest.mark.parametrize(("language", "delimiter", "header"), [("fr", ";", "Nom"), ("en", ",", "Name")])
async def test_the_table_is_read_by_a_spreadsheet_of_the_readers_language(api, language, delimiter, header):
    alert = await missed(api, 3)
    mine = await api.sign_in("laigle-publish")
    headers = {"Cookie": mine["Cookie"], "Accept-Language": language}
    async with api.http.get(f"{api.running.url}/console/alerts/{alert}/unreached.csv", headers=headers) as answer:
        raw = await answer.read()
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    assert re.fullmatch(r'attachment; filename="[\w-]+-laigle-\d+\.csv"', answer.headers["Content-Disposition"])
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig")), delimiter=delimiter))
    assert rows[0][2] == header
    assert sorted(row[1:3] for row in rows[1:]) == [[f"R-{number}", f"Person {number}"] for number in range(3)]
    assert {(row[3], row[4]) for row in rows[1:]} == {(catalogs().words(language)(SENTENCES[Reason.NO_CONTACT]),) * 2}


async def test_a_key_that_may_only_read_gets_no_register_id_by_any_road(api):
    alert = await missed(api, 3)
    for path in (f"/v1/alerts/{alert}/deliveries", f"/v1/alerts/{alert}/unreached", f"/v1/alerts/{alert}/report"):
        _, _, seen = await api.call("GET", path, key="laigle-read")
        assert "R-0" not in json.dumps(seen), path


async def test_deliveries_name_people_by_the_register_only_to_who_may_publish(api):
    store, now = api.running.services.store, api.running.services.clock.now()
    async with store.write() as unit:
        station = await stations.by_slug(unit, "laigle")
        one = NewSubscriber(
            "fr",
            (NewContact(ChannelName.EMAIL, "r@example.org", "r@example.org"),),
            (NewPlace("home", *LAIGLE),),
            external_id="R-0",
        )
        await people.register(unit, station.id, [one], [people.new_token()], groups_by_slug={}, now=now)
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert())
    await until_finished(api, alert["id"])
    seen = {}
    for role in ("read", "publish"):
        _, _, page = await api.call("GET", f"/v1/alerts/{alert['id']}/deliveries", key=f"laigle-{role}")
        seen[role] = [each["external_id"] for each in page["deliveries"]]
    assert seen == {"read": [None], "publish": ["R-0"]}


async def test_a_formula_in_a_name_is_text_in_the_table_also_behind_a_semicolon(api):
    store, now = api.running.services.store, api.running.services.clock.now()
    async with store.write() as unit:
        station = await stations.by_slug(unit, "laigle")
        one = NewSubscriber("fr", (), (NewPlace("home", *LAIGLE),), external_id="+1-1", name="Martin;=cmd")
        await people.register(unit, station.id, [one], [people.new_token()], groups_by_slug={}, now=now)
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert())
    await until_finished(api, alert["id"])
    mine = await api.sign_in("laigle-publish")
    _, _, table = await look(api, f"/console/alerts/{alert['id']}/unreached.csv", **mine)
    assert "'+1-1,Martin;'=cmd," in table
    _, _, exported = await look(api, "/console/people/export.csv", **mine)
    assert "'+1-1,Martin;'=cmd," in exported


async def test_ten_thousand_unreached_are_pages_of_a_hundred_and_one_table_that_comes_in_parts(api):
    alert = await missed(api, 10_000, names=False)
    mine = await api.sign_in()
    _, _, page = await look(api, f"/console/alerts/{alert}/unreached", **mine)
    assert "10,000 people were not told" in page
    assert page.count("R-") == 100
    assert len(page) < 60_000
    _, _, table = await look(api, f"/console/alerts/{alert}/unreached.csv", **mine)
    rows = list(csv.reader(io.StringIO(table)))
    assert len(rows) == 10_001
    assert len({row[1] for row in rows[1:]}) == 10_000
    _, _, page = await look(api, f"/console/alerts/{alert}", **mine)
    assert "10,000" in page


async def test_who_takes_the_table_is_written_in_the_audit_log(api):
    alert = await missed(api, 2)
    mine = await api.sign_in("laigle-publish")
    await look(api, f"/console/alerts/{alert}/unreached.csv", **mine)
    async with api.running.services.store.read() as unit:
        (entry,) = await audit_reading.page(unit, Only(action=Action.UNREACHED_EXPORTED), limit=9)
    assert (entry.actor.id, str(entry.about)) == (api.operators["laigle-publish"], alert)


def test_failures_of_one_kind_are_one_reason_whatever_their_codes_and_their_order():
    gone = Why(Reason.GONE, ChannelName.PUSH, "push:410")
    failed = Why(Reason.FAILED, ChannelName.SMS, "twilio:30003")
    found = {
        pack([gone, failed]): 2,
        pack([failed._replace(code="twilio:30005"), gone._replace(code="push:404")]): 3,
        pack([failed]): 4,
        pack([Why(Reason.BUG, ChannelName.EMAIL)]): 1,
        "": 1,
        pack([Why(Reason.NO_CONTACT)]): 6,
        pack([Why(Reason.PAUSED)]): 1,
        pack([Why(Reason.OPTED_OUT)]): 2,
    }
    made = grouped(found, ENGLISH)
    assert [(missed.slug, missed.people) for missed in made] == [
        ("no-contact", 6),
        ("push-gone.sms-failed", 5),
        ("sms-failed", 4),
        ("opted-out", 2),
        ("email-service-error", 1),
        ("other", 1),
        ("paused", 1),
    ]
    assert sum(missed.people for missed in made) == sum(found.values())
    assert {each for missed in made for each in missed.packed} == set(found)
    assert made[1].sentence == "Notification: the address does not exist any more; SMS: refused, or not delivered"
