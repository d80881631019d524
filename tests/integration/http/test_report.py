"""The report of an alert: its figures add up, page and PDF are one sheet, and making it asks nobody for anything."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

import pytest
from aiohttp import web

from broadcaster.palette import PALETTE
from broadcaster.web.console.alerts.report_pdf import NoPdf, Printer
from tests.integration.http.conftest import an_alert
from tests.integration.http.test_alerts import someone, until_finished
from tests.integration.http.test_live import look, town_of


def rows_of(page, heading):
    """The cells of the first table under a heading, without markup."""
    table = re.search(rf"<h2>{heading}</h2>.*?<table.*?>(.*?)</table>", page, re.DOTALL)[1]
    rows = [re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.DOTALL) for row in re.findall("<tr>(.*?)</tr>", table)]
    return [[re.sub("<[^>]+>", "", cell) for cell in row] for row in rows]


async def test_the_sums_of_a_report_are_the_people_and_the_messages_there_were(tmp_path):
    async with town_of(tmp_path) as (_, served, api):
        alert = await served.issue()
        account = await served.finished(alert["id"])
        mine = await api.sign_in()
        status, _, page = await look(api, f"/console/alerts/{alert['id']}/report", **mine)
    assert status == 200
    states = rows_of(page, "The people")[1:]
    assert sum(int(n) for _, n in states[:-1]) == int(states[-1][1]) == account["matched"] == 13
    assert "the sum is the 13 people concerned" in page
    reasons = rows_of(page, "People not reached, and why")[1:]
    assert sum(int(n) for _, n in reasons[:-1]) == int(reasons[-1][1]) == account["people"]["unreached"]
    messages = rows_of(page, "The messages")[1:]
    for column in range(1, len(messages[0])):
        assert sum(int(row[column]) for row in messages[:-1]) == int(messages[-1][column])
    assert int(messages[-1][-1]) == sum(n for states in account["channels"].values() for n in states.values())
    assert rows_of(page, "What failed, as the providers said it")[1:] == [
        ["Notification", "the address does not exist any more", "push:410", "3"]
    ]


async def test_a_report_says_who_when_where_and_in_which_words(tmp_path):
    async with town_of(tmp_path) as (_, served, api):
        alert = await served.issue()
        await served.finished(alert["id"])
        mine = await api.sign_in()
        _, _, running = await look(api, f"/console/alerts/{alert['id']}/report", **mine)
        cleared = await served.cancel(alert["id"])
        await served.finished(cleared["id"])
        _, _, page = await look(api, f"/console/alerts/{alert['id']}/report", **mine)
        _, _, other = await look(api, f"/console/alerts/{cleared['id']}/report", **mine)
    for said in ("La Risle déborde", "Montez à l'étage.", "The Risle floods", "Go upstairs.", "48.76310° N"):
        assert said in page
    days = [row[0] for row in rows_of(page, "When")[1:] if len(row) == 1]
    assert len(days) == len(set(days)) > 0, "each day is named once"
    what = [row[1] for row in rows_of(page, "When")[1:] if len(row) > 1]
    assert what[0] == "Sent by all"
    assert {"First person told", "50% of those reached are told", "Everyone is accounted for"} <= set(what)
    assert what[-1] == "Ended by all"
    assert '<svg class="place"' in page
    inks = [re.findall(r'stroke="(#\w+)" fill-rule', each) for each in (running, page, other)]
    severe, over = PALETTE["severe-edge"], PALETTE["quiet"]
    assert inks == [[severe], [over], [over]], "what is over has lost its colour"
    assert "Report of an all-clear" in other


async def test_the_pdf_is_a_file_to_keep_made_of_the_same_sheet(api):
    await someone(api)
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert(status="exercise"))
    await until_finished(api, alert["id"])
    mine = await api.sign_in("laigle-read")
    url = f"{api.running.url}/console/alerts/{alert['id']}/report.pdf?lang=en"
    async with api.http.get(url, headers={"Cookie": mine["Cookie"]}) as answer:
        made = await answer.read()
    assert (answer.status, answer.content_type) == (200, "application/pdf")
    assert made.startswith(b"%PDF-")
    assert made.rstrip().endswith(b"%%EOF")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="report-laigle-{alert["id"]}.pdf"'
    assert answer.headers["Cache-Control"] == "no-store"


async def test_a_report_that_is_printed_fetches_nothing(tmp_path):
    asked = []

    async def took(request):
        asked.append(request.path)
        return web.Response()

    app = web.Application()
    app.router.add_get("/{any:.*}", took)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    here = f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}"
    secret = tmp_path / "secret.css"
    secret.write_text("p { color: red }")
    html = (
        f'<link rel="stylesheet" href="{here}/a.css"><link rel="stylesheet" href="{secret.as_uri()}">'
        f"<style>@import url({here}/b.css); p {{ background: url({here}/c.png) }}</style><p>text</p>"
        f'<img src="{here}/d.png"><object data="{here}/e.svg"></object>'
        f'<svg width="9" height="9"><image href="{here}/f.png" width="9" height="9"/></svg>'
    )
    made = await Printer().pdf_of(html)
    await runner.cleanup()
    assert made.startswith(b"%PDF-")
    assert asked == []


async def test_a_report_that_takes_too_long_is_given_up_and_its_process_is_ended():
    before = children()
    with pytest.raises(NoPdf) as raised:
        await Printer().pdf_of("<p>text</p>", longest_s=0.01)
    assert not raised.value.lacking
    assert children() == before


async def test_the_service_goes_on_while_a_report_is_made():
    making = asyncio.create_task(Printer().pdf_of("<p>text</p>" * 2000))
    turns = 0
    while not making.done():
        await asyncio.sleep(0.005)
        turns += 1
    assert making.result().startswith(b"%PDF-")
    assert turns > 10


async def test_where_the_libraries_are_lacking_the_page_says_what_to_install(api, tmp_path, monkeypatch):
    broken = tmp_path / "weasyprint"
    broken.mkdir()
    (broken / "__init__.py").write_text("raise OSError(\"cannot load library 'libpango-1.0-0'\")")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert())
    mine = await api.sign_in()
    status, headers, page = await look(api, f"/console/alerts/{alert['id']}/report.pdf", **mine)
    assert (status, headers["Content-Type"]) == (503, "text/html; charset=utf-8")
    assert "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0" in page
    assert f'href="/console/alerts/{alert["id"]}/report"' in page
    assert (await look(api, f"/console/alerts/{alert['id']}/report", **mine))[0] == 200


def children():
    """The ids of this process's children (Linux); one that was waited for is none any more."""
    if not sys.platform.startswith("linux"):
        pytest.skip("reads /proc")
    return {each for path in Path("/proc/self/task").glob("*/children") for each in path.read_text().split()}
