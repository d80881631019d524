"""What /readyz, the console's home, an alert's page and ``tocsin doctor`` say when something is missing."""

from __future__ import annotations

import asyncio
import functools
import html
import re
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from sqlalchemy import update

from broadcaster import config, health, presence
from broadcaster.bus import streams
from broadcaster.clock import SystemClock
from broadcaster.commands.examine import PROBE_S, examine
from broadcaster.domain.alerts import Lane, Severity
from broadcaster.domain.deliveries import DeliveryState, Outcome
from broadcaster.domain.health import SENTENCES, Code, Grade, Trouble
from broadcaster.http.sessions import COOKIE
from broadcaster.languages import catalogs
from broadcaster.store import tables
from broadcaster.store.alerts import batches, tracking
from broadcaster.store.operations import gauges, processes
from tests.integration.operations.test_gauges import all_of, an_alert_to_two
from tests.servers.breakable import Wire
from tests.servers.signed_in import add_operator, session_of
from tests.servers.town import Town
from tests.servers.town_api import eventually
from tests.servers.town_scaled import ScaledTown

LATE = r"Une alerte a été envoyée il y a \d+\s+s et personne n’a encore été prévenu"
WITHIN_S = 10.0
"""So long after it is gone, all must say what is missing."""
PATIENCE_S = 30.0
"""The same on a machine that has much else to do."""


@pytest.fixture
def now():
    return datetime.now(UTC)


def ago(now, seconds):
    return now - timedelta(seconds=seconds)


async def standing_still(store, now):
    async with store.read() as unit:
        reading = await gauges.read(unit, now)
    return {each.code: each for each in health._standing_still(reading)}


async def test_a_queue_is_stalled_when_a_batch_is_overdue_and_no_sender_holds_any(store, now):
    async with store.write() as unit:
        await an_alert_to_two(unit, ago(now, 5), sent_at=ago(now, 5), expires_at=now + timedelta(hours=1))
    assert await standing_still(store, now) == {}, "five seconds are no standstill"
    async with store.write() as unit:
        await unit.conn.execute(update(tables.batches).values(due_at=ago(now, 20)))
    found = (await standing_still(store, now))[Code.QUEUE_STUCK]
    assert (found.channel in {"sms", "email"}, found.params["seconds"] >= 20) == (True, True)
    async with store.write() as unit:
        at = await unit.now(now)
        for batch in await batches.due(unit, at, 10):
            assert await batches.lease(unit, batch.id, "me", at, at + timedelta(minutes=1))
    assert Code.QUEUE_STUCK not in await standing_still(store, now), "a sender works on it"


async def test_a_first_message_is_late_after_ten_seconds_until_somebody_is_told(store, now):
    async with store.write() as unit:
        alert = await an_alert_to_two(unit, now, sent_at=ago(now, 8), expires_at=now + timedelta(hours=1))
        routine = await an_alert_to_two(
            unit, now, sent_at=ago(now, 40), expires_at=now + timedelta(hours=1), severity=Severity.MINOR
        )
    assert Code.FIRST_LATE not in await standing_still(store, now)
    async with store.write() as unit:
        await unit.conn.execute(
            update(tables.alerts).where(tables.alerts.c.id == alert.id).values(sent_at=ago(now, 15))
        )
    late = (await standing_still(store, now))[Code.FIRST_LATE]
    assert (late.alert_id, late.alert_id != routine.id) == (alert.id, True)
    assert 15 <= late.params["seconds"] < 60
    async with store.write() as unit:
        one = (await all_of(unit, alert))[0]
        await tracking.apply(unit, [Outcome(one, DeliveryState.ACCEPTED, now, tried=True)])
    assert Code.FIRST_LATE not in await standing_still(store, now)
    assert health.LATE_S[Lane.ROUTINE] == 60


async def test_an_alert_that_no_resolver_takes_is_told(store, now):
    async with store.write() as unit:
        alert = await an_alert_to_two(unit, now, sent_at=ago(now, 30), expires_at=now + timedelta(hours=1))
        await unit.conn.execute(
            update(tables.alerts).where(tables.alerts.c.id == alert.id).values(resolved_at=None, state="accepted")
        )
    assert (await standing_still(store, now))[Code.ALERTS_WAIT].params["seconds"] >= 30


