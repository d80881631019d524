"""The console's page of unconfirmed sign-ups, and signed requests on a person's page."""

from __future__ import annotations

import re

import pytest

from broadcaster.domain.people import ChannelName, NewContact, NewSubscriber
from broadcaster.store.people import contacts, people, waves
from tests.integration.http.test_people import push, register

PAGE = "/console/people/sign-ups?station=laigle"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


async def seen(api, path, who, lang):
    status, _, page = await api.call("GET", path, key=None, headers={**who, "Accept-Language": lang})
    assert status == 200, page
    return page


async def sent(api, path, who, **fields):
    said = "&".join(f"{name}={value}" for name, value in fields.items())
    return await api.call("POST", path, key=None, raw=said, headers={**who, **FORM})


@pytest.mark.parametrize(("lang", "title"), [("fr", "Inscriptions non confirmées"), ("en", "Unconfirmed sign-ups")])
async def test_a_wave_is_seen_and_removed(api, lang, title):
    who = await api.sign_in("laigle-publish")
    for n in range(25):
        assert (await register(api, {"contacts": [push()], "name": f"Fake {n}"}))[0] == 201
    page = await seen(api, PAGE, who, lang)
    assert title in page
    assert "Fake 24" in page
    assert ("inhabituel" if lang == "fr" else "unusually many") in page
    assert "/console/people/sign-ups" in await seen(api, "/console/people?station=laigle", who, lang)
    hour = re.search(r'name="hour" value="([^"]+)"', page)[1].replace("+", "%2B")
    assert (await sent(api, PAGE, {"Cookie": who["Cookie"]}, hour=hour, source=""))[0] == 403
    assert (await sent(api, PAGE, who, hour="yesterday", source=""))[0] == 422
    status, headers, _ = await sent(api, PAGE, who, hour=hour, source="")
    assert (status, headers["Location"]) == (303, f"{PAGE}&done=removed")
    assert (await api.counts())["subscribers"] == 0
    await seen(api, headers["Location"], who, lang)
    reader = await api.sign_in("laigle-read")
    assert (await api.call("GET", PAGE, key=None, headers=reader))[0] == 403


async def test_an_operator_records_a_signed_request_which_undoes_an_opt_out(api):
    services = api.running.services
    token = await api.enrol(NewSubscriber("fr", (NewContact(ChannelName.EMAIL, "a@example.org", "a@example.org"),)))
    async with services.store.write() as unit:
        number = await people.by_token(unit, token)
        contact = NewContact(ChannelName.EMAIL, "a@example.org", "a@example.org")
        (contact_id,) = (await contacts.ensure(unit, [contact], services.clock.now())).values()
        await contacts.opt_out(unit, contact_id, 1, services.clock.now())
        assert await waves.count(unit, 1) == 0
    who = await api.sign_in("laigle-publish")
    path = f"/console/people/{number}"
    assert 'name="kept"' in await seen(api, f"{path}?station=laigle", who, "fr")
    form = f"{path}/signed?station=laigle"
    assert (await sent(api, form, who, contact=contact_id, on="2020-01-05", kept=""))[0] == 422
    assert (await sent(api, form, who, contact=contact_id, on="2999-01-05", kept="dossier"))[0] == 422
    status, headers, _ = await sent(api, form, who, contact=contact_id, on="2020-01-05", kept="dossier+12")
    assert status == 303
    page = await seen(api, headers["Location"], who, "fr")
    assert "dossier 12" in page
    assert "La demande signée est enregistrée" in page
    assert 'name="kept"' not in page
