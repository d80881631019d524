"""The console's pages of an alert: the list, the page that follows it, its stream, and lifting it."""

from __future__ import annotations

import asyncio
import html
import json
import re
from contextlib import asynccontextmanager
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from sqlalchemy import update

from broadcaster.http import deliveries
from broadcaster.store import tables
from broadcaster.store.alerts import alerts as alert_rows
from broadcaster.store.alerts import report as reports
from broadcaster.store.operations import sessions
from broadcaster.web.console.alerts import live
from broadcaster.web.console.alerts.alerts import _PAGE
from tests.integration.http.conftest import Api, an_alert, circle
from tests.integration.http.test_alerts import someone, until_finished
from tests.servers.push import Behaviour
from tests.servers.town import Town

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
NOBODY_LIVES_HERE = circle(300, 0.57, 48.73)


async def look(api, path, language="en", **headers):
    status, sent, page = await api.call("GET", path, key=None, headers={"Accept-Language": language, **headers})
    return status, sent, html.unescape(page) if isinstance(page, str) else page


async def send(api, path, form, **headers):
    return await api.call("POST", path, key=None, raw=form, headers={**FORM, "Accept-Language": "en", **headers})


def figures(page):
    """The large figures: told, on the way, not told, concerned."""
    return [int(each.replace(",", "")) for each in re.findall(r"<dd>([\d,]+)</dd>", part(page, "figures"))]


def part(page, name):
    return re.search(rf'data-part="{name}">(.*?)(?:</div>\s*<div data-part|</section>|<section)', page, re.DOTALL)[1]


@asynccontextmanager
async def town_of(tmp_path, *, people=12, gone=3, **settings):
    """A town with a device each, of which some are gone, and one person without any; its service, and a client."""
    async with Town(tmp_path, **settings) as town:
        residents = [town.resident("push") for _ in range(people)]
        for each in residents[:gone]:
            each.devices[0].behave(Behaviour(status=410))
        await town.settle(*residents, town.resident())
        async with town.serving() as served:
            yield town, served, Api(served.running, served.http, {"admin": town.key})


@asynccontextmanager
async def following(api, alert_id, mine, language="en"):
    """The stream as a page's script reads it: an iterator of events."""
    url = f"{api.running.url}/console/alerts/{alert_id}/events?lang={language}"
    async with api.http.get(url, headers={"Cookie": mine["Cookie"]}) as answer:
        assert answer.status == 200

        async def told():
            async for line in answer.content:
                if line.startswith(b"data:"):
                    yield json.loads(line[5:])

        yield told()


async def test_the_list_has_the_newest_first_and_leads_to_the_older_ones(api):
    ids = []
    for number in range(_PAGE + 2):
        _, _, alert = await api.call("POST", "/v1/alerts", an_alert(headline=f"Number {number}"))
        ids.append(alert["id"])
    mine = await api.sign_in()
    _, _, page = await look(api, "/console/alerts", **mine)
    assert re.findall(r'href="/console/alerts/(\d+)"', page) == ids[:1:-1]
    older = re.search(r'rel="next" href="([^"]+)"', page)[1]
    _, _, page = await look(api, older, **mine)
    assert re.findall(r'href="/console/alerts/(\d+)"', page) == ids[1::-1]
    assert 'rel="next"' not in page


async def test_a_key_sees_the_alerts_of_its_own_station_only_and_nothing_tells_that_there_are_others(api):
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert(headline="Not for Rugles"))
    mine = await api.sign_in("rugles-admin")
    _, _, page = await look(api, "/console/alerts", **mine)
    assert "Not for Rugles" not in page
    own = f"/console/alerts/{alert['id']}"
    for path in ("", "/events", "/cancel", "/report", "/report.pdf", "/report.csv", "/unreached", "/unreached.csv"):
        assert (await look(api, own + path, **mine))[0] == 404, path
    assert (await send(api, f"{own}/cancel", f"csrf={mine['X-CSRF']}", **mine))[0] == 404
    _, _, there = await api.call("GET", f"/v1/alerts/{alert['id']}")
    assert there["cancelled_at"] is None