async def test_a_process_is_there_while_it_announces_itself_and_is_forgotten_in_the_end(store, now):
    relay = {"channel": "email", "provider": "relay"}
    why, gaps = "%(where)s takes no connection", {"where": "relay:25"}
    own = Trouble(Code.PROVIDER_AWAY, relay, "connection refused", why=why, gaps=gaps)

    async def living():
        async with store.read() as unit:
            return await processes.living(unit, now)

    async with store.write() as unit:
        await processes.announce(unit, "one", ["sender", "web"], [own], now)
        await processes.announce(unit, "two", ["resolver"], [], now)
        await processes.announce(unit, "one", ["sender", "web"], [own], now)
    found = {each.id: each for each in await living()}
    assert found["one"].roles == ("sender", "web")
    assert found["one"].troubles == (own,)
    french = own.reason(catalogs().words("fr"))
    assert french == "relay:25 n’accepte aucune connexion (connection refused)"
    assert [each.code for each in health.absent_roles(list(found.values()))] == [Code.NO_SCHEDULER]

    async with store.write() as unit:
        at = await unit.now(now)
        silent = update(tables.processes).where(tables.processes.c.id == "one")
        await unit.conn.execute(silent.values(seen_at=at - processes.GONE_AFTER))
        await processes.withdraw(unit, "two")
    assert await living() == []
    async with store.write() as unit:
        await unit.conn.execute(silent.values(seen_at=at - timedelta(hours=2)))
        await processes.forget_dead(unit, now)
        assert (await unit.conn.execute(tables.processes.select())).all() == []


def test_a_trouble_that_only_a_newer_version_knows_is_left_out():
    assert Trouble.from_json({"code": "of-tomorrow", "params": {}, "detail": ""}) is None


PARAMS = {"channel": "sms", "provider": "p", "keeper": "k", "zone": "A", "day": "2028-07-07"}


def test_every_trouble_has_a_sentence_with_a_grade():
    assert set(health.NO_ROLE.values()) <= set(Code)
    for code in Code:
        trouble = Trouble(code, dict.fromkeys(("seconds", "megabytes", "people"), 1) | PARAMS)
        assert "%(" not in trouble.said + trouble.to_do
        assert trouble.grade in set(Grade)


async def test_home_and_the_alerts_page_say_in_french_that_nobody_was_told_yet(tmp_path):
    """On the embedded road: a push service that takes a message and does not answer."""
    async with Town(tmp_path) as town, town.serving() as api:
        await town.settle(town.resident("push"))
        town.push.hold()
        issued = await api.issue()
        await eventually(lambda: town.push.held > 0, "the message is on its way")
        async with town.store.write() as unit:
            late = datetime.now(UTC) - timedelta(seconds=30)
            await unit.conn.execute(update(tables.alerts).values(sent_at=late))
        reader = Reader(api.url, town.store)
        async with reader:
            for path in ("/console", f"/console/alerts/{issued['id']}"):
                page = await reader.page(path, "fr")
                assert re.search(LATE, page), path
                assert 'class="small quiet" lang="en"' not in page
        said = await api.ready()
        assert (said["status"], said["findings"][0]["code"]) == ("degraded", "first-message-late")
        town.push.let_go()
        await api.finished(issued["id"])
        assert (await api.ready())["findings"] == []


@pytest.mark.parametrize("sign_in_every_s", [0.2, 3600])
async def test_a_provider_that_goes_away_while_nothing_is_sent_is_noticed_and_so_is_its_return(
    tmp_path, sign_in_every_s
):
    async with Town(tmp_path) as town, Wire(town.smtp.port) as wire:
        town.settings = config.load(
            town.environment
            | {
                "TOCSIN_SMTP_URL": f"smtp://127.0.0.1:{wire.port}?from=a@town.example",
                "TOCSIN_PROBE_EVERY_S": str(sign_in_every_s),
            }
        )
        async with town.serving() as api:

            async def away():
                return [(each["code"], each["params"]) for each in (await api.ready())["findings"]]

            assert await away() == []
            wire.cut()
            relay = ("provider-away", {"channel": "email", "provider": "relay"})

            async def noticed():
                return await away() == [relay]

            await eventually(noticed, "the relay is away")
            wire.mend()

            async def well():
                return await away() == []

            await eventually(well, "it is back", 30)


class Reader:
    """An operator with a browser."""

    def __init__(self, url, store):
        self._url, self._store = url, store

    async def __aenter__(self):
        self._http = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        now = SystemClock().now()
        operator = await add_operator(self._store, now, admin=True)
        self._cookie = f"{COOKIE}={await session_of(self._store, now, operator)}"
        return self

    async def __aexit__(self, *_):
        await self._http.close()

    async def page(self, path, language):
        headers = {"Cookie": self._cookie}
        async with self._http.get(f"{self._url}{path}?lang={language}", headers=headers) as answer:
            return html.unescape(await answer.text())


# Taken away, each in turn, on the scaled road. What takes it and what brings it back; the words on home, in French.
ROLES = {
    "web": (Code.NO_WEB, "Aucun processus web ne tourne"),
    "resolver": (Code.NO_RESOLVER, "Aucun « resolver » ne tourne"),
    "sender": (Code.NO_SENDER, "Aucun « sender » ne tourne"),
    "scheduler": (Code.NO_SCHEDULER, "Aucun « scheduler » ne tourne"),
}


async def examined(town, **changes):
    """What ``tocsin doctor`` says is wrong, on a machine with the settings of the town."""
    environment = town.environment | {"TOCSIN_GEOCODER_URL": "off"} | changes
    found = [each.finding async for each in examine(config.load(environment))]
    return [each.what for each in found if each.level != "ok"]


