"""All that is kept of a person: what they take away, and what an erasure takes from the service.

``tests/contract/test_erasing.py`` says of each table that has to do with people by which kind of record its rows are
found in an export, or why they are not.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select

from broadcaster.domain.answers import Way, word_of
from broadcaster.domain.corrections import Correction
from broadcaster.domain.deliveries import DeliveryState, PersonState
from broadcaster.domain.identity import IdentityLevel
from broadcaster.domain.people import CHANNEL_NUMBER, CHANNELS, PHONES
from broadcaster.domain.stations import Station
from broadcaster.domain.visits import Finding
from broadcaster.store import help_requests as help_rows
from broadcaster.store import inbox, polls
from broadcaster.store.engine.engine import Unit
from broadcaster.store.people import addresses as address_rows
from broadcaster.store.people import confirmations as confirmation_rows
from broadcaster.store.people import consents, corrections, profiles
from broadcaster.store.people import contacts as contact_rows
from broadcaster.store.people import trials as trial_rows
from broadcaster.store.people.profiles import Profile
from broadcaster.store.register import persons, vulnerable
from broadcaster.store.tables import (
    addresses,
    alerts,
    answers,
    confirmations,
    contact_refusals,
    contacts,
    deliveries,
    help_requests,
    identities,
    links,
    opt_outs,
    recipients,
    shares,
    signed_requests,
    stations,
    trials,
    visits,
    welcomes,
)

_MOST = 1000

PROFILE = "profile"
"""In an export: the subscriber's own data, as on the page *My alerts*."""
_THEIRS_ALONE = frozenset({"code", "vote"})
"""What no operator sees: contacts that nobody confirmed yet, and who voted."""


@dataclass(frozen=True, slots=True)
class Record:
    """One fact. ``kind``: what it is, as *message* or *answer*; ``station``: slug; ``alert``: token of its page."""

    kind: str
    at: datetime | None = None
    station: str | None = None
    alert: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


async def collect(unit: Unit, subscriber_id: int) -> dict[str, list[Record]]:
    """Return all records of a person, besides their profile, by kind; at most 1,000 of each, newest first."""
    found: dict[str, list[Record]] = {}
    for part in _PARTS:
        for each in await part(unit, subscriber_id):
            found.setdefault(each.kind, []).append(each)
    return found


async def of_station(
    unit: Unit, station: Station, subscriber_id: int, *, register: bool
) -> tuple[Profile, dict[str, list[Record]]] | None:
    """Return what a station's operator may hand to a follower who asks for their data; None if they do not follow it.

    Without what concerns other stations alone, where their device was, and what no operator sees. ``register``: with
    the station's register of vulnerable people; without it ``Profile.vulnerable`` is None.
    """
    person = await persons.person(unit, station.id, subscriber_id)
    profile = await profiles.read(unit, subscriber_id)
    if person is None or profile is None:
        return None
    hidden = _THEIRS_ALONE if register else _THEIRS_ALONE | {"vulnerable"}
    found = {
        kind: here
        for kind, some in (await collect(unit, subscriber_id)).items()
        if kind not in hidden and (here := [each for each in some if each.station in (None, station.slug)])
    }
    handed = replace(
        profile,
        follows=tuple(each for each in profile.follows if each[0] == station.slug),
        groups=tuple(person.groups),
        wishes={slug: each for slug, each in profile.wishes.items() if slug == station.slug},
        position=None,
        vulnerable="vulnerable" in found if register else None,
    )
    return handed, found


async def kinds_of(unit: Unit, subscriber_id: int) -> list[str]:
    """Return the kinds of what is kept of a person."""
    return [PROFILE, *await collect(unit, subscriber_id)]


def _mine(subscriber_id: int) -> ColumnElement[bool]:
    return contacts.c.id.in_(select(links.c.contact_id).where(links.c.subscriber_id == subscriber_id))


