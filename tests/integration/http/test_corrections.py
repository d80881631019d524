"""People of a list ask for what it says wrongly to be corrected; an operator answers, and they are told."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from broadcaster.domain.audit import Action
from broadcaster.domain.corrections import ANSWERED_WITHIN
from broadcaster.domain.people import ChannelName, ContactStatus, NewContact
from broadcaster.store import tables
from broadcaster.store.operations import audit_reading
from broadcaster.store.operations.audit_reading import Only
from broadcaster.store.people import contacts, suppression
from broadcaster.store.stations import stations
from tests.integration.http.test_confirmations import begin, code_of, give, messages, settled
from tests.integration.http.test_console_people import look, person_of, send, settle, somebody

ASK, WRONG, CONTACTS = "/v1/stations/laigle/listed", "/v1/listed/corrections", "/v1/listed/contacts"
ROSE = {"phone": "06 39 98 00 01", "name": "Rose Aubépine"}
PAGE = "/console/people/corrections"
MOVED = {"text": "I moved, and married.", "name": "Rose Houx", "address": "3 rue des Lilas, 61300 L’Aigle"}


@pytest.fixture
def told(api, monkeypatch):
    """Return the list of what is sent as an SMS or a mail: texts with their receivers."""
    found = []
    senders = api.running.services.senders
    for channel in {type(senders[each].channel) for each in (ChannelName.SMS, ChannelName.EMAIL)}:
        real = channel.send

        async def recorded(self, message, address, real=real):
            found.append((getattr(message, "text", "") or message.template.text, str(address)))
            return await real(self, message, address)

        monkeypatch.setattr(channel, "send", recorded)
    return found


async def proven(api):
    """Return the secret of Rose, who is on the list, and her id."""
    (rose,) = await settle(api, somebody(1, "Rose Aubépine", phone="+33639980001"))
    made = await begin(api, ROSE, path=ASK)
    assert (await give(api, made, await code_of(api)))[1]["state"] == "confirmed"
    return rose, made["confirmation"]


async def ask(api, secret, path=WRONG, **body):
    status, _, answer = await api.call("POST", path, {"confirmation": secret, **body}, key=None)
    return status, answer


async def first_of(api, mine):
    """Return the number of the request that waits longest."""
    _, _, page = await look(api, PAGE, mine)
    return int(page.split(f'action="{PAGE}/')[1].split("?")[0])


async def test_from_the_request_to_the_correction_with_a_number_that_is_proved_before_it_is_warned(api, told):
    rose, secret = await proven(api)
    assert (await ask(api, "cf_" + "x" * 32, **MOVED))[0] == 404, "who proved nothing asks for nothing"
    status, made = await ask(api, secret, **MOVED)
    assert (status, set(made)) == (201, {"asked_at", "answered_by"})
    status, code = await ask(api, secret, CONTACTS, email="rose@example.org")
    assert (status, code["channel"]) == (202, "email")
    mine = await api.sign_in("laigle-publish")
    _, _, page = await look(api, PAGE, mine)
    assert "I moved, and married." in page
    assert "rose@example.org" not in page, "anybody's, until the code came back"
    await settled(api)
    text = (await messages(api))[0].readable
    digits = next(word for word in text.split() if word.isdigit() and len(word) == 6)
    status, done = await give(api, code, digits)
    assert (status, done["state"], done["token"]) == (200, "confirmed", None)
    before = await person_of(api, rose)
    assert (before.name, len(before.contacts)) == ("Rose Aubépine", 1), "an operator agrees first"
    _, _, page = await look(api, PAGE, mine)
    assert "rose@example.org" in page
    (number,) = {int(part.split("?")[0]) for part in page.split(f'action="{PAGE}/')[1:]}
    _, _, home = await look(api, "/console", mine)
    assert "1 person on your list asks for a correction." in home
    del told[:]
    status, headers, _ = await send(api, f"{PAGE}/{number}", mine, stamp="", do="accept")
    assert (status, headers["Location"]) == (303, f"{PAGE}?station=laigle&done=1")
    await settled(api)
    ((text, to),) = told
    assert (text.startswith("L'Aigle : ce que notre liste dit de vous est corrig"), to) == (True, "+33639980001")
    after = await person_of(api, rose)
    assert after.name == "Rose Houx"
    assert {each.address for each in after.contacts} == {"+33639980001", "rose@example.org"}
    assert (await send(api, f"{PAGE}/{number}", mine, stamp="", do="refuse", why="x"))[0] == 409, "answered once"
    _, _, page = await look(api, PAGE, mine)
    assert "they were told" in page
    _, data = await ask(api, secret, "/v1/listed/data")
    (asked,) = [each for each in data["records"] if each["kind"] == "correction"]
    assert (asked["facts"]["state"], asked["facts"]["contacts"]) == ("accepted", "rose@example.org")
    found = await api.running.services.store.run_read(lambda unit: audit_reading.page(unit, Only(about=rose), limit=9))
    assert [each.action for each in found if each.action is not Action.PERSON_EXPORTED] == [
        Action.CORRECTION_ACCEPTED,
        Action.CORRECTION_ASKED,
        Action.CORRECTION_ASKED,
    ]


async def test_a_refusal_says_why_to_who_asked_and_what_waits_for_a_month_is_overdue(api, told):
    rose, secret = await proven(api)
    first = (await ask(api, secret, text="My name is wrong."))[1]
    again = (await ask(api, secret, text="It is Rosa.", name="Rosa"))[1]
    assert again == first, "a further request completes the one that waits, from the first one's day"
    services = api.running.services
    async with services.store.write() as unit:
        long_ago = services.clock.now() - ANSWERED_WITHIN
        await unit.conn.execute(update(tables.corrections).values(asked_at=long_ago))
    mine = await api.sign_in("laigle-publish")
    _, _, page = await look(api, PAGE, mine)
    assert "Overdue since" in page
    assert "1 has waited for more than a month." in (await look(api, "/console", mine))[2]
    number = await first_of(api, mine)
    assert (await send(api, f"{PAGE}/{number}", mine, stamp="", do="refuse", why=" "))[0] == 422
    reader = await api.sign_in("laigle-read")
    assert (await send(api, f"{PAGE}/{number}", reader, stamp="", do="accept"))[0] == 403
    del told[:]
    assert (await send(api, f"{PAGE}/{number}", mine, stamp="", do="refuse", why="Ask the prefecture"))[0] == 303
    await settled(api)
    ((text, to),) = told
    assert "Le motif : Ask the prefecture. Vous pouvez" in text
    assert "CNIL" in text
    assert to == "+33639980001"
    assert (await person_of(api, rose)).name == "Rose Aubépine"
    assert "asks for a correction" not in (await look(api, "/console", mine))[2]


async def test_new_contacts_keep_the_limits_of_codes_and_nobody_asks_for_somebody_erased(api):
    _, secret = await proven(api)
    for _ in range(3):
        assert (await ask(api, secret, CONTACTS, phone="0639980009"))[0] == 202
    assert (await ask(api, secret, CONTACTS, phone="0639980009"))[0] == 429
    assert (await ask(api, secret, CONTACTS, phone="+1 212 555 2368"))[0] == 422
    for unfit in ("", "Wrong.\u202egnorW", "Wrong.\x07"):
        assert (await ask(api, secret, text=unfit))[0] == 422
    assert (await ask(api, secret, text="Wrong."))[0] == 201
    assert (await ask(api, secret, "/v1/listed/erasure"))[0] == 200
    assert (await ask(api, secret, text="Wrong."))[0] == 404
    async with api.running.services.store.read() as unit:
        assert list(await unit.conn.scalars(tables.corrections.select())) == [], "erased with them"


async def test_a_number_that_was_left_out_may_come_in_by_its_owners_code_and_the_audit_log_says_so(api):
    _, secret = await proven(api)
    services = api.running.services
    mark = suppression.mark_of(services.store.vault, NewContact(ChannelName.SMS, "+33639980009", "+33639980009"))
    async with services.store.write() as unit:
        station = await stations.by_slug(unit, "laigle")
        await suppression.add(unit, station.id, [mark], services.clock.now())
    _, code = await ask(api, secret, CONTACTS, phone="06 39 98 00 09")
    assert (await give(api, code, await code_of(api)))[1]["state"] == "confirmed"
    mine = await api.sign_in("laigle-publish")
    assert (await send(api, f"{PAGE}/{await first_of(api, mine)}", mine, stamp="", do="accept"))[0] == 303
    async with services.store.read() as unit:
        assert await suppression.listed(unit, station.id, [mark]) == set()
        (undone,) = await audit_reading.page(unit, Only(action=Action.LEFT_OUT_UNDONE), limit=9)
    assert undone.station_id == station.id


@pytest.mark.parametrize("how", ["left-out", "stop", "opt-out"])
async def test_a_number_whose_owner_said_no_after_the_code_does_not_come_in(api, how):
    rose, secret = await proven(api)
    services = api.running.services
    number = NewContact(ChannelName.SMS, "+33639980009", "+33639980009")
    _, code = await ask(api, secret, CONTACTS, phone="06 39 98 00 09")
    assert (await give(api, code, await code_of(api)))[1]["state"] == "confirmed"
    async with services.store.write() as unit:
        station, now = await stations.by_slug(unit, "laigle"), services.clock.now()
        (contact_id,) = (await contacts.ensure(unit, [number], now)).values()
        if how == "left-out":
            await suppression.add(unit, station.id, [suppression.mark_of(unit.vault, number)], now)
        elif how == "stop":
            await contacts.retire(unit, [contact_id], ContactStatus.STOPPED, "sms:stop", now)
        else:
            await contacts.opt_out(unit, contact_id, station.id, now)
    mine = await api.sign_in("laigle-publish")
    path = f"{PAGE}/{await first_of(api, mine)}"
    status, _, page = await send(api, path, mine, stamp="", do="accept")
    assert (status, "asked to be left out" in page) == (409, True)
    assert [each.address for each in (await person_of(api, rose)).contacts] == ["+33639980001"]
    assert (await send(api, path, mine, stamp="", do="refuse", why="It said STOP."))[0] == 303