async def doctor_names(town, sentence, **changes):
    async with asyncio.timeout(PATIENCE_S):
        found = await examined(town, **changes)
    assert any(sentence in each for each in found), found


async def readiness(http, url):
    async with http.get(f"{url}/readyz") as answer:
        return answer.status, await answer.json()


async def told_within(http, url, code):
    """Wait until /readyz names the trouble."""

    async def is_told():
        return code in {each["code"] for each in (await readiness(http, url))[1]["findings"]}

    await eventually(is_told, f"{url} names {code}", PATIENCE_S)


def test_by_the_services_own_times_whatever_is_gone_is_named_within_ten_seconds():
    role = processes.GONE_AFTER.total_seconds()
    provider = presence.REACH_EVERY_S + presence._REACH_S + processes.BEAT_S
    bus, store = streams._SILENT_S + health.PATIENCE_S, health.PATIENCE_S
    assert max(role, provider, bus, store, health.STUCK_S, PROBE_S) < WITHIN_S


def told_of_the_bus(member, words):
    """Whether the log of a process says this of the bus, a line each, and nothing else."""
    told = re.findall(r"the bus is (\w+)|the store or the bus|bus is not heard", member.log.read_text())
    return told == words


async def all_well(http, url):
    status, said = await readiness(http, url)
    return (status, said["findings"]) == (200, [])


@pytest.mark.timeout(300)
async def test_a_role_that_is_gone_is_named_by_every_other_process_and_on_home(tmp_path):
    async with ScaledTown(tmp_path) as town, aiohttp.ClientSession() as http:
        members = {each.roles: each for each in await town.start(*ROLES)}
        reader = Reader(members["web"].url, town.store)
        async with reader:
            for role, (code, words) in reversed(ROLES.items()):
                for member in members.values():
                    await eventually(functools.partial(all_well, http, member.url), f"{member.name} misses nobody", 30)
                await members.pop(role).retire(kill=True)
                await asyncio.gather(*(told_within(http, each.url, code) for each in members.values()))
                await doctor_names(town, SENTENCES[code].said)
                if role != "web":
                    page = (await reader.page("/console", "fr")).replace("\u202f", " ")
                    assert words in page
                    assert f"tocsin serve --roles {role}" in page
                    members[role] = (await town.start(role))[0]


@pytest.mark.timeout(300)
async def test_a_lost_bus_store_or_provider_and_a_queue_without_senders_are_named(tmp_path):
    async with ScaledTown(tmp_path) as town, Wire(town.smtp.port) as wire, aiohttp.ClientSession() as http:
        await town.settle(*(town.resident("email") for _ in range(20)))
        relay = f"smtp://127.0.0.1:{wire.port}?from=a@town.example"
        members = {each.roles: each for each in await town.start(*ROLES, smtp_url=relay, log_level="info")}
        web = members["web"].url
        well = functools.partial(all_well, http, web)
        async with Reader(web, town.store) as reader:

            async def home():
                return (await reader.page("/console", "fr")).replace("\u00a0", " ").replace("\u202f", " ")

            await eventually(well, "nothing is missing", 30)
            await town.valkey.kill()
            await asyncio.gather(*(told_within(http, each.url, Code.BUS_AWAY) for each in members.values()))
            assert "Le bus ne répond pas" in await home()
            await doctor_names(town, "The bus does not answer")
            await town.valkey.start()
            await eventually(well, "the bus is back", 30)
            for member in members.values():  # each says so once, however many loops and tries there were
                await eventually(functools.partial(told_of_the_bus, member, ["away", "back"]), f"{member.name} said so")

            town.postgres.pause()
            await asyncio.gather(*(told_within(http, each.url, Code.STORE_AWAY) for each in members.values()))
            assert (await readiness(http, web))[0] == 503
            await doctor_names(town, "The database does not answer")
            town.postgres.go_on()
            await eventually(well, "the store is back", 30)
            await town.postgres.stop()
            await told_within(http, web, Code.STORE_AWAY)
            page = await home()
            assert "La base de données ne répond pas" in page
            assert "TOCSIN_DATABASE_URL" in page
            await town.postgres.start()
            await eventually(well, "the store is back", 30)

            wire.cut()
            issued = await town.issue()
            await told_within(http, web, Code.PROVIDER_AWAY)
            assert "E-mail : le prestataire « relay » ne répond pas comme il le devrait" in await home()
            await doctor_names(town, f"127.0.0.1:{wire.port}", TOCSIN_SMTP_URL=relay)
            wire.mend()
            await town.finished(issued["id"])
            await eventually(well, "the relay is back", 60)

            await members["sender"].retire(kill=True)
            await town.issue()
            await told_within(http, web, Code.QUEUE_STUCK)
            assert "la file n’avance pas" in await home()
