"""The register of vulnerable people: kept apart from the alert list, opened by name, each look recorded."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta

from broadcaster.domain.audit import Action
from broadcaster.store.operations import audit_reading
from broadcaster.store.operations.audit_reading import Only
from broadcaster.store.people import people, profiles
from broadcaster.store.register import vulnerable
from broadcaster.store.stations import stations
from broadcaster.web.console.alerts.report_pdf import Printer
from tests.integration.http.test_console_import import take_over, upload
from tests.integration.http.test_console_people import look, send

ASKED = {
    "name": "Rose Aubépine", "born": "1938-04-01", "address": "3 rue du Four, 61300 L'Aigle", "phone": "02 33 00 00 00",
    "ground": "age", "asker": "doctor", "asked_by": "Dr Petit", "contact": "Zoé, 06 39 98 00 01", "helped_by": "",
    "agreed": "1",
}  # fmt: skip
REGISTER = "/console/vulnerable"


async def recorded(api, action):
    async with api.running.services.store.read() as unit:
        return await audit_reading.page(unit, Only(action=action), before=None, limit=50)


async def entry_of(api, number):
    async with api.running.services.store.read() as unit:
        station = await stations.by_slug(unit, "laigle")
        return await vulnerable.by_id(unit, station.id, number)


async def test_the_way_of_an_entry_from_the_request_to_the_removal(api, monkeypatch):
    owner, writer = await api.sign_in("laigle-admin"), await api.sign_in("laigle-publish")
    for mine in (owner, writer, await api.sign_in("admin")):
        assert (await look(api, REGISTER, mine))[0] == 403, "no role opens it, not even the administrator's"
    who = api.operators["laigle-publish"]
    given = {"station": "laigle", "do": "grant"}
    assert (await send(api, f"/console/operators/{who}", writer, **given))[0] == 403
    assert (await send(api, f"/console/operators/{who}", owner, **given))[0] == 303
    (granted,) = await recorded(api, Action.VULNERABLE_GRANTED)
    assert (granted.actor.id, granted.about, granted.params) == (api.operators["laigle-admin"], who, {"granted": True})

    status, _, page = await send(api, f"{REGISTER}/new", writer, **{**ASKED, "asked_by": "", "agreed": ""})
    assert status == 422
    assert page.count('class="wrong"') == 2, "who asked, and that the person knows"
    status, headers, _ = await send(api, f"{REGISTER}/new", writer, **ASKED)
    assert status == 303
    number = int(re.search(r"/(\d+)\?", headers["Location"])[1])
    entry = await entry_of(api, number)
    assert entry.letter_due == entry.asked_at + timedelta(days=8)
    page = (await look(api, REGISTER, writer))[2]
    assert ["Letters to send" in page, "To confirm this year" in page] == [True, False]
    printed = []

    async def pdf_of(_printer, html):
        printed.append(html)
        return b"%PDF"

    monkeypatch.setattr(Printer, "pdf_of", pdf_of)
    assert (await look(api, f"{REGISTER}/{number}/letter.pdf", writer))[2] == "%PDF"
    assert all(each in printed[0] for each in ("Rose Aubépine", "3 rue du Four", "L121-6-1"))
    assert (await send(api, f"{REGISTER}/{number}", writer, do="sent"))[0] == 303
    assert (await entry_of(api, number)).letter_due is None

    async with api.running.services.store.write() as unit:
        await vulnerable.confirm(unit, number, entry.asked_at - timedelta(days=400))
    page = (await look(api, REGISTER, writer))[2]
    assert ["Letters to send" in page, "To confirm this year" in page] == [False, True]
    assert (await send(api, f"{REGISTER}/{number}", writer, do="confirmed"))[0] == 303
    assert "To confirm this year" not in (await look(api, REGISTER, writer))[2]

    changed = {**ASKED, "name": "Rose Orme", "do": "changed"}
    assert (await send(api, f"{REGISTER}/{number}", writer, **changed))[0] == 303
    rows = list(csv.reader(io.StringIO((await look(api, f"{REGISTER}/list.csv", writer))[2].lstrip("\ufeff"))))
    assert [row[:2] for row in rows[1:]] == [["Rose Orme", "1938-04-01"]]
    assert (await send(api, f"{REGISTER}/{number}", writer, do="removed"))[0] == 303
    assert await entry_of(api, number) is None
    done = [each.action for each in reversed(await recorded(api, None)) if each.about == number]
    assert done == [
        Action.VULNERABLE_ADDED, Action.VULNERABLE_SEEN, *[Action.VULNERABLE_CHANGED] * 3, Action.VULNERABLE_REMOVED,
    ]  # fmt: skip
    assert len(await recorded(api, Action.VULNERABLE_SEEN)) == 4, "each look at the list and the letter"
    (exported,) = await recorded(api, Action.VULNERABLE_EXPORTED)
    assert exported.params == {"people": 1}
    assert (await send(api, f"/console/operators/{who}", owner, station="laigle", do="ungrant"))[0] == 303
    assert (await look(api, REGISTER, writer))[0] == 403


async def test_the_alert_list_says_nothing_of_it_and_only_a_link_makes_somebody_first(api):
    owner, writer = await api.sign_in("laigle-admin"), await api.sign_in("laigle-publish")
    _, place, _ = await upload(api, writer, "id;nom;portable;vulnérable\nA;Rose;0639980001;oui\n")
    _, _, page = await look(api, place, writer)
    assert "The column of vulnerable people was not read" in page
    assert (await take_over(api, writer, place))[0] == 303
    async with api.running.services.store.read() as unit:
        station = await stations.by_slug(unit, "laigle")
        ((person, _),) = (await people.by_external_ids(unit, station.id, ["A"])).values()
        assert await vulnerable.listed(unit, station.id) == []
        assert not (await profiles.read(unit, person)).vulnerable
    opened = {"station": "laigle", "do": "grant"}
    assert (await send(api, f"/console/operators/{api.operators['laigle-publish']}", owner, **opened))[0] == 303
    _, _, page = await look(api, f"{REGISTER}/new?station=laigle&person={person}", writer)
    assert 'value="Rose"' in page
    status, headers, _ = await send(api, f"{REGISTER}/new?station=laigle", writer, **ASKED, person=person)
    entry = headers["Location"].partition("?")[0]
    assert status == 303
    async with api.running.services.store.read() as unit:
        assert (await profiles.read(unit, person)).vulnerable
    _, _, mine = await look(api, f"/console/people/{person}?station=laigle", writer)
    _, _, others = await look(api, f"/console/people/{person}?station=laigle", owner)
    assert ["entry in the register" in mine, "entry in the register" in others] == [True, False]
    header = (await look(api, "/console/people/export.csv?station=laigle", owner))[2].splitlines()[0]
    assert "vulnerable" not in header
    lines = (await look(api, "/console/people/export.csv?station=laigle", writer))[2].splitlines()
    assert ("vulnerable" in lines[0], ",yes," in lines[1]) == (True, True)
    assert (await send(api, entry, writer, do="apart"))[0] == 303
    assert (await send(api, entry, writer, do="joined", who="0639980099"))[0] == 422
    assert (await send(api, entry, writer, do="joined", who="06 39 98 00 01"))[0] == 303
    assert (await entry_of(api, int(entry.rpartition("/")[2]))).person == person
    assert (await look(api, f"{REGISTER}/999", writer))[0] == 404