async def _of_contacts(unit: Unit, subscriber_id: int) -> list[Record]:
    opted = select(opt_outs.c.at, stations.c.slug, contacts.c.channel).join(stations).join(contacts)
    found = [
        Record("opt_out", row.at, row.slug, None, {"channel": CHANNELS[row.channel].value})
        for row in await unit.conn.execute(opted.where(_mine(subscriber_id)))
    ]
    waiting = select(welcomes.c.created_at, welcomes.c.tries).join(contacts).where(_mine(subscriber_id))
    found += [
        Record("unconfirmed", row.created_at, facts={"tries": row.tries}) for row in await unit.conn.execute(waiting)
    ]
    refused = (
        select(contact_refusals.c.at, contact_refusals.c.code, contacts.c.channel, alerts.c.token, stations.c.slug)
        .join(contacts, contacts.c.id == contact_refusals.c.contact_id)
        .outerjoin(alerts, alerts.c.id == contact_refusals.c.alert_id)
        .outerjoin(stations, stations.c.id == alerts.c.station_id)
        .where(_mine(subscriber_id))
    )
    return found + [
        Record("refusal", row.at, row.slug, row.token, {"channel": CHANNELS[row.channel].value, "code": row.code})
        for row in await unit.conn.execute(refused)
    ]


async def _of_consents(unit: Unit, subscriber_id: int) -> list[Record]:
    slugs = {row.id: row.slug for row in await unit.conn.execute(select(stations.c.id, stations.c.slug))}
    found = []
    for act in (await consents.of_person(unit, subscriber_id))[:_MOST]:
        facts = {"channel": act.channel.value, "given": act.given, "way": act.way.word}
        facts |= {"version": act.version, "text": act.text} if act.text else {}
        found.append(Record("consent", act.at, slugs.get(act.station_id or 0), None, facts))
    return found


async def _of_register(unit: Unit, subscriber_id: int) -> list[Record]:
    slugs = {row.id: row.slug for row in await unit.conn.execute(select(stations.c.id, stations.c.slug))}
    rows = await unit.conn.execute(select(addresses.c.station_id).where(addresses.c.subscriber_id == subscriber_id))
    found = []
    for station_id in rows.scalars().all():
        (kept,) = (await address_rows.of_people(unit, station_id, [subscriber_id])).values()
        facts = {"address": str(kept.address), "state": kept.state.word}
        facts |= {} if kept.match is None else {"found": kept.match.label}
        found.append(Record("address", None, slugs[station_id], None, facts))
    signed = select(signed_requests).where(signed_requests.c.subscriber_id == subscriber_id)
    for row in await unit.conn.execute(signed):
        kept_at = unit.vault.open(row.sealed, b"signed:%d" % row.contact_id).decode()
        found.append(Record("signed", row.at, slugs.get(row.station_id), None, {"on": row.signed_on, "kept": kept_at}))
    found += [
        Record("correction", asked.asked_at, slugs.get(asked.station_id), None, _correction(asked))
        for asked in await corrections.of_person(unit, subscriber_id)
    ]
    for entry in await vulnerable.of(unit, subscriber_id):
        facts = {name: value for name, value in asdict(entry.details).items() if value}
        found.append(Record("vulnerable", entry.confirmed_at, slugs.get(entry.station_id), None, facts))
    proof = select(identities).where(identities.c.subscriber_id == subscriber_id)
    shown = (await unit.conn.execute(proof)).one_or_none()
    if shown is not None:
        found.append(Record("identity", shown.at, facts={"level": IdentityLevel(shown.level).word}))
    return found


async def _of_codes(unit: Unit, subscriber_id: int) -> list[Record]:
    mine = select(confirmations).where(confirmations.c.subscriber_id == subscriber_id)
    found = []
    for row in await unit.conn.execute(mine.order_by(confirmations.c.id.desc()).limit(_MOST)):
        facts = {"channel": CHANNELS[row.channel].value, "state": confirmation_rows.State(row.state).word}
        if row.sealed is not None:
            given = json.loads(unit.vault.open(row.sealed, b"confirmation:" + row.secret_hash))
            facts["to"] = given["address"]
        found.append(Record("code", row.created_at, facts=facts))
    query = select(trials, stations.c.slug).join(stations, stations.c.id == trials.c.station_id)
    query = query.where(trials.c.subscriber_id == subscriber_id).order_by(trials.c.id.desc()).limit(_MOST)
    for row in await unit.conn.execute(query):
        facts = {"channel": CHANNELS[row.channel].value, "state": trial_rows.State(row.state).word}
        found.append(Record("trial", row.created_at, row.slug, None, facts))
    return found


