"""A flood in L'Aigle from the drill to the all-clear: steps, an area that moves, answers by five ways, two who ask for
help; told by a clock that the test moves, with real pushes, SMS and calls on loopback.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from broadcaster.domain.deliveries import PersonState
from broadcaster.store import help_requests
from broadcaster.store.tables import recipients
from tests.integration.http.conftest import Api as Console
from tests.integration.http.test_live import look, send
from tests.integration.pipeline.test_escalation import WAYS, counts
from tests.integration.pipeline.test_update import circle, left_of, people_of, titles, update
from tests.servers.push import Behaviour
from tests.servers.town import Town, away, ids
from tests.servers.town_api import eventually
from tests.servers.town_audit import given_back, quiet, recount
from tests.servers.twilio import Line

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.town import Resident
    from tests.servers.town_api import Api

TEXT = {"fr": {"headline": "La Risle déborde", "description": "Elle monte.", "instruction": "Montez."}}


async def later(town: Town, seconds: float) -> None:
    """Move the clock, once nothing is in hand that a jump would disturb."""
    await quiet(town)
    await eventually(lambda: given_back(town), "nobody holds a batch")
    town.clock.advance(seconds)


async def drill(town: Town, api: Api, warden: Resident) -> None:
    """The monthly call to the operators comes when it is due, and one of them answers with an exercise."""
    due = town.clock.now() + timedelta(seconds=120)
    group = {"kind": "groups", "groups": ["operateurs"]}
    asked = {"station": "laigle", "severity": "minor", "status": "exercise", "kind": "drill", "event": "Exercice",
             "headline": "Exercice du mois", "channels": ["push"], "audience": group}  # fmt: skip
    await api.call("POST", "/v1/schedules", asked | {"at": due.isoformat(timespec="seconds")}, expect=201)
    await later(town, 121)
    await eventually(lambda: len(warden.devices[0].messages) == 1, "the drill's call")
    exercise = await api.issue(status="exercise", texts=TEXT, channels=["push"], area=..., audience=group)
    assert (await api.finished(exercise["id"]))["matched"] == 1
    assert len(town.pushed) == 2, "nobody else hears of it"


async def answers_of(api: Api, alert: dict[str, Any]) -> dict[str, int]:
    return (await api.account(alert["id"]))["answers"]


async def test_a_flood_from_the_drill_to_the_all_clear_leaves_everyone_in_one_final_state(  # noqa: PLR0915  one story
    tmp_path: Path,
) -> None:
    async with Town(tmp_path) as town:
        warden = town.resident("push", at=away(9000, 0), groups=("operateurs",))
        button, linked, texting, called = (town.resident(*WAYS) for _ in range(4))
        calls_in, shows = town.resident("sms", "voice"), town.resident("push", "voice")
        dead, nowhere = town.resident("push"), town.resident()
        west, east = town.resident("push", "sms", at=away(1300, 270)), town.resident("push", "sms", at=away(3200, 90))
        inside = (button, linked, texting, called, calls_in, shows, dead, nowhere)
        await town.settle(warden, *inside, west, east)
        dead.devices[0].behave(Behaviour(status=410))
        town.twilio.line(Line(press="3"), number=called.landline)
        town.twilio.line(Line(result="no-answer"), number=calls_in.landline)
        async with town.serving() as api:
            console = Console(api.running, api.http, {"admin": town.key})
            rose = await console.sign_in("admin")
            await drill(town, api, warden)
            await send(console, "/console/help/duty?station=laigle", "hours=3", **rose)
            for each in town.residents:
                for device in each.devices:
                    device.messages.clear()

            # By push; two devices show it, one person answers on it.
            alert = await api.issue(channels=..., texts=TEXT)
            told = (button, linked, texting, called, shows, west)
            await eventually(lambda: all(titles(each) for each in told), "pushes")
            await eventually(lambda: counts(town, calls_in) == [(0, 1, 0)], "an SMS at once to who has no push")
            for each in (button, shows, west):
                await api.receipt(each.devices[0].messages[0].json["receipt"], "displayed")
            by_push = button.devices[0].messages[0].json
            await api.call("POST", f"/v1/answers/{by_push['answer']}", {"answer": "received"})

            # By SMS a minute later, to those who saw nothing: a link, and a word.
            await later(town, 61)
            silent = (linked, texting, called)
            await eventually(lambda: counts(town, *silent) == [(1, 1, 0)] * 3, "SMS to those who saw nothing")
            assert counts(town, button, shows, west) == [(1, 0, 0)] * 3
            said = {each.to: each.body for each in town.twilio.messages}
            link = re.search(r"/r/[\w-]+", said[linked.mobile])
            assert link is not None
            form = {"Content-Type": "application/x-www-form-urlencoded"}
            status, _, _ = await console.call("POST", link[0], key=None, raw="answer=safe", headers=form)
            assert status == 303
            word = {"From": texting.mobile or "", "Body": "Aide", "MessageSid": "SM" + "0" * 32}
            assert "112" in await town.twilio.tell(f"{api.url}/hooks/twilio/sms", word)

            # By telephone to the rest: a key in our call, and somebody who missed it calls back.
            await later(town, 240)
            await eventually(lambda: len({each.to for each in town.twilio.calls}) >= 4, "calls to the rest")
            await town.twilio.settled()
            assert counts(town, button, linked) == [(1, 0, 0), (1, 1, 0)], "who answered is left in peace"
            assert {called.landline, calls_in.landline, shows.landline} <= {each.to for each in town.twilio.calls}
            hook = f"{api.url}/hooks/twilio/call"
            caller = {"From": calls_in.landline or "", "CallSid": "CA" + "0" * 32}
            assert "La Risle déborde" in await town.twilio.tell(hook, caller)
            assert "sécurité" in await town.twilio.tell(hook, caller | {"Digits": "2"})
            assert await answers_of(api, alert) == {"received": 1, "safe": 2, "help": 2}

            # Whom nothing reached is visited.
            path = f"/console/alerts/{alert['id']}/visits.csv?lang=en"
            _, _, table = await console.call("GET", path, key=None, headers=rose)
            assert {line.rpartition(",")[2] for line in table.split()[1:]} >= {dead.external_id, nowhere.external_id}
            assert calls_in.external_id not in table

            # The water moves: three kinds of people, each told what changed for them.
            moved = await update(api, alert["id"], area=circle(away(1800, 90), 2400))
            await eventually(lambda: bool(titles(east)), "the east hears of it")
            await eventually(lambda: len(titles(west)) == 2, "the west hears that it is not concerned any more")
            await quiet(town)
            left = await left_of(api, moved["id"])
            assert titles(east) == ["La Risle déborde"]
            assert titles(shows)[1:] == ["[Mise à jour] La Risle déborde"]
            assert titles(west)[1:] == ['Ne vous concerne plus : "La Risle déborde"']
            assert await people_of(town, left) == ids([west])
            assert await people_of(town, moved["id"]) == ids([*inside, east])

            # Both who ask for help are taken in charge by name.
            async with town.store.read() as unit:
                asking = await help_requests.listed(unit, [town.stations["laigle"]], closed=False, limit=9)
            assert {each.subscriber_id for each in asking} == ids([texting, called])
            for each in asking:
                for do in ("take", "close"):
                    status, _, _ = await send(console, f"/console/help/{each.id}?station=laigle", f"do={do}", **rose)
                    assert status == 303
            _, _, page = await look(console, "/console/help?station=laigle", **rose)
            assert "admin" in page

            # It is over, for exactly those who know of it; and everyone has one final state.
            for each in (called, calls_in):
                town.twilio.line(Line(), number=each.landline)
            ended = await api.cancel(moved["id"])
            for each in (alert["id"], moved["id"], left, ended["id"]):
                account = await api.finished(str(each))
                assert account["unaccounted"] == 0
            await quiet(town)
            assert await people_of(town, ended["id"]) == ids([button, linked, texting, called, calls_in, shows, east])
            report = await api.account(alert["id"])
            assert (report["help"]["asked"], report["help"]["untaken"], report["help"]["closed"]) == (2, 0, 2)
        for each in (alert["id"], moved["id"], left, ended["id"]):
            await recount(town.store, str(each))
        async with town.store.read() as unit:
            states = set(await unit.conn.scalars(select(recipients.c.state)))
        assert PersonState.PENDING not in states