async def test_the_reach_counts_every_person_once_and_says_why_some_are_not_told(tmp_path):
    async with town_of(tmp_path) as (_, served, api):
        alert = await served.issue()
        await served.finished(alert["id"])
        mine = await api.sign_in()
        _, _, page = await look(api, f"/console/alerts/{alert['id']}", **mine)
    assert figures(page) == [9, 0, 4, 13]
    assert "9 people of 13 are told." in part(page, "verdict")
    missed = re.sub(r"(?:\s*<[^>]+>\s*)+", "|", part(page, "missed"))
    assert "Notification: the address does not exist any more|3|" in missed
    assert "No valid number or address|1|" in missed
    assert "9 handed over" in part(page, "channels")
    assert "3 failed" in part(page, "channels")


async def test_anybody_who_opens_the_page_late_sees_the_whole_curve_with_the_accounts_own_percentiles(tmp_path):
    async with town_of(tmp_path, push_per_second=4) as (_, served, api):
        alert = await served.issue()
        account = await served.finished(alert["id"])
        mine = await api.sign_in()
        _, _, page = await look(api, f"/console/alerts/{alert['id']}", **mine)
    curve = part(page, "curve")
    line = ET.fromstring(re.search(r'<path class="line"[^>]*/>', curve)[0]).get("d")
    points = [tuple(map(float, each.split())) for each in line[1:].split("L")]
    assert len(points) > 4
    assert points == sorted(points, key=lambda point: (point[0], -point[1]))
    assert points[0] == (0.0, 1000.0)
    top = 1000 * (1 - 9 / (13 * 1.08))
    assert points[-1] == (1000.0, pytest.approx(top, abs=0.1))
    for share, seconds in (("50", account["accepted_s"]["p50"]), ("95", account["accepted_s"]["p95"])):
        assert f"{share}% in {seconds:.1f}\u00a0s" in curve


async def test_an_alert_that_concerns_nobody_says_so(api):
    await someone(api)
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert(area=NOBODY_LIVES_HERE))
    await until_finished(api, alert["id"])
    mine = await api.sign_in("laigle-read")
    _, _, page = await look(api, f"/console/alerts/{alert['id']}", **mine)
    assert "Nobody was told: nobody is concerned." in part(page, "verdict")
    assert "%</p>" not in part(page, "verdict")


async def test_where_every_channel_is_in_the_sandbox_nobody_is_said_to_be_told(api):
    await someone(api)
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert())
    await until_finished(api, alert["id"])
    mine = await api.sign_in()
    _, _, page = await look(api, f"/console/alerts/{alert['id']}", **mine)
    assert "Nothing was sent" in part(page, "verdict")
    assert "would be told" in part(page, "figures")
    assert f'href="/console/sandbox?alert={alert["id"]}"' in page
    _, _, listed = await look(api, "/console/alerts", **mine)
    assert "sandbox: nobody told, 1 concerned" in listed


@pytest.mark.parametrize("status", ["exercise", "test"])
async def test_a_drill_looks_like_one_on_every_page_of_it(api, status):
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert(status=status))
    mine = await api.sign_in()
    for path in ("", "/cancel", "/report", "/unreached"):
        _, _, page = await look(api, f"/console/alerts/{alert['id']}{path}", **mine)
        assert f'<body class="console {status}">' in page, path
        assert f'class="banner {status}"' in page, path
        assert "severity drill" in page or path == "/report"


async def test_a_channel_that_is_stopped_is_told_in_words(api):
    await someone(api)
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert())
    await until_finished(api, alert["id"])  # a message that gets through ends a stop
    services = api.running.services
    async with services.store.write() as unit:
        await unit.conn.execute(update(tables.alerts).values(finished_at=None))  # troubles are of running alerts
        await reports.stop_channel(unit, "sms", "twilio:20003", "Authenticate", services.clock.now())
    mine = await api.sign_in()
    _, _, page = await look(api, f"/console/alerts/{alert['id']}", **mine)
    assert "SMS: stopped." in part(page, "state")
    assert "Authenticate (twilio:20003)" in part(page, "state")


async def test_the_stream_brings_the_parts_that_changed_until_all_are_told_and_receipts_after_that(tmp_path):
    async with town_of(tmp_path, gone=0) as (town, served, api):
        town.push.hold()
        alert = await served.issue()
        mine = await api.sign_in()
        async with following(api, alert["id"], mine) as told, asyncio.timeout(20):
            first = await anext(told)
            assert set(first["parts"]) == set(live.PARTS)
            town.push.let_go()
            async for each in told:
                if "12 people of 13 are told." in each["said"] and each["look"] != "busy":
                    break
            assert set(each["parts"]) < set(live.PARTS)
            link = town.push.messages[0].json["receipt"]
            await served.receipt(link, "opened")
            async for each in told:
                if "1 arrived" in each["parts"].get("channels", ""):
                    break
        _, _, page = await look(api, f"/console/alerts/{alert['id']}", **mine)
    assert "of whom 1 surely: it arrived" in part(page, "figures")


