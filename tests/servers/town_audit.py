"""The audit of an alert: what the store says against what the servers got, person by person."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from geographiclib.geodesic import Geodesic
from sqlalchemy import func, select
from sqlalchemy import text as sql

from broadcaster.domain.answers import HELP, asks
from broadcaster.domain.deliveries import DeliveryState, PersonState
from broadcaster.domain.escalation import MOST_REPEATS
from broadcaster.domain.people import CHANNELS
from broadcaster.store.alerts import alerts as alert_rows
from broadcaster.store.alerts import counting
from broadcaster.store.people import contacts as contact_rows
from broadcaster.store.people import feed
from broadcaster.store.tables import (
    alert_counts,
    alerts,
    answers,
    batches,
    contacts,
    deliveries,
    outbox,
    recipients,
    shares,
)
from tests.servers.town_api import eventually
from tests.servers.town_facts import CENTRE, NAMES, RADIUS_M, STATION, TEXTS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from broadcaster.domain.alerts import Alert
    from broadcaster.store import Store
    from tests.servers.town import Resident, Town

_WORDS = {"fr": ("Que faire", "Valable jusqu’au"), "en": ("What to do", "In force until")}


def inside(each: Resident, centre: tuple[float, float] = CENTRE, radius_m: float = RADIUS_M) -> bool:
    """Whether one of their places lies in the circle, by geographiclib."""
    return any(
        Geodesic.WGS84.Inverse(centre[1], centre[0], lat, lon, Geodesic.DISTANCE)["s12"] <= radius_m
        for lon, lat in each.places
    )


@dataclass(frozen=True)
class Arrived:
    """One message at its receiver: what identifies it, and all of it."""

    channel: str
    to: str
    alert: str
    key: str
    whole: Any


async def recount(store: Store, alert_id: int | str) -> Counter[tuple[str, int]]:
    """Count an alert's rows anew, and fail unless its sums, its people and its state agree with them; give the counts.

    Each person's state and sums follow from the deliveries to them: their own and those they share.
    """
    number = int(alert_id)
    async with store.read() as unit:
        rows = (await unit.conn.execute(select(deliveries).where(deliveries.c.alert_id == number))).all()
        people = (await unit.conn.execute(select(recipients).where(recipients.c.alert_id == number))).all()
        shared = (await unit.conn.execute(select(shares).where(shares.c.alert_id == number))).all()
        root = await unit.conn.scalar(
            select(func.coalesce(alerts.c.thread_id, alerts.c.id)).where(alerts.c.id == number)
        )
        theirs = (await unit.conn.execute(select(answers).where(answers.c.alert_id == root))).all()
        kept = (await unit.conn.execute(select(alert_counts).where(alert_counts.c.alert_id == number))).all()
        latencies = await counting.latencies(unit, number)
        alert = (await unit.conn.execute(select(alerts).where(alerts.c.id == number))).one()
    counted: Counter[tuple[str, int]] = Counter(
        (counting.ANSWERS, each.choice) for each in theirs if each.alert_id == number
    )
    confirmed = {each.subscriber_id for each in theirs if each.choice != HELP}  # of any version
    owners: defaultdict[int, set[int]] = defaultdict(set)
    for share in shared:
        owners[share.contact_id].add(share.subscriber_id)
    of: defaultdict[int, list[DeliveryState]] = defaultdict(list)
    for row in rows:
        counted[CHANNELS[row.channel], row.state] += 1
        for each in {row.subscriber_id, *owners[row.contact_id]}:
            of[each].append(DeliveryState(row.state))
    before: Counter[int] = Counter()  # what a message had reached that is sent once more
    for row in rows:
        if row.state == DeliveryState.QUEUED and row.delivered_at is not None:
            before |= Counter(dict.fromkeys((row.subscriber_id, *owners[row.contact_id]), int(DeliveryState.DELIVERED)))
    for person in people:
        if person.state == PersonState.SPARED:
            counted[counting.CHOSEN, person.state] += 1
            assert person.subscriber_id not in of
            continue
        counted[counting.people(unconfirmed=person.unconfirmed), person.state] += 1
        states = of.pop(person.subscriber_id, [])
        assert person.pending == states.count(DeliveryState.QUEUED), (person, states)
        assert person.held == sum(state.held for state in states), (person, states)
        counted[counting.FOLLOWING, 0] += person.next_round is not None
        derived = _derived(states, follows=person.next_round is not None)
        if person.state != PersonState.ACKNOWLEDGED or person.subscriber_id not in confirmed:
            assert person.state == max(derived, before[person.subscriber_id]), (person, states)
        assert bool(person.reasons) or person.state != PersonState.UNREACHED, person
    assert not of, "deliveries to people who are not in the alert"
    sums = Counter({(each.subject, each.state): each.n for each in kept if each.n})
    twice = sums.pop((counting.TWICE, 1), 0)
    assert sums.pop((counting.AGAIN, 1), 0) <= len(people)
    repeated = sum(sums.pop((counting.repeated(name), 1), 0) for name in CHANNELS)
    assert repeated <= sum(row.attempts or row.state == DeliveryState.QUEUED for row in rows) * MOST_REPEATS
    assert twice <= sum(row.attempts for row in rows), "what a dead sender may have sent counts as a try"
    assert +counted == sums, ("kept sums", +counted - sums, sums - +counted)
    assert sum(latencies[counting.DELIVERED].values()) == sum(person.delivered_at is not None for person in people)
    queued = sum(n for (subject, state), n in counted.items() if subject in CHANNELS and state == DeliveryState.QUEUED)
    queued += counted[counting.FOLLOWING, 0]
    assert (alert.finished_at is not None) == (alert.resolved_at is not None and queued == 0), alert
    return counted


def _derived(states: list[DeliveryState], *, follows: bool) -> PersonState:
    """What a person's state is by the deliveries as they are now: nobody was ever taken back from a receipt."""
    best = max(states, default=DeliveryState.QUEUED)
    if best >= DeliveryState.DELIVERED:
        return PersonState(int(best))
    if any(state.held for state in states):
        return PersonState.ACCEPTED
    return PersonState.PENDING if follows or DeliveryState.QUEUED in states else PersonState.UNREACHED


