"""Approvers are asked: by which means, and once."""

from __future__ import annotations

from broadcaster.domain.operators import party_of
from broadcaster.http.contacts import read_push
from broadcaster.pipeline import approving, telling
from broadcaster.store.operators import operators, pushes
from tests.contract.stores import NOW
from tests.servers.push import Behaviour


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