async def test_a_stream_ends_after_a_while_and_does_not_reopen_once_signed_out(api, monkeypatch):
    monkeypatch.setattr(live, "LONGEST_S", 0.3)
    monkeypatch.setattr(deliveries, "HEARTBEAT_S", 0.05)
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert())
    mine = await api.sign_in()
    async with following(api, alert["id"], mine) as told, asyncio.timeout(20):
        assert [each async for each in told]
    async with api.running.services.store.write() as unit:
        await sessions.sign_out(unit, mine["Cookie"].partition("=")[2])
    status, _, _ = await look(api, f"/console/alerts/{alert['id']}/events", **mine)
    assert status == 401


async def test_a_quiet_stream_still_says_something_that_a_script_hears(api, monkeypatch):
    monkeypatch.setattr(deliveries, "HEARTBEAT_S", 0.3)
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert(area=NOBODY_LIVES_HERE))
    await until_finished(api, alert["id"])
    mine = await api.sign_in()
    async with following(api, alert["id"], mine) as told, asyncio.timeout(20):
        first = await anext(told)
        later = await anext(told)
    assert later["at"] >= first["at"]  # to the second
    assert later["parts"] == {}


async def test_however_many_look_at_an_alert_its_facts_are_read_once_for_all(api, monkeypatch):
    read, really = [], reports.report

    async def counted(unit, alert):
        read.append(alert.id)
        return replace(await really(unit, alert), matched=len(read))

    monkeypatch.setattr(reports, "report", counted)
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert())
    mine = await api.sign_in()
    paths = [look(api, f"/console/alerts/{alert['id']}", **mine) for _ in range(12)]
    assert {status for status, _, _ in await asyncio.gather(*paths)} == {200}
    assert len(read) <= 6


async def test_the_all_clear_stands_ready_in_both_languages_and_goes_out_as_it_was_changed(api):
    await someone(api)
    both = an_alert(texts={"en": {"headline": "The Risle overflows"}})
    _, _, alert = await api.call("POST", "/v1/alerts", both)
    await until_finished(api, alert["id"])
    mine = await api.sign_in("laigle-publish")
    path = f"/console/alerts/{alert['id']}/cancel"
    _, _, page = await look(api, path, **mine)
    assert """value="Fin de l'alerte : "La Risle déborde"\"""" in page
    assert 'value="All clear: "The Risle overflows""' in page
    assert 'data-held="1200"' in page
    form = (
        f"csrf={mine['X-CSRF']}&headline.fr=C%27est+fini&instruction.fr=Rentrez%0D%0Achez+vous&headline.en=It+is+over"
    )
    status, headers, _ = await send(api, path, form, **mine)
    assert status == 303
    cleared = headers["Location"].rpartition("/")[2]
    _, _, told = await api.call("GET", f"/v1/alerts/{cleared}")
    assert told["references"] == [alert["id"]]
    assert told["texts"]["fr"]["headline"] == "C'est fini"
    assert told["texts"]["fr"]["instruction"] == "Rentrez\nchez vous"
    assert told["texts"]["fr"]["description"] == "L'alerte est levée. Vous n'avez plus à suivre ses consignes."
    assert told["texts"]["en"]["headline"] == "It is over"
    _, _, page = await look(api, f"/console/alerts/{alert['id']}", **mine)
    assert "By laigle-publish." in page
    assert f'href="{headers["Location"]}"' in page
    assert path not in page
    _, _, page = await look(api, headers["Location"], **mine)
    assert "This is an all-clear." in page
    assert f'href="/console/alerts/{alert["id"]}"' in page


