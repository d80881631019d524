"""Two stores, each of either kind: one that is full, and one to restore into."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from broadcaster.domain.addresses import Address
from broadcaster.domain.alerts import Severity
from broadcaster.domain.answers import Way
from broadcaster.domain.approvals import Approval, ApprovalRules, ApprovalState
from broadcaster.domain.audience import Audience, AudienceKind
from broadcaster.domain.audit import Action
from broadcaster.domain.consents import Consent
from broadcaster.domain.consents import Way as ConsentWay
from broadcaster.domain.corrections import Wanted
from broadcaster.domain.deliveries import DeliveryState, Outcome
from broadcaster.domain.duty import weeks_from
from broadcaster.domain.fixes import Fix
from broadcaster.domain.identity import IdentityLevel
from broadcaster.domain.people import CHANNEL_NUMBER
from broadcaster.domain.permissions import KeyRole, Role
from broadcaster.domain.retention import Kind
from broadcaster.domain.templates import Template
from broadcaster.domain.timing import TopicChoice
from broadcaster.domain.visits import Finding, Visited
from broadcaster.domain.vulnerable import Details
from broadcaster.domain.zones import zone_of
from broadcaster.store import Store, Unit, Vault, duties, help_requests, inbox
from broadcaster.store.alerts import alerts, answers, approvals, batches, dispatching, tracking, visited
from broadcaster.store.operations import audit, retention, rotating, sessions
from broadcaster.store.operators import operators, passkeys, passwords, pushes
from broadcaster.store.people import addresses as address_rows
from broadcaster.store.people import (
    confirmations,
    contacts,
    corrections,
    fixes,
    identities,
    inactive,
    suppression,
    welcomes,
    wishes,
)
from broadcaster.store.people.confirmations import ConfirmationRequest
from broadcaster.store.register import by_hand, erasing, uploads, volunteers, vulnerable
from broadcaster.store.stations import ppms, stations, templates
from broadcaster.store.stations.labels import sealed_audience
from broadcaster.store.tables import (
    addresses,
    audit_segments,
    contact_refusals,
    escalations,
    households,
    keeper_answers,
    occurrences,
    poll_ballots,
    poll_pending,
    poll_voters,
    polls,
    schedules,
    trials,
)
from tests.contract.stores import (
    BY,
    EMPTY,
    NOW,
    SECRET,
    URLS,
    add_station,
    an_alert,
    mail,
    opened,
    phone,
    push,
    register,
    resident,
)
from zones import Area, Circle

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from broadcaster.domain.alerts import Alert


def made(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(params=URLS)
def full_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return URLS[request.param](request, made(tmp_path / "from"))


@pytest.fixture
async def full(full_url: str) -> AsyncIterator[Store]:
    async with opened(full_url) as store:
        await fill(store)
        yield store


@pytest.fixture(params=EMPTY)
async def empty(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """Not even migrated."""
    store = Store(EMPTY[request.param](request, made(tmp_path / "to")), Vault([SECRET]))
    yield store
    await store.close()


async def fill_operators(unit: Unit, station_id: int) -> None:
    """One who may do everything in some way: a role, a passkey, a password, a link and a challenge that was used."""
    rose = await operators.add(unit, "Rose Aubépine", NOW, mail="rose@town.example", roles={station_id: Role.OWNER})
    assert rose is not None
    await operators.new_link(unit, rose, NOW + timedelta(days=7))
    await passkeys.use_up(unit, b"c" * 32, NOW)
    new = passkeys.NewPasskey(rose, b"credential", b"public key", 0, "Firefox, Linux", NOW)
    await passkeys.add(unit, new)
    await passwords.keep(unit, rose, "$argon2id$hash", "SECRET", 1)
    await passwords.new_codes(unit, rose)
    await operators.grant(unit, rose, station_id, granted=True)
    await pushes.add(unit, rose, "https://push.example/1", "{}", device="Firefox, Linux", now=NOW)


async def _ids(unit: Unit) -> list[int]:
    return [each.id for each in await operators.listed(unit, None)]


async def fill_answers(unit: Unit, alert: Alert, who: int, contact: int) -> None:
    """What people said to an alert, the steps that follow, a test message, and a poll with a vote that waits."""
    of, mark = {"station_id": alert.station_id, "subscriber_id": who}, {"poll_id": 7, "mark": b"m" * 16}
    await answers.give(unit, alert.id, [who], 2, way=Way.SMS, by=who, at=NOW)
    await help_requests.ask(unit, alert.id, alert.station_id, who, NOW, position=None)
    await duties.set_week(unit, alert.station_id, weeks_from(NOW, zone_of("FR"), 1)[0], await _ids(unit))
    await duties.set_duty(unit, alert.station_id, 1, NOW + timedelta(hours=1))
    given = {"name": "Luc", "phone": "+33639980099", "streets": ["||"], "unconfirmed": False}
    luc = await volunteers.add(unit, alert.id, alert.station_id, **given, now=NOW)
    assert await visited.record(unit, alert.id, who, Visited(Finding.ABSENT, NOW, luc.id))
    await corrections.ask(unit, alert.station_id, who, Wanted(mail("é2@town.example"), text="Zoë"), NOW)
    await inbox.keep(unit, alert.station_id, "+33639980098", "L’eau monte", NOW)
    texts = {"fr": ["Un marché ?", "Oui", "Non"]}
    poll = {"id": 7, "token": "t" * 16, "texts": texts, "alert_id": alert.id, "key_id": 1, "closes_at": NOW}
    step = {"id": 8, "alert_id": alert.id, "round": 1, "rank": 10, "people": [who], "began_at": NOW, "due_at": NOW}
    for table, row in (
        (trials, {"contact_id": contact, "channel": 1, "state": 1, "created_at": NOW, **of}),
        (escalations, {**step, "state": 0}),
        (
            households,
            {"station_id": alert.station_id, "row": 1, "column": 2, "households": 12, "streets": ["rue Haute"]},
        ),
        (polls, {"station_id": alert.station_id, **poll}),
        (poll_voters, mark),
        (poll_ballots, {"poll_id": 7, "key": b"b" * 16, "choice": 1}),
        (poll_pending, {**mark, "sealed": unit.vault.seal(b"\1", b"ballot:7:" + b"m" * 16)}),
    ):
        await unit.conn.execute(table.insert().values(row))


async def fill_rules(unit: Unit, station_id: int, alert: Alert) -> None:
    """What a station set: templates, its safety plan, four eyes; and the audit log of it, a month of it dropped."""
    flood = Template("crue", {"fr": "Crue"}, alert.texts, Severity.SEVERE)
    await templates.put(unit, station_id, flood, NOW)
    known = await stations.ensure_groups(unit, station_id, {"staff": "Personnel", "town-hall": "Mairie"})
    await retention.record(unit, Kind.INBOX, 3, NOW)
    await inactive.reach(unit, 0, 7)
    await ppms.choose(unit, station_id, known, ppms.Chosen("staff", "town-hall"))
    await approvals.set_rules(unit, station_id, ApprovalRules(training=True))
    waiting = an_alert(station_id)
    await approvals.add(unit, Approval(waiting, 1, 1, ApprovalState.WAITING, NOW))
    await audit.record(unit, BY, Action.APPROVAL_ASKED, waiting.id, station_id=station_id, why="L’eau monte")
    month = {"first_seq": 1, "last_seq": 3, "month": "2025-06", "hash": b"h" * 32}
    await unit.conn.execute(audit_segments.insert().values(month))


async def leave(unit: Unit, station_id: int, who: int) -> None:
    """Erase the last of them, whose id in the list is then taken off the list of who asked to be left out."""
    await erasing.erase(unit, who, erasing.Way.THEMSELVES, NOW)
    await suppression.lift(unit, [suppression.mark_of_id(unit.vault, station_id, "R29")], NOW)


async def fill(store: Store) -> None:
    """Something in every table but what a running service alone writes, an alert in flight and held among it."""
    async with store.write() as unit:
        station = await add_station(unit, "laigle", name="L’Aigle « à l’œil »")
        await add_station(unit, "rugles", boundary=None)
        key = await stations.add_key(unit, KeyRole.ADMIN, None, "all", NOW)
        operator = await stations.caller_of(unit, key, NOW)
        assert operator is not None
        await fill_operators(unit, station.id)
        await sessions.start(unit, operator.key_id, "Firefox, Linux", NOW, timedelta(hours=12))
        await uploads.keep(unit, operator, station.id, [b"Nom;Prenom", b"x;y"], report={"lines": 1}, now=NOW)
        caller = confirmations.caller_mark(unit.vault, "192.0.2.1")
        await confirmations.begin(unit, ConfirmationRequest(station.id, phone("+33639980099"), "fr", caller), NOW)
        shared = phone("+33639980000")
        persons = [
            resident(
                mail(f"é{n}@town.example"), push(f"https://push.example/{n}"), *([shared] if n < 4 else []),
                at=(0.62 + n / 1000, 48.76), name=f"Zoé {n}", external_id=f"R{n}", groups=("club",), vulnerable=n == 3,
            )
            for n in range(30)
        ]  # fmt: skip
        ids = await register(unit, station.id, *persons)
        await identities.prove(unit, ids[2], IdentityLevel.FRANCECONNECT, NOW, person="somebody")
        await vulnerable.add(unit, station.id, Details("Zoé 3"), asked_at=NOW, now=NOW, person=ids[3])
        await fixes.keep(unit, [Fix(ids[0], 0.63, 48.77, 12.5, NOW)])
        await leave(unit, station.id, ids.pop())
        alert = an_alert(station.id, area=Area(circles=(Circle(0.63, 48.76, 2000.0),)))
        await alerts.add(unit, alert, key_id=None, idempotency_key="once", request_hash=b"h" * 32)
        await alerts.lease(unit, alert.id, "a worker", NOW, NOW + timedelta(hours=1))
        sizes = dict.fromkeys(CHANNEL_NUMBER.values(), 10)
        await dispatching.write_chunk(unit, alert, ids, since=NOW, now=NOW, batch_sizes=sizes)
        first, *_ = await batches.due(unit, NOW, 10)
        await batches.lease(unit, first.id, "a worker", NOW, NOW + timedelta(hours=1))
        sent = (await batches.to_send(unit, first.id, NOW))[:7]
        await tracking.apply(unit, [Outcome(each.id, DeliveryState.ACCEPTED, NOW, provider_id="p") for each in sent])
        await confirmations.add_contact(
            unit, ids[4], phone("+33639980044"), NOW, Consent(ConsentWay.PAGE, BY, "By signing up you agree.")
        )
        await contacts.opt_out(unit, sent[0].contact_id, station.id, NOW)
        await welcomes.begin(unit, ids[1], NOW)
        keeper, contact, who = b"k" * 16, sent[1].contact_id, ids[2]
        words = unit.vault.seal(b'["town.example", "mailbox full"]', b"keeper:" + keeper)
        for table, row in (
            (contact_refusals, {"contact_id": contact, "blame": 1, "answer": "550", "code": "smtp:550", "state": 1}),
            (keeper_answers, {"channel": 1, "sealed": words, "asked": 9, "refused": 1, "code": "smtp:550"}),
        ):
            await unit.conn.execute(table.insert().values(alert_id=alert.id, keeper=keeper, at=NOW, **row))
        await wishes.set_of(unit, who, station.id, Severity.MODERATE, {"works": TopicChoice.MUTE})
        await wishes.keep_shares(unit, NOW)
        when = {"starts": "2026-07-02T07:30:00", "zone": "Europe/Paris", "except_on": [], "public_holidays": False}
        club = sealed_audience(unit.vault, 1, Audience(AudienceKind.GROUPS, ("club",)))
        said = {
            "kind": "alert",
            "message": {},
            "audience": club,
            "rank": 10,
            "lasts_s": 3600,
            "reason": "",
            "version": 1,
        }
        plan = {"id": 1, "station_id": station.id, "key_id": 1, "public": False, "paused": False, **when, **said}
        await unit.conn.execute(schedules.insert().values(plan))
        await unit.conn.execute(occurrences.insert().values(schedule_id=1, at=NOW, outcome="sent", problem=""))
        await by_hand.keep_signed(unit, station.id, who, contact, by_hand.Signed("2026-11-20", "dossier 12", NOW, 1))
        home = address_rows.sealed(unit.vault, who, Address("3 rue de la Gare", "61300", "L’Aigle"))
        found = unit.vault.seal(b'["3 Rue de la Gare", 0.63, 48.76, 0.5, "street"]', b"found:%d" % who)
        address = {"mark": b"m" * 16, "sealed": home, "state": 1, "score": 0.5, "found": found, "tries": 1}
        await unit.conn.execute(addresses.insert().values(station_id=station.id, subscriber_id=who, **address))
        await fill_answers(unit, alert, who, contact)
        await fill_rules(unit, station.id, alert)
        await rotating.keep_lasting(unit)
