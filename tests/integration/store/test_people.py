"""Residents registered, replaced, moved, erased."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import LargeBinary, func, select
from sqlalchemy.exc import IntegrityError

from broadcaster.domain.deliveries import DeliveryState, Outcome
from broadcaster.domain.fixes import Fix
from broadcaster.domain.people import CHANNEL_NUMBER, ChannelName, ContactStatus, NewPlace
from broadcaster.store import sandbox, tables
from broadcaster.store.alerts import dispatching, tracking
from broadcaster.store.people import contacts, fixes, people
from broadcaster.store.register import intake, preparing
from broadcaster.store.stations import stations
from channels.base import Composed
from tests.contract.stores import NOW, add_station, an_alert, mail, phone, push, register, resident
from tests.integration.store.peopled import changed_by, profile, replaced, rows

SIZES = dict.fromkeys(CHANNEL_NUMBER.values(), 100)


async def test_a_resident_is_known_as_they_registered(store, station):
    person = resident(
        mail("zoe@ville.example"), phone("+33612345678"), at=(0.6283, 48.7631), name="Zoé Érable", external_id="R-1",
        groups=("club",),
    )  # fmt: skip
    async with store.write() as unit:
        (zoe,) = await register(unit, station.id, person)
    known = await profile(store, zoe)
    assert known.name == "Zoé Érable"
    assert known.follows == (("laigle", "R-1"),)
    assert known.contacts == (("email", "zoe@ville.example", "active"), ("sms", "+33612345678", "active"))
    assert known.places == (NewPlace("home", 0.6283, 48.7631),)
    assert known.groups == ("club",)
    assert known.position is None


async def test_each_of_many_registered_at_once_has_what_is_theirs(store, station):
    persons = [resident(mail(f"r{n}@ville.example"), name=f"N{n}", external_id=f"X{n}") for n in range(150)]
    async with store.write() as unit:
        ids = await register(unit, station.id, *persons)
    for n in (0, 1, 77, 149):
        known = await profile(store, ids[n])
        assert (known.name, known.contacts[0][1], known.follows) == (
            f"N{n}", f"r{n}@ville.example", (("laigle", f"X{n}"),),
        )  # fmt: skip


async def test_anybody_who_registers_is_written_as_changed(store, station):
    ids = []

    async def work(unit):
        ids.extend(await register(unit, station.id, resident(), resident(mail("a@b.example"))))

    assert await changed_by(store, work) == set(ids)


async def test_an_external_id_is_one_persons_of_a_station(store, station):
    async with store.write() as unit:
        await register(unit, station.id, resident(external_id="R-1"))
        other = await add_station(unit, "rugles")
        await register(unit, other.id, resident(external_id="R-1"))
    with pytest.raises(IntegrityError):
        async with store.write() as unit:
            await register(unit, station.id, resident(external_id="R-1"))


async def test_anybody_who_is_replaced_has_what_the_new_entry_says_and_nothing_more(store, station):
    async with store.write() as unit:
        (one,) = await register(
            unit, station.id, resident(mail("old@b.example"), phone("+331"), at=(0.6, 48.7), name="Old", groups=("g",))
        )
        await fixes.keep(unit, [Fix(one, 0.61, 48.71, 12.0, NOW)])
    new = resident(phone("+331"), push("https://p.example/1"), name="New", locale="en", groups=("h",))
    assert await replaced(store, station, one, new) == {one}
    known = await profile(store, one)
    assert (known.name, known.locale, known.places, known.groups) == ("New", "en", (), ("h",))
    assert [each[0] for each in known.contacts] == ["sms", "push"]
    assert known.position == (0.61, 48.71, 12.0, NOW), "where one is, is no part of a register"
    assert len(await rows(store, tables.contacts)) == 2, "an address that nobody has any more is forgotten"


async def test_replacing_leaves_the_groups_of_other_stations_alone(store, station):
    async with store.write() as unit:
        (one,) = await register(unit, station.id, resident(groups=("g",)))
        other = await add_station(unit, "rugles")
        theirs = await stations.ensure_groups(unit, other.id, {"school": "school"})
        await unit.conn.execute(tables.follows.insert().values(station_id=other.id, subscriber_id=one, created_at=NOW))
        await unit.conn.execute(tables.memberships.insert().values(group_id=theirs["school"], subscriber_id=one))
    await replaced(store, station, one, resident())
    assert (await profile(store, one)).groups == ("school",)


async def test_an_address_that_another_still_has_survives_the_erasing_of_one(store, station):
    async with store.write() as unit:
        one, two = await register(
            unit, station.id, resident(phone("+331"), mail("a@b.example")), resident(phone("+331"))
        )
    async with store.write() as unit:
        assert await people.erase(unit, one)
    assert [each[:2] for each in (await profile(store, two)).contacts] == [("sms", "+331")]
    assert len(await rows(store, tables.contacts)) == 1


async def test_a_no_outlives_the_erasing_of_its_author_and_their_address_does_not(store, station):
    given = resident(mail("zoe@ville.example"), phone("+33612345678"), external_id="R-1")
    async with store.write() as unit:
        (zoe,) = await register(unit, station.id, given)
        by_channel = {row.channel: row.id for row in await unit.conn.execute(select(tables.contacts))}
        await contacts.opt_out(unit, by_channel[CHANNEL_NUMBER[ChannelName.EMAIL]], station.id, NOW)
        stopped = [by_channel[CHANNEL_NUMBER[ChannelName.SMS]]]
        await contacts.retire(unit, stopped, ContactStatus.STOPPED, "twilio:21610", NOW)
        assert await people.erase(unit, zoe)
    assert [row["sealed"] for row in await rows(store, tables.contacts)] == [contacts.FORGOTTEN] * 2
    async with store.write() as unit:
        (again,) = await register(unit, station.id, given)
    assert [each[1:] for each in (await profile(store, again)).contacts] == [
        ("zoe@ville.example", "active"),
        ("+33612345678", "stopped"),
    ]
    assert len(await rows(store, tables.opt_outs)) == 1, "a list that names her anew does not take back her no"


async def test_a_list_that_is_imported_anew_does_not_undo_a_no_either(store, station):
    given = resident(mail("zoe@ville.example"), external_id="R-1")
    async with store.write() as unit:
        (zoe,) = await register(unit, station.id, given)
        await contacts.opt_out(unit, (await unit.conn.scalar(select(tables.contacts.c.id))), station.id, NOW)
        assert await people.erase(unit, zoe)
        ids = await preparing.reserve(unit, 1)
    prepared = preparing.make_ready(store.vault, station.id, [preparing.Entry(given, b"d" * 16)], ids)
    async with store.write() as unit:
        await intake.write(unit, station.id, [prepared], groups_by_slug={}, now=NOW)
    assert [each[1] for each in (await profile(store, ids[0])).contacts] == ["zoe@ville.example"]
    assert len(await rows(store, tables.opt_outs)) == 1


async def test_erasing_anybody_who_is_not_there_changes_nothing(store, station):
    async def work(unit):
        assert not await people.erase(unit, 12345)

    assert await changed_by(store, work) == set()


async def numbers(store, column):
    """The subscribers that each table names."""
    found = {}
    async with store.read() as unit:
        for table in tables.metadata.sorted_tables:
            if column in table.c:
                found[table.name] = set(await unit.conn.scalars(select(table.c[column])))
    return found


async def test_of_an_erased_person_only_numbers_are_left_in_past_accounts(store, station):
    async with store.write() as unit:
        one, other = await register(
            unit,
            station.id,
            resident(
                mail("zoe@b.example"), phone("+331"), at=(0.6, 48.7), name="Zoé", external_id="R-1", groups=("g",)
            ),
            resident(mail("other@b.example")),
        )
        await fixes.keep(unit, [Fix(one, 0.61, 48.71, 12.0, NOW)])
        contact_id = await unit.conn.scalar(
            select(tables.links.c.contact_id).where(tables.links.c.subscriber_id == one).limit(1)
        )
        await contacts.opt_out(unit, contact_id, station.id, NOW)
        alert = an_alert(station.id)
        await dispatching.write_chunk(unit, alert, [one, other], since=NOW, now=NOW, batch_sizes=SIZES)
        deliveries = list(await unit.conn.execute(select(tables.deliveries)))
        composed = Composed("zoe@b.example", "Zoé…", b"To: zoe@b.example", "message/rfc822")
        await tracking.apply(
            unit, [Outcome(row.id, DeliveryState.ACCEPTED, NOW, tried=True, composed=composed) for row in deliveries]
        )
    async with store.write() as unit:
        assert await people.erase(unit, one)
    left = await numbers(store, "subscriber_id")
    assert {name for name, ids in left.items() if one in ids} == {"recipients", "deliveries", "changes"}
    assert len(await rows(store, tables.subscribers)) == 1
    known = {row["id"]: row["sealed"] for row in await rows(store, tables.contacts)}
    assert len(known) == 2
    assert known[contact_id] == contacts.FORGOTTEN, "their no is left, and no address that it was said of"
    async with store.read() as unit:
        kept = await sandbox.page(unit, alert_id=None, channel=None, before=None, limit=10)
        owners = {row.id: row.subscriber_id for row in await unit.conn.execute(select(tables.deliveries))}
    assert {owners[message.delivery_id] for message in kept} == {other}, (
        "a message that was composed for them is theirs"
    )


async def test_a_name_or_an_address_is_in_no_column_that_is_not_sealed():
    """Guards the tables: a new column of text that could name a person must be thought about, and entered here."""
    not_about_people = {
        "stations", "api_keys", "groups", "alerts", "outbox", "channel_stops", "cursors", "batches", "alert_counts",
        "alert_latencies", "leases", "processes", "schedules", "occurrences", "topic_shares",
        "approvals", "approval_rules", "templates", "polls",
    }  # fmt: skip
    plain = {
        f"{table.name}.{column.name}"
        for table in tables.metadata.sorted_tables
        if table.name not in not_about_people
        for column in table.columns
        if not isinstance(column.type, LargeBinary) and column.type.python_type is str
    }
    assert plain == {
        "subscribers.locale", "subscribers.zone", "contacts.status_code", "recipients.why", "recipients.reasons",
        "follows.least", "topic_choices.topic",  # a severity, and one of the station's topics
        "deliveries.provider_id",
        "deliveries.code", "deliveries.reason", "deliveries.provider", "contact_refusals.code", "keeper_answers.code",
        "contact_refusals.answer",  # a mark of a provider's words, without those that name somebody
        "signed_requests.signed_on",  # a day
        "sessions.device", "passkeys.device", "operator_pushes.device",  # an operator's: which browser, on which system
        "operator_roles.role", "operators.password",  # the latter a hash (argon2id)
        "audit_entries.actor_kind", "audit_entries.action", "audit_entries.params",  # codes, ids and counts only
        "trials.code",  # a provider's, or an error's
        "audit_entries.origin",  # a network of 256 addresses
        "lasting_keys.use",  # which key it is
        "enforcements.kind",  # domain.retention.Kind
        "consent_texts.version", "consent_texts.text",  # what the page says to everybody
        "audit_segments.month", "duty_weeks.week",  # 2026-06, 2026-W23
    }  # fmt: skip


async def test_a_position_is_kept_once_a_person_and_the_last_holds(store, station):
    async with store.write() as unit:
        one, two = await register(unit, station.id, resident(), resident())
        await fixes.keep(unit, [Fix(one, 0.6, 48.7, None, NOW), Fix(two, 0.7, 48.8, 5.0, NOW)])
    later = NOW + timedelta(minutes=1)
    assert await changed_by(store, lambda unit: fixes.keep(unit, [Fix(one, 0.65, 48.75, 3.0, later)])) == {one}
    assert (await profile(store, one)).position == (0.65, 48.75, 3.0, later)
    assert (await profile(store, two)).position == (0.7, 48.8, 5.0, NOW)
    assert await changed_by(store, lambda unit: fixes.keep(unit, [])) == set()


async def test_a_number_of_a_subscriber_or_a_contact_is_never_given_again(store, station):
    async with store.write() as unit:
        (one,) = await register(unit, station.id, resident(phone("+331"), at=(0.6, 48.7)))
        first = await unit.conn.scalar(select(func.max(tables.contacts.c.id)))
        await people.erase(unit, one)
        (two,) = await register(unit, station.id, resident(phone("+331"), at=(0.6, 48.7)))
        assert two > one
        assert await unit.conn.scalar(select(func.max(tables.contacts.c.id))) > first


async def test_a_secret_leads_to_its_subscriber_and_no_other_text_does(store, station):
    token = people.new_token()
    async with store.write() as unit:
        ids = await people.register(unit, station.id, [resident()], [token], groups_by_slug={}, now=NOW)
        assert await people.by_token(unit, token) == ids[0]
        assert await people.by_token(unit, token[:-1]) is None
        assert await people.by_token(unit, "") is None


async def test_names_are_given_of_the_stations_own_followers_only(store, station):
    async with store.write() as unit:
        other = await add_station(unit, "rugles")
        (ours,) = await register(unit, station.id, resident(name="Ours", external_id="R-1"))
        (theirs,) = await register(unit, other.id, resident(name="Theirs"))
        assert await people.names(unit, station.id, [ours, theirs]) == {ours: ("R-1", "Ours")}


async def test_a_sealed_place_does_not_open_as_another_persons(store, station):
    from broadcaster.store import SealBroken  # noqa: PLC0415

    async with store.write() as unit:
        one, two = await register(unit, station.id, resident(at=(0.6, 48.7)), resident(at=(0.7, 48.8)))
        await unit.conn.execute(
            tables.places.update()
            .where(tables.places.c.subscriber_id == one)
            .values(sealed=select(tables.places.c.sealed).where(tables.places.c.subscriber_id == two).scalar_subquery())
        )
    with pytest.raises(SealBroken):
        await profile(store, one)
