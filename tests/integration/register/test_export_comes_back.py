"""What a station exports is imported again as "nothing changed", whatever its register holds."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from broadcaster.domain.addresses import Address
from broadcaster.domain.people import ChannelName, ContactStatus, NewPlace, NewSubscriber
from broadcaster.domain.spelling import group_slug, key
from broadcaster.register.applying import apply
from broadcaster.register.contacts import mail_contact, phone_contact
from broadcaster.register.packing import unpacked
from broadcaster.register.planning import plan
from broadcaster.register.reading import open_source
from broadcaster.register.sheets import csv_text, delimiter_of
from broadcaster.store import tables
from broadcaster.store.people import addresses, contacts, people, profiles
from broadcaster.store.register import by_hand, vulnerable
from broadcaster.store.stations import stations
from broadcaster.web.console.people.exporting import rows_of
from broadcaster.web.i18n import catalogs
from tests.contract.stores import BY, NOW, add_station, opened, phone, push, register, sqlite_url

if TYPE_CHECKING:
    from pathlib import Path

NUMBER = count()
REGIONS = ["FR", "RE", "GP", "MF", "GB", "BE", "NC"]
ODD = st.sampled_from(" \t\u00a0\u200b\u2028;|,'\"=+-@\\:*éœßaB7")
TEXT = st.text(st.one_of(ODD, st.characters(exclude_categories=("Cs", "Cc"))), min_size=1, max_size=20)
ABROAD = [
    "+262692123456",
    "+262639012345",
    "+590690123456",
    "+447911123456",
    "+32470123456",
    "+12025550123",
    "+687751234",
]
PHONES = st.sampled_from(["+33261910001", *ABROAD, *(f"+3363998{n:04}" for n in range(10, 30))])
MAILS = st.sampled_from(
    ["a|b@example.org", "=x@example.org", "'+y@example.org", "Zoë@example.org", "O.V@Example.org", "a\\b@c.example"]
    + [f"m{n}@example.org" for n in range(12)]
)
DEGREES = st.floats(-80, 80, allow_nan=False)
POINTS = st.tuples(st.one_of(st.sampled_from([0.0, 0.5]), DEGREES), st.one_of(st.sampled_from([0.0, 48.5]), DEGREES))
GROUPS = st.lists(TEXT.filter(lambda name: bool(group_slug(name))), max_size=30)
PERSON = st.fixed_dictionaries(
    {
        "external_id": st.none() | TEXT | st.sampled_from(["-5", "=1+1", "2,40016E+11", "tocsin-1-0123456789abcdef"]),
        "name": st.none() | TEXT | st.just("x" * 120),
        "locale": st.sampled_from(["fr", "en", "fil", "pt-BR"]),
        "vulnerable": st.booleans(),
        "mobiles": st.lists(PHONES, max_size=9),
        "landlines": st.lists(PHONES, max_size=4),
        "mails": st.lists(MAILS, max_size=9),
        "places": st.lists(st.tuples(TEXT, POINTS), max_size=9),
        "groups": GROUPS,
        "street": st.none() | TEXT,
        "themselves": st.booleans(),
        "of": st.integers(1, 5),
        "guardians": st.lists(TEXT | st.just(""), max_size=4),
    }
)


def a_contact(read, *given):
    try:
        return read(*given)
    except ValueError:
        return None


def person_of(said):
    mobiles = [a_contact(phone_contact, each, "FR") for each in said["mobiles"]]
    landlines = [a_contact(phone_contact, each, "FR", ChannelName.VOICE) for each in said["landlines"]]
    found = [*mobiles, *landlines, *(a_contact(mail_contact, each) for each in said["mails"])]
    whose = [replace(each, guardian=n % said["of"]) for n, each in enumerate(found) if each is not None]
    held = {(each.channel, each.canonical): each for each in whose}
    return NewSubscriber(
        said["locale"],
        tuple(held.values()),
        tuple(NewPlace(label, *point) for label, point in said["places"]),
        tuple(sorted({group_slug(each) for each in said["groups"]})),
        said["external_id"],
        said["name"],
        said["vulnerable"],
        None,
        tuple(" ".join(each.split()) for each in said["guardians"]),
    )


async def filled(store, said, region, draw):
    """A station with these people, some contacts of whom are dead, stopped or refused."""
    async with store.write() as unit:
        station = await add_station(unit, f"town-{next(NUMBER)}", region=region)
        names = {group_slug(each): each for one in said for each in one["groups"]}
        slugs = await stations.ensure_groups(unit, station.id, names)
        ids = []
        taken = set()
        for one in said:
            person = person_of(one)
            if key(person.external_id or "") in taken:
                person = replace(person, external_id=None)
            taken.add(key(person.external_id or ""))
            tokens = [people.new_token()]
            ids += await people.register(
                unit, station.id, [person], tokens, groups_by_slug=slugs, now=NOW, themselves=one["themselves"]
            )
            await vulnerable.follow_list(unit, station.id, {ids[-1]: True} if person.vulnerable else {}, NOW)
            street = " ".join((one["street"] or "").split())
            if street.isprintable() and street:
                state = draw.choice(list(addresses.OPEN))
                row = addresses.row_of(unit.vault, station.id, ids[-1], Address(street, "61300", "L'Aigle"), state)
                its = {"station_id": station.id, "subscriber_id": ids[-1], "tries": 0}
                its |= {name: row[f"a_{name}"] for name in ("mark", "sealed", "state")}
                await unit.conn.execute(tables.addresses.insert().values(its))
        theirs = list(
            await unit.conn.scalars(
                tables.links.select()
                .with_only_columns(tables.links.c.contact_id)
                .where(tables.links.c.subscriber_id.in_(ids))
                .distinct()
            )
        )
        for contact_id in theirs:
            fate = draw.random()
            if fate < 0.2:
                await contacts.retire(unit, [contact_id], ContactStatus.GONE, "x", NOW)
            elif fate < 0.3:
                await contacts.retire(unit, [contact_id], ContactStatus.STOPPED, "x", NOW)
            elif fate < 0.4:
                await contacts.opt_out(unit, contact_id, station.id, NOW)
    return station


async def exported(store, station, path: Path, language="fr", *, everyone=True):
    words = catalogs().words(language)
    pages = [rows async for rows in rows_of(store, station, words, everyone=everyone, vulnerable=True)]
    text = "".join(csv_text(rows, delimiter_of(catalogs().words(language).locale)) for rows in pages)
    await asyncio.to_thread(path.write_bytes, text.encode("utf-8-sig"))
    return sum(map(len, pages)) - 1


async def assert_comes_back(store, station, folder, *, everyone=True, language="fr"):
    lines = await exported(store, station, folder / "export.csv", language, everyone=everyone)
    if lines:
        with await plan(store, station, open_source(folder / "export.csv"), vulnerable=True) as made:
            changes = [unpacked(plain) for piece in made.entries for _, plain in piece]
            assert (made.refusals, changes) == ([], [])
            assert (made.lines, made.new, made.changed, made.unchanged) == (lines, 0, 0, lines)
            assert (made.overlooked, made.new_groups) == ((), ())
    return lines


@settings(
    max_examples=25,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # a shrunk example is not worth its minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(PERSON, min_size=1, max_size=6), st.sampled_from(REGIONS), st.integers(0, 2**32), st.booleans())
def test_whatever_a_register_holds_its_export_changes_nothing(tmp_path, said, region, seed, everyone):
    async def work():
        async with opened(sqlite_url(tmp_path)) as store:
            station = await filled(store, said, region, random.Random(seed))
            await assert_comes_back(store, station, tmp_path, everyone=everyone, language=("fr", "en")[seed % 2])

    asyncio.run(work())


async def test_more_of_everything_than_a_form_takes_comes_back(store, station, tmp_path):
    many = NewSubscriber(
        "fr",
        tuple(phone(f"+3363998{n:04}") for n in range(12)),
        tuple(NewPlace("home", 0.6 + n / 1000, 48.7) for n in range(12)),
        tuple(f"group-{n}" for n in range(45)),
        "A1",
        "Zoé Orme",
    )
    async with store.write() as unit:
        await register(unit, station.id, many)
    assert await assert_comes_back(store, station, tmp_path) == 1


async def test_a_number_that_may_not_be_called_any_more_is_not_read_and_not_lost(store, station, tmp_path):
    async with store.write() as unit:
        await register(
            unit, station.id,
            NewSubscriber("fr", (phone("+33806000001", ChannelName.VOICE), phone("+33261910001", ChannelName.VOICE))),
        )  # fmt: skip
    await assert_comes_back(store, station, tmp_path)
    assert "+33806000001" in (tmp_path / "export.csv").read_text(encoding="utf-8-sig")


async def test_somebody_without_anything_but_a_device_comes_back_and_is_nobody_elses_line(store, station, tmp_path):
    async with store.write() as unit:
        other = await add_station(unit, "rugles")
        (one,) = await register(
            unit, station.id, NewSubscriber("fr", (push("https://push.example/1"),)), themselves=True
        )
        await register(unit, other.id, NewSubscriber("fr", (push("https://push.example/2"),)), themselves=True)
    assert await assert_comes_back(store, station, tmp_path) == 1
    assert await exported(store, station, tmp_path / "mine.csv", everyone=False) == 0
    with await plan(store, other, open_source(tmp_path / "export.csv")) as made:
        assert (made.new, made.refused_lines) == (0, 1)
        assert made.refusals[0].code == "line-of-one-who-left"
    text = (tmp_path / "export.csv").read_text(encoding="utf-8-sig").replace(f"tocsin-{one}-", f"tocsin-{one + 1}-")
    (tmp_path / "forged.csv").write_text(text)
    with await plan(store, other, open_source(tmp_path / "forged.csv")) as made:
        assert (made.new, made.refused_lines) == (0, 1)


async def test_a_line_of_an_export_that_is_changed_changes_that_person(store, station, tmp_path):
    async with store.write() as unit:
        (one,) = await register(unit, station.id, NewSubscriber("fr", (phone("+33639980001"),), name="Zoé"))
    await exported(store, station, tmp_path / "export.csv")
    text = (tmp_path / "export.csv").read_text(encoding="utf-8-sig").replace("06 39 98 00 01", "06 39 98 00 02")
    (tmp_path / "export.csv").write_text(text)
    with await plan(store, station, open_source(tmp_path / "export.csv")) as made:
        await apply(store, made, BY)
    async with store.read() as unit:
        profile = await profiles.read(unit, one)
    assert [address for _, address, _ in profile.contacts] == ["+33639980002"]


async def test_somebody_who_was_removed_since_is_told_and_not_added_again(store, station, tmp_path):
    async with store.write() as unit:
        (one,) = await register(unit, station.id, NewSubscriber("fr", (phone("+33639980001"),)))
    await exported(store, station, tmp_path / "export.csv")
    async with store.write() as unit:
        await by_hand.remove(unit, station.id, one, NOW)
    with await plan(store, station, open_source(tmp_path / "export.csv")) as made:
        assert (made.new, made.changed, made.refused_lines) == (0, 0, 1)
