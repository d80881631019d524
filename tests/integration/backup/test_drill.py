"""The drill: a town in the middle of an alert is backed up, its machine is lost, and the alert goes on from the backup.

Who had been sent it when the backup was taken is not sent it again; who was sent it after that may be, under the same
key; nobody is lost. Real processes, real servers, from each store into the other; test_copies.py has all four ways.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from collections import Counter
from contextlib import asynccontextmanager

import pytest

from broadcaster import config
from broadcaster.app import open_store
from broadcaster.domain.deliveries import DeliveryState
from tests.servers.forked import ran
from tests.servers.postgres import Postgres
from tests.servers.shaped import shaped
from tests.servers.town import Town
from tests.servers.town_api import eventually
from tests.servers.town_audit import addressed, audit, of_alert, told

AT_ONCE = 20


async def tocsin(town, *words):
    around = {name: each for name, each in os.environ.items() if not name.startswith("TOCSIN_")}
    async with asyncio.timeout(60):
        code, said, errors = await ran(*map(str, words), env=around | town.environment)
    assert code == 0, errors
    return said + errors


@asynccontextmanager
async def moved(town, data_dir, database_url):
    """Within the block another machine: an empty folder or database, the same settings and secret."""
    data_dir.mkdir()
    town.data_dir = data_dir
    town.environment |= {"TOCSIN_DATA_DIR": str(data_dir), "TOCSIN_DATABASE_URL": database_url}
    town.settings = config.load(town.environment)
    town.store = open_store(town.settings)
    try:
        yield
    finally:
        await town.store.close()


def url_of(kind, request, make=Postgres.fresh):
    return make(request.getfixturevalue("postgres")) if kind == "postgresql" else ""


@pytest.mark.parametrize(("source", "to"), [("sqlite", "postgresql"), ("postgresql", "sqlite")])
async def test_an_alert_in_flight_goes_on_from_the_backup(tmp_path, request, source, to):
    database = {"database_url": url} if (url := url_of(source, request, shaped)) else {}
    own = {"secret_key": secrets.token_hex(32), "push_per_second": 200, "push_concurrency": AT_ONCE, **database}
    (tmp_path / "one").mkdir()
    async with Town(tmp_path / "one", **own) as town:
        people = town.draw(260, share_inside=1.0, without=0.0)
        await town.settle(*people)
        mine = [each for each in people if each.station == "laigle"]
        async with town.process() as before:
            alert = await before.api.issue()
            await eventually(lambda: len(town.push.messages) >= 60, "sixty have it")
            town.push.hold()
            await eventually(lambda: town.push.held == AT_ONCE, "the rest is held")
            said = await tocsin(town, "backup", tmp_path / "b.zip")
            assert "THE SECRET IS NOT IN IT" in said
            at_backup = await told(town, alert["id"])
            town.push.let_go()
            await eventually(lambda: len(town.push.messages) >= at_backup.total() // 2 + 40, "some more have it")
            await before.kill()
        await town.twilio.settled()
        at_the_end = await told(town, alert["id"])

        async with moved(town, tmp_path / "two", url_of(to, request)):
            said = await tocsin(town, "restore", tmp_path / "b.zip")
            assert "ALERTS IN FLIGHT: 1" in said
            kept = await accepted(town, alert["id"])
            async with town.process() as after:
                account = await after.api.finished(alert["id"])
            await town.twilio.settled()

            assert (account["unaccounted"], account["matched"]) == (0, len(mine))
            await audit(town, alert["id"], mine, doubles=(at_the_end.total() - len(kept)))
            times = await told(town, alert["id"])
            assert kept, "some were taken before the backup"
            assert {contact for contact in kept if times[contact] != 1} == set(), "sent before the backup, and again"
            doubled = Counter(times) - Counter(dict.fromkeys(times, 1))
            assert set(doubled) <= set(at_the_end) - kept
            assert doubled.total() >= 1, "the file does not know of those who had it after that"
            await same_keys(town, alert["id"])


async def accepted(town, alert_id):
    """(channel, address) of the deliveries that the restored database knows to have left."""
    rows = await addressed(town, int(alert_id))
    return {contact for contact, row in rows.items() if row.state != DeliveryState.QUEUED}


async def same_keys(town, alert_id):
    """Each message that came twice bears the key of the first."""
    keys = {}
    for each in await of_alert(town, alert_id):
        keys.setdefault((each.channel, each.to), set()).add(each.key)
    assert {contact for contact, found in keys.items() if len(found) > 1} == set()