async def test_who_lifts_an_alert_a_second_time_is_told_that_it_is_done(api):
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert())
    mine = await api.sign_in()
    path, form = f"/console/alerts/{alert['id']}/cancel", f"csrf={mine['X-CSRF']}"
    first, second = await asyncio.gather(send(api, path, form, **mine), send(api, path, form, **mine))
    there = {headers["Location"].partition("?")[0] for _, headers, _ in (first, second)}
    assert len(there) == 1
    for status, headers, _ in (await send(api, path, form, **mine), await look(api, path, **mine)):
        assert (status, headers["Location"]) == (303, f"{there.copy().pop()}?again=all_clear")
    _, _, page = await look(api, headers["Location"], **mine)
    assert "The alert had ended already" in page
    async with api.running.services.store.read() as unit:
        assert len(await alert_rows.page(unit, stations=None, before=None, limit=10)) == 2


async def test_of_two_who_end_an_alert_differently_the_second_is_told_that_theirs_was_not_sent(api):
    said = {
        "mistake": "Somebody had already sent the all-clear: your message that the alert was a mistake was not sent.",
        "all_clear": "Somebody had already told everyone that this alert was sent by mistake",
    }
    mine = await api.sign_in()
    form = f"csrf={mine['X-CSRF']}"
    for first, second in (("all_clear", "mistake"), ("mistake", "all_clear")):
        _, _, alert = await api.call("POST", "/v1/alerts", an_alert())
        path = f"/console/alerts/{alert['id']}/cancel?kind="
        await send(api, path + first, form, **mine)
        _, headers, _ = await send(api, path + second, form, **mine)
        _, _, page = await look(api, headers["Location"], **mine)
        assert said[second] in page
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert())
    path = f"/v1/alerts/{alert['id']}/cancel"
    both = await asyncio.gather(*(api.call("POST", path, {"kind": kind}) for kind in said))
    assert sorted(status for status, _, _ in both) == [202, 409]


async def test_an_all_clear_without_a_headline_is_not_sent_and_keeps_what_was_written(api):
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert())
    mine = await api.sign_in()
    path = f"/console/alerts/{alert['id']}/cancel"
    for headline, said in (
        ("", "Say in a few words that it is over."),
        ("x" * 161, "There are 161 characters, and 160 is the most: shorten it."),
        ("a%00b", "leave out signs that are no text."),
    ):
        form = f"csrf={mine['X-CSRF']}&headline.fr={headline}&description.fr=Tout+va+%3Cbien%3E"
        status, _, page = await send(api, path, form, **mine)
        assert (status, said in html.unescape(page)) == (422, True), said
        assert "Tout va &lt;bien&gt;</textarea>" in page
        assert 'aria-invalid="true"' in page
    _, _, there = await api.call("GET", f"/v1/alerts/{alert['id']}")
    assert there["cancelled_at"] is None


async def test_a_key_that_may_only_read_lifts_nothing_and_is_offered_nothing_of_the_kind(api):
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert())
    mine = await api.sign_in("laigle-read")
    own = f"/console/alerts/{alert['id']}"
    _, _, page = await look(api, own, **mine)
    assert f"{own}/cancel" not in page
    assert (await look(api, f"{own}/cancel", **mine))[0] == 403
    assert (await send(api, f"{own}/cancel", f"csrf={mine['X-CSRF']}", **mine))[0] == 403
    _, _, there = await api.call("GET", f"/v1/alerts/{alert['id']}")
    assert there["cancelled_at"] is None


async def test_what_an_author_wrote_is_text_on_the_page_and_in_its_stream(api):
    evil = "<script>alert(1)</script>"
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert(headline=evil, description=evil))
    mine = await api.sign_in()
    for path in ("", "/cancel", "/report", "/unreached"):
        _, _, page = await api.call("GET", f"/console/alerts/{alert['id']}{path}", key=None, headers=mine)
        assert "alert(1)" in page
        assert evil not in page, path


async def test_an_alert_to_a_group_has_no_area_and_so_no_map(api):
    await someone(api, groups=["pompiers"])
    asked = an_alert(area=..., audience={"kind": "groups", "groups": ["pompiers"]})
    status, _, alert = await api.call("POST", "/v1/alerts", asked)
    assert status == 202, alert
    mine = await api.sign_in()
    for path in ("", "/report", "/cancel", "/unreached"):
        status, _, page = await look(api, f"/console/alerts/{alert['id']}{path}", **mine)
        assert status == 200
        assert "map-box" not in page
        assert 'class="place"' not in page
    _, _, page = await look(api, f"/console/alerts/{alert['id']}", **mine)
    assert "The groups pompiers" in page