def arrivals(town: Town) -> list[Arrived]:
    """Every message that reached a device, a mail box or a telephone, opened."""
    found = []
    for message in town.pushed:
        said = message.json
        found.append(Arrived("push", message.subscriber.endpoint, said["id"], message.headers["Topic"], message))
    for mail in town.smtp.messages:
        assert len(mail.recipients) == 1
        name = mail.parsed["Message-ID"].strip("<>").partition("@")[0]
        found.append(Arrived("email", mail.recipients[0], name.partition(".")[0], name, mail))
    for kind, kept in (("sms", town.twilio.messages), ("voice", town.twilio.calls)):
        # Codes that confirm a number are of no alert, and nobody waits for their status.
        found += [Arrived(kind, each.to, "", back, each) for each in kept if (back := each.get("StatusCallback"))]
    return found


async def of_alert(town: Town, alert_id: int | str) -> list[Arrived]:
    """The arrivals of one alert. SMS and calls name theirs by the delivery in their callback."""
    async with town.store.read() as unit:
        own = set(await unit.conn.scalars(select(deliveries.c.id).where(deliveries.c.alert_id == int(alert_id))))
    return [
        each
        for each in arrivals(town)
        if each.alert == str(alert_id) or (not each.alert and delivery_of(town, each.key) in own)
    ]


def delivery_of(town: Town, url: str) -> int | None:
    """The delivery whose token ends a URL."""
    return town.store.vault.unlink("receipt", re.split(r"[/=]", url)[-1])


async def told(town: Town, alert_id: int | str) -> Counter[tuple[str, str]]:
    """How often each contact got an alert: (channel, address) to times."""
    return Counter((each.channel, each.to) for each in await of_alert(town, alert_id))


def expected(residents: Iterable[Resident], channels: Iterable[str] = tuple(CHANNELS)) -> Counter[tuple[str, str]]:
    """What these people are to get: each of their contacts one message, also one that they share."""
    wanted = set(channels)
    return Counter({contact: 1 for each in residents for contact in each.contacts if contact[0] in wanted})


async def quiet(town: Town, timeout_s: float = 30.0) -> None:
    """Wait until nothing is left to do: events, entrants, alerts and batches; for what is not to happen after that."""

    async def idle() -> bool:
        async with town.store.read() as unit:
            return (
                not await unit.conn.scalar(select(func.count()).select_from(outbox))
                and await feed.entrants_cursor(unit) >= await feed.newest(unit)
                and not await unit.conn.scalar(select(func.count()).where(batches.c.done.is_(False)))
                and not await unit.conn.scalar(select(func.count()).where(alerts.c.resolved_at.is_(None)))
            )

    await eventually(idle, "the service comes to rest", timeout_s)
    await town.twilio.settled()


