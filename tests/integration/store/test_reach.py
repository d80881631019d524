"""What is foreseen of an alert is what is then written down for it: the same people, the same messages."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select

from broadcaster.domain.alerts import Message, Severity, Status, Text
from broadcaster.domain.audience import Audience, AudienceKind
from broadcaster.domain.deliveries import PersonState
from broadcaster.domain.people import CHANNELS, ChannelName, ContactStatus
from broadcaster.domain.reasons import Reason, unpack
from broadcaster.domain.refusals import Refused, sentence
from broadcaster.pipeline import reach as reaching
from broadcaster.pipeline.issue import issue
from broadcaster.pipeline.render import render
from broadcaster.pipeline.resolve import resolve
from broadcaster.store import tables
from broadcaster.store.people import contacts, residents
from channels.sms import count
from tests.contract.service import HERE, command, service
from tests.contract.stores import NOW, add_station, mail, phone, push, register, resident
from zones import Area, Circle

EVERYWHERE = Area(circles=(Circle(0.63, 48.76, 5000.0),))
TEXTS = {
    "fr": Text("La Risle déborde, évacuez « Les Ê »", "Le niveau monte vite. " * 12, "Montez à l'étage."),
    "en": Text("The Risle is flooding", "", "Go upstairs."),
}
RULES = [
    (HERE, Audience()),
    (EVERYWHERE, Audience()),
    (None, Audience(AudienceKind.ALL_FOLLOWERS)),
    (None, Audience(AudienceKind.GROUPS, ("club",))),
    (HERE, Audience(AudienceKind.GROUPS, ("club", "ecole"))),
]


async def reach(services, town, **said):
    return await reaching.reach(services, reaching.Question(town, Message(**said)))


async def populate(services, seed):
    """A town in which households share telephones and mails, some opted out, and some contacts are dead."""
    chance = random.Random(seed)

    def person():
        shared = chance.randrange(12)
        ways = [
            mail(f"m{chance.randrange(25)}@b.example"),
            phone(f"+336{shared}"),
            phone(f"+332{shared}", ChannelName.VOICE),
            push(f"https://p.example/{chance.randrange(40)}"),
            push(f"https://p.example/{chance.randrange(40)}x"),
        ]
        return resident(
            *chance.sample(ways, chance.randrange(5)),
            at=(chance.uniform(0.57, 0.71), chance.uniform(48.72, 48.81)) if chance.random() < 0.9 else None,
            locale=chance.choice(["fr", "en-GB", "de"]),
            groups=tuple(chance.sample(["club", "ecole"], chance.randrange(3))),
        )

    async with services.store.write() as unit:
        town = await add_station(unit, "laigle")
        other = await add_station(unit, "rugles")
        await register(unit, town.id, *(person() for _ in range(130)))
        await register(unit, other.id, *(person() for _ in range(25)))
        ids = list(await unit.conn.scalars(select(tables.contacts.c.id).order_by(tables.contacts.c.id)))
        for contact_id in chance.sample(ids, 12):
            await contacts.opt_out(unit, contact_id, chance.choice([town.id, other.id]), NOW)
        for each in await unit.conn.scalars(select(tables.subscribers.c.id).where(tables.subscribers.c.id % 9 == 0)):
            await residents.pause(unit, each, NOW + timedelta(days=3650))
        await contacts.retire(unit, chance.sample(ids, 8), ContactStatus.GONE, "x", NOW)
        await contacts.retire(unit, chance.sample(ids, 8), ContactStatus.STOPPED, "x", NOW)
    return town


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(("area", "audience"), RULES)
@pytest.mark.parametrize("channels", [CHANNELS, (ChannelName.SMS, ChannelName.VOICE)])
async def test_what_is_foreseen_is_what_is_written(tmp_path, seed, area, audience, channels):
    sender = ("LAIGLE", "+33600000000")[seed % 2]
    async with service(tmp_path, twilio_from=sender, sms_price_minor=7, voice_price_minor=11) as services:
        town = await populate(services, seed)
        rules = {"area": area, "audience": audience, "channels": channels, "texts": TEXTS}
        foreseen = await reach(services, town, severity=Severity.SEVERE, status=Status.ACTUAL, **rules)
        alert, _ = await issue(services, command(town, **rules))
        assert await resolve(services, alert.id) == foreseen.people
        context = await services.context(alert.id)
        async with services.store.read() as unit:
            run = unit.conn.execute
            people = list(await run(select(tables.recipients)))
            written = list(await run(select(tables.deliveries)))
            shares = list(await run(select(tables.shares)))
            locales = {row.id: row.locale for row in await run(select(tables.subscribers))}
        assert foreseen.no_channel == sum(row.state == PersonState.UNREACHED for row in people)
        assert foreseen.reachable == foreseen.people - foreseen.no_channel
        for counted, reason in (
            (foreseen.opted_out, Reason.OPTED_OUT),
            (foreseen.paused, Reason.PAUSED),
            (foreseen.unused, Reason.UNUSED),
            (foreseen.no_contact, Reason.NO_CONTACT),
        ):
            assert counted == sum(reason in {why.reason for why in unpack(row.reasons)} for row in people), reason
        assert len({row.contact_id for row in written}) == len(written), "one contact, one message"
        by_channel = Counter(CHANNELS[row.channel] for row in written)
        fills = {locale: render(ChannelName.SMS, context, locale) for locale in ("fr", "en-GB", "de")}
        segments = {locale: count(fill(1).text).segments for locale, fill in fills.items()}
        billed = Counter()
        reached = {name: set() for name in channels}
        for row in written:
            name = CHANNELS[row.channel]
            billed[name] += segments[locales[row.subscriber_id]] if name is ChannelName.SMS else 1
            reached[name].add(row.subscriber_id)
            reached[name].update(each.subscriber_id for each in shares if each.contact_id == row.contact_id)
        prices = {ChannelName.SMS: 7, ChannelName.VOICE: 11}
        for name in channels:
            told = foreseen.channels[name]
            assert (told.contacts, told.people) == (by_channel[name], len(reached[name])), name
            assert (told.units, told.cost_minor) == (billed[name], billed[name] * prices.get(name, 0)), name
        assert set(foreseen.channels) == set(channels)
        assert foreseen.cost_minor == sum(billed[name] * price for name, price in prices.items() if name in channels)
        assert foreseen.devices == by_channel[ChannelName.PUSH]


async def test_of_everyone_in_an_area_the_stations_own_are_counted_and_the_others_estimated(tmp_path):
    async with service(tmp_path) as services:
        town = await populate(services, 1)
        rules = {"area": EVERYWHERE, "audience": Audience(AudienceKind.EVERYONE), "channels": CHANNELS, "texts": TEXTS}
        foreseen = await reach(services, town, severity=Severity.SEVERE, status=Status.ACTUAL, **rules)
        alert, _ = await issue(services, command(town, **rules))
        matched = await resolve(services, alert.id)
        others = matched - foreseen.registered
        assert 0 < others <= 25
        assert foreseen.others % 10 == 0
        assert abs(foreseen.others - others) <= 20
        assert foreseen.people == foreseen.registered + foreseen.others
        assert sum(each.people for each in foreseen.channels.values()) > 0


async def test_a_resolver_that_is_asked_says_what_one_that_looks_itself_would(tmp_path):
    async with service(tmp_path) as services:
        town = await populate(services, 3)
        for area, audience in [*RULES, (EVERYWHERE, Audience(AudienceKind.EVERYONE))]:
            said = Message(area=area, audience=audience, channels=CHANNELS, texts=TEXTS, status=Status.EXERCISE)
            question = reaching.Question(town, said)
            said = await reaching.answer(services, reaching._written(question))
            assert reaching._REACH.validate_json(said) == await reaching.foresee(services, question)


async def test_asking_for_the_reach_writes_nothing(tmp_path):
    async with service(tmp_path) as services:
        town = await populate(services, 1)

        async def all_rows():
            async with services.store.read() as unit:
                return {t.name: len((await unit.conn.execute(select(t))).all()) for t in tables.metadata.sorted_tables}

        before = await all_rows()
        rules = {"area": HERE, "audience": Audience(), "channels": CHANNELS, "texts": TEXTS}
        await reach(services, town, severity=Severity.SEVERE, status=Status.ACTUAL, **rules)
        assert await all_rows() == before


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"area": None}, "area"),
        ({"audience": Audience(AudienceKind.TOLD, told=1)}, "audience"),
        ({"audience": Audience(AudienceKind.EVERYONE), "severity": Severity.MINOR}, "audience"),
        ({"audience": Audience(AudienceKind.GROUPS, ("nope",))}, "audience.groups"),
        ({"texts": {"fr": Text("a\nb")}}, "texts.fr.headline"),
        ({"texts": {"en": Text("Flood")}}, "texts"),
    ],
)
async def test_what_would_be_refused_when_sent_is_refused_when_foreseen(tmp_path, changes, field):
    async with service(tmp_path) as services:
        async with services.store.write() as unit:
            town = await add_station(unit, "laigle")
        rules = {"area": HERE, "audience": Audience(), "channels": CHANNELS, "texts": TEXTS}
        rules |= {"severity": Severity.SEVERE, "status": Status.ACTUAL}
        with pytest.raises(Refused) as foreseen:
            await reach(services, town, **{**rules, **changes})
        with pytest.raises(Refused) as sent:
            await issue(services, command(town, **{**rules, **changes}))
        assert foreseen.value.field == sent.value.field == field
        assert sentence(foreseen.value) == sentence(sent.value)


async def test_an_alert_that_reaches_nobody_says_so_in_capitals_before_it_goes(tmp_path):
    async with service(tmp_path) as services:
        async with services.store.write() as unit:
            town = await add_station(unit, "laigle")
        rules = {"area": HERE, "audience": Audience(), "channels": CHANNELS, "texts": {}}
        rules |= {"severity": Severity.SEVERE, "status": Status.ACTUAL}
        none = await reach(services, town, **rules)
        assert (none.people, none.seconds_to_95) == (0, None)
        assert none.warnings[0].startswith("NOBODY is concerned")
        async with services.store.write() as unit:
            await register(unit, town.id, resident(at=(0.63, 48.76)))
        unreachable = await reach(services, town, **rules)
        assert (unreachable.people, unreachable.no_channel) == (1, 1)
        assert unreachable.warnings[0].startswith("NOBODY can be reached")
        async with services.store.write() as unit:
            await register(unit, town.id, resident(mail("a@b.example"), at=(0.63, 48.76)))
        partly = await reach(services, town, **rules)
        assert partly.warnings[0] == "1 of 2 people have no contact at all: go and see them."
        async with services.store.write() as unit:
            (said_no,) = await unit.conn.scalars(tables.contacts.select().with_only_columns(tables.contacts.c.id))
            await contacts.opt_out(unit, said_no, town.id, NOW)
        refused = await reach(services, town, **rules)
        assert (refused.people, refused.no_channel, refused.opted_out) == (2, 2, 1)
        assert "1 person opted out of messages by these channels: nothing is sent to them." in refused.warnings


async def test_how_long_it_takes_comes_from_the_configured_rates(tmp_path):
    async with service(tmp_path, sms_per_second=0.1, smtp_per_second=100) as services:
        async with services.store.write() as unit:
            town = await add_station(unit, "laigle")
            await register(unit, town.id, *(resident(phone(f"+336{n:03d}"), at=(0.63, 48.76)) for n in range(100)))
        rules = {"area": HERE, "audience": Audience(), "texts": {"fr": Text("Crue")}}
        rules |= {"severity": Severity.SEVERE, "status": Status.ACTUAL}
        slow = await reach(services, town, channels=CHANNELS, **rules)
        assert slow.channels[ChannelName.SMS].seconds == 1000.0
        assert slow.seconds_to_95 == pytest.approx(950, abs=10)
        assert any("16 minutes" in warning for warning in slow.warnings)
