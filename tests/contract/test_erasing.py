"""Who erased themselves, or asked to be left out, is brought back by nobody but themselves; on every store."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from broadcaster.domain import consents
from broadcaster.domain.corrections import Wanted
from broadcaster.domain.fixes import Fix
from broadcaster.domain.permissions import KeyRole
from broadcaster.domain.refusals import Conflict
from broadcaster.domain.vulnerable import Details
from broadcaster.store import help_requests, inbox, tables
from broadcaster.store.operators import operators
from broadcaster.store.people import confirmations, contacts, corrections, fixes, profiles, residents, suppression
from broadcaster.store.people.confirmations import ConfirmationRequest
from broadcaster.store.register import by_hand, erasing, own_data, vulnerable
from broadcaster.store.register.by_hand import Change, Signed
from broadcaster.store.register.erasing import Way
from broadcaster.store.register.own_data import PROFILE
from broadcaster.store.register.registering import Registration, register_all
from broadcaster.store.stations import stations
from tests.contract.stores import BY, NOW, add_station, mail, phone, push, register, resident
from tests.integration.backup.conftest import fill

ZOE = resident(phone("+33639980001"), mail("zoe@a.example"), name="Zoé", external_id="R-1")


async def count(unit, table):
    return await unit.conn.scalar(select(func.count()).select_from(table))


async def test_who_erased_themselves_comes_back_by_their_own_proof_alone(store):
    async with store.write() as unit:
        station, other = await add_station(unit, "laigle"), await add_station(unit, "rugles")
        zoe, ann = await register(unit, station.id, ZOE, resident(phone("+33639980009"), name="Ann"))
        proof = await erasing.erase(unit, zoe, Way.THEMSELVES, NOW)
        assert proof.number.startswith("2026-000001-")
        assert "profile" in proof.kinds
        assert await count(unit, tables.contacts) == 1
        assert await count(unit, tables.suppressions) == 3
    by_voice = phone("+33639980001", "voice")
    for where in (station, other):
        for again in (resident(phone("+33639980001")), resident(by_voice), resident(mail("zoe@a.example"))):
            async with store.write() as unit:
                with pytest.raises(Conflict, match="asked to be left out"):
                    await register(unit, where.id, again)
    async with store.write() as unit:
        some = [ZOE, resident(name="Bob", external_id="R-2"), resident(name="Z", external_id=" r-1 ")]
        done = await register_all(unit, [Registration(station.id, each, {}, BY) for each in some])
        assert [isinstance(each, int) for each in done] == [False, True, False]
        change = Change("Ann", "fr", groups=(), added=(by_voice,))
        with pytest.raises(Conflict, match="asked to be left out"):
            await by_hand.amend(unit, station.id, ann, change, NOW)
    async with store.write() as unit:
        (again,) = await register(unit, station.id, resident(phone("+33639980001")), themselves=True)
        await register(unit, station.id, resident(by_voice))
        for where, what in ((other, by_voice), (station, mail("zoe@a.example"))):  # of these they have proven nothing
            with pytest.raises(Conflict):
                await register(unit, where.id, resident(what))
        await confirmations.add_contact(unit, again, mail("zoe@a.example"), NOW)
        assert await suppression.listed(unit, station.id, suppression.marks_of(store.vault, station.id, ZOE)) == {
            suppression.mark_of_id(store.vault, station.id, "R-1")
        }


async def test_who_leaves_one_station_is_kept_out_of_that_one_and_follows_again_at_will(store):
    async with store.write() as unit:
        station, other = await add_station(unit, "laigle"), await add_station(unit, "rugles")
        shared = phone("+33639980002")
        zoe, _ = await register(unit, station.id, resident(push("https://a.example/1"), shared), resident(shared))
        await residents.follow(unit, zoe, other.id, NOW)
        assert await erasing.leave(unit, zoe, station.id, Way.THEMSELVES, NOW) is not None
        assert await count(unit, tables.suppressions) == 1, "the number is somebody else's too"
        assert await suppression.count(unit, other.id) == 0
        await residents.follow(unit, zoe, station.id, NOW)
        assert await count(unit, tables.suppressions) == 0


async def test_a_person_left_out_everywhere_returns_only_to_the_station_they_act_for(store):
    async with store.write() as unit:
        station, other = await add_station(unit, "laigle"), await add_station(unit, "rugles")
        marks = suppression.marks_of(store.vault, station.id, ZOE)
        for _ in range(2):
            for scope in (suppression.EVERYWHERE, station.id):
                await suppression.add(unit, scope, marks, NOW)
            assert await suppression.lift(unit, marks, NOW, [station.id])
            assert not await suppression.lift(unit, marks, NOW, [station.id]), "they are back"
            assert await suppression.listed(unit, station.id, marks) == set()
            assert await suppression.listed(unit, other.id, marks) == marks
            assert [await suppression.count(unit, each.id) for each in (station, other)] == [0, len(marks)]
        await suppression.add(unit, station.id, marks, NOW)
        assert await suppression.listed(unit, station.id, marks) == marks
        assert await suppression.lift(unit, marks, NOW)
        assert await count(unit, tables.suppressions) == 0


async def test_who_was_put_on_the_list_again_by_the_version_before_is_taken_off_it(store):
    """It knows nothing of ``lifts`` while it runs beside this one."""
    async with store.write() as unit:
        station = await add_station(unit, "laigle")
        mark = suppression.mark_of(unit.vault, phone("+33639980001"))
        for table in (tables.lifts, tables.suppressions):
            await unit.conn.execute(table.insert().values(mark=mark, station_id=station.id, at=NOW))
        assert await suppression.lift(unit, [mark], NOW, [station.id])
        assert await suppression.listed(unit, station.id, [mark]) == set()


async def test_no_removed_stations_number_is_given_to_another_nor_its_keys_to_another(store):
    async with store.write() as unit:
        first = await add_station(unit, "laigle")
        key = await stations.add_key(unit, KeyRole.READ, first.id, "", NOW)
        had = await stations.caller_of(unit, key, NOW)
        await erasing.erase_station(unit, first.id, NOW)
        second = await add_station(unit, "rugles")
        key = await stations.add_key(unit, KeyRole.READ, second.id, "", NOW)
        has = await stations.caller_of(unit, key, NOW)
        person = await operators.add(unit, "Ada", NOW)
        assert second.id > first.id
        assert person > has.key_id > had.key_id


async def test_who_erases_themselves_is_told_if_a_list_or_somebody_else_still_has_a_contact_of_theirs(store):
    async with store.write() as unit:
        station = await add_station(unit, "laigle")
        shared = phone("+33639980002")
        zoe, listed = await register(unit, station.id, resident(shared), resident(shared, external_id="R-2"))
        assert (await erasing.erase(unit, zoe, Way.THEMSELVES, NOW)).shared
        assert not (await erasing.erase(unit, listed, Way.THEMSELVES, NOW)).shared


@pytest.mark.parametrize("asked", [True, False])
async def test_an_operators_removal_keeps_out_only_who_asked_for_it(store, asked):
    async with store.write() as unit:
        station = await add_station(unit, "laigle")
        (zoe,) = await register(unit, station.id, ZOE)
        assert await by_hand.remove(unit, station.id, zoe, NOW, asked=asked) is not None
        assert await count(unit, tables.suppressions) == (3 if asked else 0)
        marks = suppression.marks_of(store.vault, station.id, ZOE)
        assert len(await suppression.listed(unit, station.id + 1, marks)) == 0
        if asked:
            signed = Signed("2026-06-01", "dossier 12", NOW, 7)
            assert await suppression.lift(unit, marks, NOW, [station.id])
            await by_hand.keep_signed(unit, station.id, by_hand.NOBODY, by_hand.NOBODY, signed)
            assert await by_hand.signed_by(unit, station.id, by_hand.NOBODY) == [signed]
        await register(unit, station.id, ZOE)


TABLES = {
    "subscribers": PROFILE,
    "follows": PROFILE,
    "topic_choices": PROFILE,
    "links": PROFILE,
    "contacts": PROFILE,
    "places": PROFILE,
    "positions": PROFILE,
    "memberships": PROFILE,
    "addresses": "address",
    "opt_outs": "opt_out",
    "consents": "consent",
    "welcomes": "unconfirmed",
    "contact_refusals": "refusal",
    "confirmations": "code",
    "trials": "trial",
    "corrections": "correction",
    "signed_requests": "signed",
    "recipients": "alert",
    "deliveries": "message",
    "shares": "shared",
    "answers": "answer",
    "help_requests": "help",
    "visits": "visit",
    "inbox_messages": "text",
    "poll_voters": "vote",
    "vulnerable_people": "vulnerable",
    "identities": "identity",
}

NOT_EXPORTED = {
    "changes": "numbers of people who changed, for some minutes; a position in it is the profile's",
    "escalations": "numbers of people whom a later step of an alert may have to tell",
    "poll_pending": "a vote that waits for nine others, sealed by itself: nobody may see it, not even its author",
    "sandbox_messages": "copies of messages for the operators' test mode; the messages are exported",
    "uploads": "a list as an operator sent it, for an hour",
    "upload_parts": "a list as an operator sent it, for an hour",
    "suppressions": "keyed hashes: they can't be read, only compared",
    "lifts": "keyed hashes: they can't be read, only compared",
    "erasures": "keyed hashes: they can't be read, only compared",
    "keeper_answers": "words of a provider of many contacts",
    "operator_pushes": "an operator's browsers, not a resident's; the operator sees and removes them in the console",
    "volunteers": "who helps at an alert, as an operator wrote them down; nothing joins them to a subscriber",
}


def names_people(table):
    """Return whether a table has to do with a person: by a column of their id or contact, or by a mark of them."""
    columns = {column.name for column in table.columns}
    keyed = {key.column.table.name for column in table.columns for key in column.foreign_keys}
    return bool(columns & {"subscriber_id", "contact_id", "sender", "mark", "people", "person", "keeper"}) or bool(
        keyed & {"subscribers", "contacts"}
    )


def test_every_table_about_people_is_exported_or_says_why_not():
    about = {table.name for table in tables.metadata.sorted_tables if names_people(table)}
    about |= {"subscribers", "contacts", "sandbox_messages", "uploads", "upload_parts", "volunteers"}
    assert about == set(TABLES) | set(NOT_EXPORTED)
    assert not set(TABLES) & set(NOT_EXPORTED)


async def touch_everything(unit, who):
    """Add the rows that ``fill`` gave to others."""
    await confirmations.add_contact(unit, who, phone("+33639980042"), NOW, consents.Consent(consents.Way.OWN, BY))
    mine = select(tables.links.c.contact_id).where(tables.links.c.subscriber_id == who)
    contact_id = await unit.conn.scalar(mine.order_by(tables.links.c.contact_id.desc()))
    alert_id = await unit.conn.scalar(select(tables.alerts.c.id))
    await contacts.opt_out(unit, contact_id, 1, NOW)
    await inbox.keep(unit, 1, "+33639980042", "Bonjour", NOW)
    await corrections.ask(unit, 1, who, Wanted(phone("+33639980042"), text="Zoë"), NOW)
    await help_requests.ask(unit, alert_id, 1, who, NOW, position=(0.6, 48.7, None))
    await confirmations.begin(
        unit, ConfirmationRequest(1, mail("new@a.example"), "fr", b"c" * 16, subscriber_id=who), NOW
    )
    await vulnerable.add(unit, 1, Details("Zoé 2"), asked_at=NOW, now=NOW, person=who)
    refused = {"keeper": b"k" * 16, "blame": 1, "answer": "550", "code": "smtp:550", "state": 1, "at": NOW}
    vote = unit.vault.fingerprint("voter", f"7\0{who}")
    for table, row in (
        (tables.welcomes, {"contact_id": contact_id, "tries": 1, "created_at": NOW}),
        (tables.contact_refusals, {"contact_id": contact_id, "alert_id": alert_id, **refused}),
        (tables.shares, {"alert_id": alert_id, "contact_id": contact_id, "subscriber_id": who}),
        (tables.poll_voters, {"poll_id": 7, "mark": vote}),
    ):
        await unit.conn.execute(table.insert().values(row))


NUMBER_STAYS = {
    "recipients",
    "deliveries",
    "shares",
    "answers",
    "help_requests",
    "changes",
    "signed_requests",
    "visits",
}


async def stay_with_its_station(unit, who, wanted):
    """What one station's operator hands to the person is that station's, and no vote, and no position of a device."""
    await fixes.keep(unit, [Fix(who, 0.63, 48.77, 12.5, NOW)])
    await residents.follow(unit, who, 2, NOW)
    seen = {}
    for slug, named in (("laigle", True), ("laigle", False), ("rugles", True)):
        station = await stations.by_slug(unit, slug)
        profile, found = await own_data.of_station(unit, station, who, register=named)
        assert [each for each, _ in profile.follows] == list(profile.wishes) == [slug]
        assert profile.position is None
        assert profile.vulnerable is (slug == "laigle" if named else None)
        seen[slug, named] = found
    assert set(seen["laigle", True]) == wanted - {"code", "vote"}
    assert set(seen["laigle", False]) == wanted - {"code", "vote", "vulnerable"}
    assert {each.station for some in seen["rugles", True].values() for each in some} <= {None, "rugles"}
    assert set(seen["rugles", True]) <= {"consent", "unconfirmed", "identity"}
    assert await own_data.of_station(unit, station, who + 1, register=True) is None, "no follower of theirs"


async def test_all_that_is_kept_of_a_person_is_exported_and_gone_once_they_are_erased(store):
    """A person with a row in every table: what is not in the export, or stays behind, fails this."""
    await fill(store)
    async with store.write() as unit:
        who = await unit.conn.scalar(select(tables.trials.c.subscriber_id))
        await touch_everything(unit, who)
        found = await own_data.collect(unit, who)
        wanted = set(TABLES.values()) - {PROFILE}
        assert set(found) == wanted, "each kind of data"
        await stay_with_its_station(unit, who, wanted)
        proof = await erasing.erase(unit, who, Way.THEMSELVES, NOW)
        assert set(proof.kinds) == wanted | {PROFILE}
    async with store.read() as unit:
        left = {
            table.name
            for table in tables.metadata.sorted_tables
            for name in ("subscriber_id", "given_by")
            if name in table.c
            if await unit.conn.scalar(select(func.count()).select_from(table).where(table.c[name] == who))
        }
        assert left <= NUMBER_STAYS
        mine = tables.help_requests.c.subscriber_id == who
        assert await unit.conn.scalar(select(func.count(tables.help_requests.c.sealed)).where(mine)) == 0
        mine = tables.deliveries.c.subscriber_id == who
        assert await unit.conn.scalar(select(func.count(tables.deliveries.c.provider_id)).where(mine)) == 0
        assert await count(unit, tables.inbox_messages) == 1, "another's"
        assert await profiles.read(unit, who) is None