async def audit(town: Town, alert_id: int | str, residents: Iterable[Resident], *, doubles: int = 0) -> Counter[Any]:
    """Fail unless exactly these people got the alert, each contact once, its words right; give the recount.

    ``doubles``: how many messages may have come a second time, with the key of the first.
    """
    sums = await recount(town.store, alert_id)
    came = await of_alert(town, alert_id)
    times = Counter((each.channel, each.to) for each in came)
    wanted = expected(residents)
    assert not wanted.keys() - times.keys(), f"lost: {list(wanted.keys() - times.keys())[:5]}"
    assert not times.keys() - wanted.keys(), f"nobody's: {list(times.keys() - wanted.keys())[:5]}"
    assert (times - wanted).total() <= doubles, f"twice: {list(times - wanted)[:5]}"
    await check_words(town, int(alert_id), came)
    return sums


async def addressed(town: Town, alert_id: int) -> dict[tuple[str, str], Any]:
    """An alert's deliveries (id, subscriber_id, state) by (channel, what is unique of the address)."""
    found = {}
    async with town.store.read() as unit:
        rows = await unit.conn.execute(
            select(deliveries.c.id, deliveries.c.subscriber_id, deliveries.c.state, contacts.c.channel)
            .add_columns(contacts.c.fingerprint, contacts.c.sealed)
            .join(contacts, contacts.c.id == deliveries.c.contact_id)
            .where(deliveries.c.alert_id == alert_id)
        )
        for row in rows:
            text = contact_rows.open_address(unit, row.fingerprint, row.sealed)
            found[CHANNELS[row.channel], json.loads(text)["endpoint"] if row.channel == 0 else text] = row
    return found


async def check_words(town: Town, alert_id: int, came: Iterable[Arrived]) -> None:
    """Fail unless each message says what the alert says in its receiver's language, under the key of its delivery."""
    async with town.store.read() as unit:
        alert = await alert_rows.by_id(unit, alert_id)
    by_address = await addressed(town, alert_id)
    assert alert is not None
    locales = {each.id: each.locale[:2] for each in town.residents}
    check = {"push": _check_push, "email": _check_mail, "sms": _check_sms, "voice": _check_call}
    for each in came:
        row = by_address[each.channel, each.to]
        check[each.channel](town, alert, row.id, locales[row.subscriber_id], each)


def _check_push(town: Town, alert: Alert, delivery_id: int, language: str, came: Arrived) -> None:
    said, words = came.whole.json, TEXTS[language]
    assert came.key == said["tag"] == alert.token
    assert (said["lang"], said["title"]) == (language, words["headline"])
    assert said["body"] == f"{words['description']}\n{words['instruction']}"
    assert said["url"].endswith(f"/a/{alert.token}")
    assert delivery_of(town, said["receipt"]) == delivery_id
    assert came.whole.headers["Urgency"] == "high"


def _check_mail(town: Town, alert: Alert, delivery_id: int, language: str, came: Arrived) -> None:
    mail, words = came.whole.parsed, TEXTS[language]
    assert came.key == f"{alert.id}.{delivery_id}"
    assert mail["Subject"] == f"{words['headline']} - {NAMES[STATION]}"
    assert mail["To"] == came.to
    plain = mail.get_body(("plain",)).get_content()
    for text in (*words.values(), *_WORDS[language]):
        assert text in plain
    _check_link(town, alert, delivery_id, plain)
    way_out = re.search(r"/u/([\w-]+)", mail["List-Unsubscribe"])
    assert way_out is not None
    assert town.store.vault.unlink("optout", way_out[1]) == delivery_id


def _check_sms(town: Town, alert: Alert, delivery_id: int, language: str, came: Arrived) -> None:
    words = TEXTS[language]
    head = f"{NAMES[STATION]}: {words['headline']}\n{words['instruction']} {words['description']}\n"
    assert came.whole.body.startswith(head)
    _check_link(town, alert, delivery_id, came.whole.body)
    assert delivery_of(town, came.key) == delivery_id


def _check_link(town: Town, alert: Alert, delivery_id: int, said: str) -> None:
    """The alert's page: the person's own, where the alert asks for an answer."""
    if not asks(alert):
        assert f"/a/{alert.token}" in said
        return
    own = re.search(r"/r/([\w-]+)", said)
    assert own is not None
    assert town.store.vault.unlink("answer", own[1]) == delivery_id


def _check_call(town: Town, alert: Alert, delivery_id: int, language: str, came: Arrived) -> None:
    for text in TEXTS[language].values():
        assert came.whole["Twiml"].count(text.replace("'", "&#39;")) + came.whole["Twiml"].count(text) >= 1
    assert delivery_of(town, came.key) == delivery_id


async def given_back(town: Town) -> bool:
    """Return whether nobody holds a batch: before that the clock must not jump, since a lease would end by it."""
    async with town.store.read() as unit:
        return not await unit.conn.scalar(sql("SELECT count(*) FROM batches WHERE lease_owner IS NOT NULL"))
