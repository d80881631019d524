"""Updates: to each person what changed for them, once, however versions follow each other and processes die."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console
from sqlalchemy import select

from broadcaster.commands.report import show_report
from broadcaster.pipeline import update as updating
from broadcaster.store.tables import recipients
from tests.contract.stores import URLS
from tests.servers.town import OUTSIDE, Town, away, ids
from tests.servers.town_api import eventually
from tests.servers.town_audit import of_alert, quiet, recount, told
from tests.servers.town_facts import CENTRE

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.town import Resident
    from tests.servers.town_api import Api

EAST = away(4000, 90)
"""The middle of where the flood goes; a kilometre and a half around it are no part of the first area."""


def circle(at: tuple[float, float] = CENTRE, radius_m: float = 1500) -> dict[str, Any]:
    return {"circles": [{"lon": at[0], "lat": at[1], "radius_m": radius_m}]}


async def update(api: Api, alert_id: str, expect: int = 202, **changes: Any) -> dict[str, Any]:
    return await api.call("POST", f"/v1/alerts/{alert_id}/updates", changes, expect=expect)


async def left_of(api: Api, alert_id: str) -> str | None:
    """The message to those whom an update left outside, if there is one."""
    account = await api.account(alert_id)
    there = [each["id"] for each in account["versions"] if each["role"] == "left" and int(each["id"]) > int(alert_id)]
    return there[0] if there else None


async def people_of(town: Town, alert_id: str | None) -> set[int]:
    async with town.store.read() as unit:
        rows = await unit.conn.scalars(
            select(recipients.c.subscriber_id).where(recipients.c.alert_id == int(alert_id or 0))
        )
        return set(rows)


def titles(resident: Resident) -> list[str]:
    return [message.json["title"] for message in resident.devices[0].messages]


async def test_an_area_that_moves_tells_each_person_what_changed_for_them(tmp_path: Path) -> None:
    async with Town(tmp_path) as town:
        inside = town.resident("push", "sms", "email", at=away(1000, 90))
        behind = town.resident("push", "email", at=away(1000, 270))
        ahead = town.resident("push", "voice", at=away(3000, 90))
        nowhere = town.resident("push", at=away(9000, 0))
        neighbour = town.resident(at=away(1000, 270))
        await town.settle(inside, behind, ahead, nowhere)
        neighbour.mobile = inside.mobile  # a telephone of someone inside: it gets one message, the update
        await town.settle(neighbour)
        async with town.serving() as api:
            alert = await api.issue()
            await api.finished(alert["id"])
            wide = {"circles": [{"lon": away(2000, 90)[0], "lat": away(2000, 90)[1], "radius_m": 1500}]}
            new = await update(
                api, alert["id"], area=wide, headline="La Risle monte à l'est", texts={"en": {"headline": "East"}}
            )
            account = await api.finished(new["id"])
            left = await left_of(api, new["id"])
            assert left is not None
            await api.finished(left)
            await town.twilio.settled()
            await quiet(town)
            versions = (await api.account(left))["versions"]
            seen = await api.call("GET", f"/v1/alerts/{left}")
            old = await api.call("GET", f"/v1/alerts/{alert['id']}")
        assert (new["msg_type"], new["role"], new["references"]) == ("update", "update", [alert["id"]])
        assert (old["followed_by"], seen["references"]) == (new["id"], [alert["id"], new["id"]])
        assert await people_of(town, new["id"]) == ids([inside, ahead])
        assert await people_of(town, left) == ids([behind])
        assert (account["matched"], account["again"]) == (2, 1)
        assert [(each["role"], each["told"]) for each in versions] == [("first", 3), ("update", 2), ("left", 1)]
        assert titles(inside)[1:] == ["[Mise à jour] La Risle monte à l'est"]
        assert titles(ahead) == ["La Risle monte à l'est"], "as somebody reads it who never heard of it"
        assert titles(behind)[1:] == ['Ne vous concerne plus : "La Risle monte à l\'est"']
        assert "levée" not in str(behind.devices[0].messages[-1].json)
        assert len({each.devices[0].messages[-1].headers["Topic"] for each in (inside, ahead, behind)}) == 1
        for each, alert_id in ((inside, new["id"]), (ahead, new["id"]), (behind, left)):
            came = await told(town, alert_id)
            assert {contact: came[contact] for contact in each.contacts} == dict.fromkeys(each.contacts, 1)
        mails = [each.parsed for each in town.smtp.messages if each.recipients == [inside.mail]]
        assert mails[1]["In-Reply-To"] == mails[0]["Message-ID"]
        assert mails[1]["References"].split()[-1] == mails[0]["Message-ID"]
        for each in (alert["id"], new["id"], left):
            await recount(town.store, each)


async def test_versions_follow_each_other_and_the_end_goes_to_everyone_who_knows(tmp_path: Path) -> None:
    async with Town(tmp_path) as town:
        stays, sms = town.resident("push", "sms"), town.resident("sms")
        mover = town.resident("push", at=None)
        east = town.resident("push", at=EAST)
        await town.settle(stays, sms, mover, east)
        async with town.serving() as api:
            await move(api, mover, CENTRE)
            first = await api.issue()
            await api.finished(first["id"])
            silent = await update(api, first["id"], headline="Deuxième", severity="extreme", silent=True)
            account = await api.finished(silent["id"])
            assert (account["matched"], account["again"], account["spared"]) == (2, 3, 1)
            assert stays.devices[0].messages[-1].json["quiet"] is True
            assert not [each for each in await of_alert(town, silent["id"]) if each.channel != "push"]

            stale = await update(api, first["id"], headline="Autre", expect=412)
            assert stale["code"] == "alert-changed"
            assert stale["errors"][0]["params"] == {"alert": silent["id"], "changed": "texts, severity"}
            for wrong, code in (
                ({}, "update-empty"),
                ({"area": None}, "area-needed"),
                ({"silent": True}, "update-empty"),
                ({name: silent[name] for name in ("texts", "area", "severity", "expires")}, "update-empty"),
            ):
                assert (await update(api, silent["id"], expect=422, **wrong))["code"] == code

            away_now = await update(api, silent["id"], area=circle(EAST))
            await api.finished(away_now["id"])
            left = await left_of(api, away_now["id"])
            await api.finished(str(left))
            assert await people_of(town, away_now["id"]) == ids([east])
            assert await people_of(town, left) == ids([stays, sms, mover])

            await move(api, mover, EAST)  # who comes back hears it anew, as one who never heard of it
            await eventually(lambda: len(mover.devices[0].messages) == 4, "the mover is told again")
            assert titles(mover)[-1] == "Deuxième"

            ended = await api.cancel(first["id"])
            last = await api.finished(ended["id"])
            assert ended["references"] == [first["id"], silent["id"], away_now["id"]]
            assert await people_of(town, ended["id"]) == ids([mover, east]), "the others heard that it is not for them"
            assert last["people"]["accepted"] == 2
            path = f"/v1/alerts/{away_now['id']}/cancel"
            await api.call("POST", path, {"kind": "mistake"}, expect=409)
            again = await api.call("POST", path, {}, expect=202)
            assert again["id"] == ended["id"]
            over = await update(api, away_now["id"], headline="Trop tard", expect=409)
            assert over["code"] == "alert-over"
            await quiet(town)
        for each in (first, silent, away_now, {"id": left}, ended):
            await recount(town.store, each["id"])


async def move(api: Api, resident: Resident, to: tuple[float, float]) -> None:
    await api.call("PUT", "/v1/subscribers/me/position", {"lon": to[0], "lat": to[1]}, expect=204, key=resident.token)


async def test_what_was_sent_by_mistake_says_so_to_those_who_were_told(tmp_path: Path) -> None:
    async with Town(tmp_path) as town:
        someone, outside = town.resident("push", "sms"), town.resident("push", at=OUTSIDE)
        await town.settle(someone, outside)
        async with town.serving() as api:
            alert = await api.issue()
            await api.finished(alert["id"])
            ended = await api.call("POST", f"/v1/alerts/{alert['id']}/cancel", {"kind": "mistake"}, expect=202)
            await api.finished(ended["id"])
            await town.twilio.settled()
            page = await api.call("GET", f"/a/{ended['url'].rpartition('/')[2]}")
        assert (ended["msg_type"], ended["role"]) == ("cancel", "mistake")
        assert titles(someone)[-1] == 'Envoyée par erreur : "La Risle déborde"'
        assert titles(outside) == []
        assert "Vous n'avez pas" in town.twilio.messages[-1].body
        assert "ENVOYÉE PAR ERREUR" in page


async def test_an_update_while_the_first_version_still_goes_out_reaches_everybody_once(tmp_path: Path) -> None:
    async with Town(tmp_path, push_per_second=60, push_concurrency=4) as town:
        people = [town.resident("push", at=away(1200, 90 if n % 2 else 270)) for n in range(120)]
        await town.settle(*people)
        async with town.serving() as api:
            alert = await api.issue()
            await eventually(lambda: len(town.push.messages) >= 30, "30 messages")
            new = await update(api, alert["id"], area=circle(away(1200, 90), 600), headline="Plus à l'est")
            last = await update(api, new["id"], headline="Encore plus")
            for each in (alert, new, last):
                await api.finished(each["id"], timeout_s=60)
            lefts = [each["id"] for each in (await api.account(last["id"]))["versions"] if each["role"] == "left"]
            for each in lefts:
                await api.finished(each, timeout_s=60)
            ended = await api.cancel(last["id"])
            await api.finished(ended["id"])
            await quiet(town)
        west, east = people[::2], people[1::2]
        assert await people_of(town, last["id"]) == ids(east)
        assert 0 < sum(bool(titles(each)) for each in west) < len(west)
        for each in west:
            apart = [title for title in titles(each) if title.startswith("Ne vous concerne plus")]
            assert len(apart) == bool(titles(each)), "once, to who was told; nothing to who never was"
        assert await people_of(town, ended["id"]) == ids(east)
        for each in (alert, new, last, ended, *({"id": each} for each in lefts)):
            await recount(town.store, each["id"])


@pytest.mark.parametrize("kind", URLS)
async def test_kill_9_between_the_parts_of_an_update_tells_each_person_once(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    async with Town(tmp_path, database_url=URLS[kind](request, tmp_path)) as town:
        places = {"new": away(2500, 90), "still": away(1000, 90), "left": away(1000, 270)}
        people = {part: [town.resident("email", at=at) for _ in range(60)] for part, at in places.items()}
        await town.settle(*(each for part in people.values() for each in part))
        middle = circle(away(2000, 90))
        async with town.process() as process:
            alert = await process.api.issue(channels=["email"])
            await process.api.finished(alert["id"], timeout_s=60)
            new = await update(process.api, alert["id"], area=middle)

            async def begun() -> bool:
                return bool(await people_of(town, new["id"]))

            await eventually(begun, "the first part is written")
            await process.kill()
        async with town.process() as process:
            await process.api.finished(new["id"], timeout_s=60)
            left = await left_of(process.api, new["id"])
            report = await process.api.finished(str(left), timeout_s=60)
        assert await people_of(town, new["id"]) == ids(people["new"]) | ids(people["still"])
        assert await people_of(town, left) == ids(people["left"])
        assert report["unaccounted"] == 0
        for alert_id, parts in ((new["id"], ("new", "still")), (left, ("left",))):
            came = await told(town, str(alert_id))
            assert set(came) == {contact for part in parts for each in people[part] for contact in each.contacts}
            # What the killed sender had on the wire goes out again, under the same Message-ID.
            keys = {(each.to, each.key) for each in await of_alert(town, str(alert_id))}
            assert len(keys) == len(came)
            await recount(town.store, str(alert_id))


@pytest.mark.parametrize("why", ["shared", "ended"])
async def test_a_message_to_who_is_outside_that_goes_to_nobody_is_finished_too(
    why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Town(tmp_path) as town:
        inside, behind = town.resident("sms", at=away(1000, 90)), town.resident("sms", at=away(1000, 270))
        if why == "shared":  # the household's telephone gets the update
            behind.mobile = inside.mobile
        await town.settle(inside, behind)
        async with town.serving() as api:
            alert = await api.issue()
            await api.finished(alert["id"])
            write = updating._message_to_left

            async def then_end(services: Any, version: Any) -> Any:
                made = await write(services, version)
                await api.cancel(alert["id"])
                return made

            if why == "ended":
                monkeypatch.setattr(updating, "_message_to_left", then_end)
            new = await update(api, alert["id"], area=circle(away(2000, 90)))
            await eventually(lambda: _is_there(api, new["id"]), "the message to who is outside")
            left = await left_of(api, new["id"])
            report = await api.finished(str(left))
            assert (report["matched"], [each["code"] for each in report["warned"]]) == (0, ["left-to-nobody"])
            show_report(Console(file=(shown := io.StringIO()), width=120), report)
            assert "Nobody had to be told that the alert no longer applies to them." in shown.getvalue()
            assert "NOBODY" not in shown.getvalue()
            await quiet(town)
        await recount(town.store, str(left))


async def _is_there(api: Api, alert_id: str) -> bool:
    return await left_of(api, alert_id) is not None


async def test_who_is_in_another_alert_does_not_hear_that_this_one_is_over_there(tmp_path: Path) -> None:
    async with Town(tmp_path) as town:
        covered = town.resident("push", at=away(1000, 270))
        alone = town.resident("push", at=away(1000, 180))
        await town.settle(covered, alone)
        async with town.serving() as api:
            alert = await api.issue()
            await api.finished(alert["id"])
            other = await api.issue(area=circle(away(1000, 270), 300), event="Incendie")
            await api.finished(other["id"])
            new = await update(api, alert["id"], area=circle(EAST))
            await api.finished(new["id"])
            assert await people_of(town, await left_of(api, new["id"])) == ids([alone])
            ended = await api.cancel(new["id"])
            await api.finished(ended["id"])
        assert await people_of(town, ended["id"]) == ids([covered]), "who heard nothing since hears of the end"
