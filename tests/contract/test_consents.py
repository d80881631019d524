"""Proofs of consent: each way in and out is kept with its time and its text; on every store."""

from __future__ import annotations

import ast
from pathlib import Path

from sqlalchemy import func, select

import broadcaster
from broadcaster.domain.consents import Consent, Way
from broadcaster.domain.people import ContactStatus
from broadcaster.store import tables
from broadcaster.store.people import confirmations, consents, contacts, people, residents
from broadcaster.store.register import by_hand, erasing, intake, preparing
from broadcaster.store.register.by_hand import Change, Signed
from tests.contract.stores import BY, NOW, add_station, mail, phone, push, register, resident

TEXT = "By signing up you agree."


def by(way, text=""):
    return Consent(way, BY, text)


async def told(unit, who, station_id=None):
    """Return the ways of a person's acts, oldest first: ``-`` before those that take back."""
    acts = await consents.of_person(unit, who, station_id)
    return sorted(("" if act.given else "-") + act.way.word for act in acts)


async def test_each_act_about_a_contact_is_kept_with_its_way_its_time_and_its_text_once(store):
    async with store.write() as unit:
        station, other = await add_station(unit, "laigle"), await add_station(unit, "rugles")
        people_of_page = [resident(push(f"https://a.example/{n}"), phone(f"+3363998000{n}")) for n in (1, 2)]
        given = {"groups_by_slug": {}, "now": NOW, "themselves": True, "consent": by(Way.QR, TEXT)}
        zoe, _ = await people.register(unit, station.id, people_of_page, [people.new_token(), "sb_2"], **given)
        act, *_ = acts = await consents.of_person(unit, zoe)
        assert [(each.way, each.given, each.at, each.text, each.version) for each in acts] == [
            (Way.QR, True, NOW, TEXT, "1")
        ] * 2
        assert act.station_id == station.id
        assert await unit.conn.scalar(select(func.count()).select_from(tables.consent_texts)) == 1
        await confirmations.add_contact(unit, zoe, mail("zoe@a.example"), NOW, by(Way.OWN))
        (sms,) = (await contacts.ensure(unit, [phone("+33639980001")], NOW)).values()
        await contacts.stop(unit, "+33639980001", "sms:stop", NOW, by(Way.SMS))
        await contacts.restart(unit, [sms], NOW, by(Way.SMS))
        await contacts.opt_out(unit, sms, station.id, NOW, by(Way.CALL))
        await contacts.opt_out(unit, sms, station.id, NOW, by(Way.LINK))
        assert await by_hand.record_signed(
            unit, station.id, zoe, sms, Signed("2026-06-01", "dossier 12", NOW, 7), actor=BY
        )
        said = ["-call", "-sms", "own", "qr", "qr", "signed", "sms"]
        assert await told(unit, zoe) == said, "what was said before does not count twice"
        for _ in range(2):
            await residents.follow(unit, zoe, other.id, NOW, by(Way.OWN))
        assert await told(unit, zoe) == sorted([*said, "own", "own", "own"])
        assert await told(unit, zoe, station.id) == said, "another station's are not this one's"
        await residents.renew_push(unit, zoe, push("https://a.example/9"), None, NOW, consent=by(Way.RENEWED))
        await residents.renew_push(unit, zoe, push("https://a.example/9"), None, NOW, consent=by(Way.RENEWED))
        await people.replace(
            unit, station.id, zoe, resident(mail("zoe@a.example")), groups_by_slug={}, now=NOW, consent=by(Way.OWN)
        )
        here = await told(unit, zoe, station.id)
        assert here == sorted([*said, "renewed", "-own", "-own", "-own"])
        await erasing.leave(unit, zoe, station.id, erasing.Way.THEMSELVES, NOW, by=by(Way.OWN))
        assert (await told(unit, zoe)).count("-own") == 4
        await erasing.erase(unit, zoe, erasing.Way.THEMSELVES, NOW)
        mine = tables.consents.c.subscriber_id == zoe
        assert await unit.conn.scalar(select(func.count()).select_from(tables.consents).where(mine)) == 0


async def test_a_list_is_one_act_for_all_its_people_and_an_operator_one_for_each_contact(store):
    async with store.write() as unit:
        station = await add_station(unit, "laigle")
        ids = await preparing.reserve(unit, 2)
        entries = [preparing.Entry(resident(phone(f"+3363998000{n}"), external_id=str(n)), b"d") for n in (1, 2)]
        rows = preparing.make_ready(store.vault, station.id, entries, ids)
        await intake.write(unit, station.id, [rows], groups_by_slug={}, now=NOW, consent=by(Way.LIST))
        assert await unit.conn.scalar(select(func.count()).select_from(tables.consents)) == 1
        assert await told(unit, ids[0]) == await told(unit, ids[1], station.id) == ["list"]
        corrected = resident(phone("+33639980001"), external_id="1", name="Anne")
        await people.replace(unit, station.id, ids[0], corrected, groups_by_slug={}, now=NOW, consent=by(Way.OWN))
        assert await told(unit, ids[0]) == ["list"], "a corrected name is no new act"
        (sms,) = (await contacts.ensure(unit, [phone("+33639980001")], NOW)).values()
        await contacts.retire(unit, [sms], ContactStatus.GONE, "x", NOW)
        await by_hand.revive(unit, ids[0], sms, NOW, by(Way.COUNTER))
        change = Change("Ann", "fr", (), dropped=(sms,), added=(mail("ann@a.example"),))
        await by_hand.amend(unit, station.id, ids[0], change, NOW, consent=by(Way.COUNTER))
        assert await told(unit, ids[0]) == ["-counter", "counter", "counter"]
        newest = consents.newest(await consents.of_person(unit, ids[0]))
        assert newest[sms].given is False
        (plain,) = await register(unit, station.id, resident(phone("+33639980007")))
        assert await told(unit, plain) == [], "synthetic people have not agreed to anything"


TAKE_CONSENT = {
    "people.register", "people.replace", "add_contact", "confirmations.add_contact", "residents.follow",
    "residents.renew_push", "residents.visit", "by_hand.amend", "by_hand.revive", "contacts.stop", "contacts.restart",
    "contacts.opt_out", "intake.write", "erasing.leave", "by_hand.remove",
}  # fmt: skip
"""Functions by which a contact comes in or is taken back, and how many arguments there are without the consent."""
WITHOUT = {("seed.py", "people.register"), ("web/console/people/sign_ups.py", "by_hand.remove")}
"""Invented people; sign-ups of robots, which agreed to nothing."""


def test_no_way_in_or_out_is_without_its_proof():
    root, found = Path(broadcaster.__file__).parent, set()
    for path in root.rglob("*.py"):
        for call in (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)):
            name = ast.unparse(call.func)
            if name in TAKE_CONSENT:
                given = {each.arg for each in call.keywords} | {ast.unparse(each) for each in call.args}
                found.add(
                    (str(path.relative_to(root)), name, bool(given & {"consent", "by"}) or "Consent(" in str(given))
                )
    assert {each[:2] for each in found if not each[2]} - WITHOUT == set()
    assert len(found) >= len(TAKE_CONSENT)