async def _of_alerts(unit: Unit, subscriber_id: int) -> list[Record]:
    named = select(alerts.c.token, alerts.c.event, stations.c.slug).join(stations, stations.c.id == alerts.c.station_id)
    # These tables are large, and have no index by person: an alert's rows are found by its id and a person or contact.
    own = select(links.c.contact_id).where(links.c.subscriber_id == subscriber_id)

    async def rows(table: Any, *columns: Any) -> list[Any]:
        query = named.join(table, table.c.alert_id == alerts.c.id).add_columns(*columns)
        query = query.where(table.c.subscriber_id == subscriber_id)
        if "contact_id" in table.c:
            query = query.where(table.c.contact_id.in_(own))
        return list((await unit.conn.execute(query.order_by(alerts.c.id.desc()).limit(_MOST))).all())

    found = [
        Record("alert", row.since_at, row.slug, row.token, {"event": row.event, "state": PersonState(row.state).word})
        for row in await rows(recipients, recipients.c.since_at, recipients.c.state)
    ]
    for row in await rows(deliveries, *(deliveries.c[name] for name in ("created_at", "channel", "state", "code"))):
        facts = {"channel": CHANNELS[row.channel].value, "state": DeliveryState(row.state).word}
        facts |= {"event": row.event, "code": row.code}
        found.append(Record("message", row.created_at, row.slug, row.token, facts))
    found += [Record("shared", None, row.slug, row.token) for row in await rows(shares)]
    for row in await rows(answers, answers.c.at, answers.c.choice, answers.c.way, answers.c.given_by):
        facts = {"answer": word_of(row.choice), "way": Way(row.way).word}
        facts |= {} if row.given_by == subscriber_id else {"household": True}
        found.append(Record("answer", row.at, row.slug, row.token, facts))
    for row in await rows(visits, visits.c.at, visits.c.finding):
        found.append(Record("visit", row.at, row.slug, row.token, {"found": Finding(row.finding).word}))
    mine = select(help_requests.c.id, alerts.c.token, stations.c.slug).join(
        stations, stations.c.id == help_requests.c.station_id
    )
    mine = mine.outerjoin(alerts, alerts.c.id == help_requests.c.alert_id)
    for row in (await unit.conn.execute(mine.where(help_requests.c.subscriber_id == subscriber_id))).all():
        asked = await help_rows.by_id(unit, row.id)
        if asked is not None:
            facts = {"position": None if asked.position is None else list(asked.position)}
            facts |= {"taken_at": _iso(asked.taken_at), "closed_at": _iso(asked.closed_at)}
            found.append(Record("help", asked.asked_at, row.slug, row.token, facts))
    return found


async def _of_texts(unit: Unit, subscriber_id: int) -> list[Record]:
    slugs = {row.id: row.slug for row in await unit.conn.execute(select(stations.c.id, stations.c.slug))}
    phones = [CHANNEL_NUMBER[each] for each in PHONES]
    rows = await unit.conn.execute(select(contacts).where(_mine(subscriber_id), contacts.c.channel.in_(phones)))
    numbers = [contact_rows.open_address(unit, row.fingerprint, row.sealed) for row in rows if row.sealed]
    found = [
        Record("text", each.at, slugs.get(station_id), None, {"text": each.text})
        for station_id, each in await inbox.of_numbers(unit, numbers)
    ]
    return found + [
        Record("vote", None, slugs.get(each.station_id), None, {"poll": each.token})
        for each in await polls.voted_by(unit, subscriber_id)
    ]


def _correction(asked: Correction) -> dict[str, Any]:
    wanted = asked.wanted
    return {
        "asked": wanted.text,
        "name": wanted.name,
        "address": wanted.address,
        "contacts": ", ".join(each.address for each in wanted.contacts),
        "state": asked.state.word,
        "answered_at": _iso(asked.decided_at),
        "reason": asked.reason,
    }


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


_PARTS: tuple[Callable[[Unit, int], Awaitable[list[Record]]], ...] = (
    _of_contacts,
    _of_consents,
    _of_register,
    _of_codes,
    _of_alerts,
    _of_texts,
)
