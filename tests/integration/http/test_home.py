"""The console's first page: what holds now, what went wrong, and the way to a new alert."""

from __future__ import annotations

import html
import json
import re

from broadcaster.domain.people import ChannelName
from broadcaster.store.account import stop_channel
from tests.integration.http.conftest import an_alert, circle
from tests.integration.http.test_alerts import until_finished
from tests.integration.http.test_compose import resident


async def home(api, key="laigle-publish", language="en"):
    mine = await api.sign_in(key)
    status, _, page = await api.call("GET", f"/console?lang={language}", key=None, headers=mine)
    assert status == 200
    return html.unescape(page)


def drawn(page):
    found = re.search(r'id="given">(.*?)</script>', page, re.DOTALL)
    return [each["id"] for each in json.loads(found[1])["areas"]] if found else []


async def test_on_a_calm_day_it_says_so_and_shows_the_way_to_a_new_alert(api):
    page = await home(api)
    assert "All is calm: no alert is in force." in page
    assert 'href="/console/new"' in page
    assert drawn(page) == []


async def test_what_holds_is_there_with_its_area_the_gravest_first_and_nothing_of_other_stations(api):
    _, _, minor = await api.call("POST", "/v1/alerts", an_alert(severity="minor", headline="Route barrée"))
    _, _, grave = await api.call("POST", "/v1/alerts", an_alert(severity="extreme", headline="Rupture de barrage"))
    _, _, drill = await api.call("POST", "/v1/alerts", an_alert(status="exercise", headline="Évacuation"))
    _, _, over = await api.call("POST", "/v1/alerts", an_alert(headline="Déjà levée"))
    await api.call("POST", f"/v1/alerts/{over['id']}/cancel")
    await api.call("POST", "/v1/alerts", an_alert(station="rugles", headline="Ailleurs"))
    page = await home(api)
    assert drawn(page)[0] == grave["id"]
    assert set(drawn(page)) == {grave["id"], drill["id"], minor["id"]}
    assert page.index("Rupture de barrage") < page.index("Route barrée")
    assert "EXERCISE" in page
    assert "Ailleurs" not in page
    assert f"/console/alerts/{over['id']}" not in page


async def test_whom_nothing_reached_is_to_be_looked_after_and_no_drill_is(api):
    await resident(api, "r-01", contacts=[])
    for status in ("exercise", "actual"):
        _, _, alert = await api.call("POST", "/v1/alerts", an_alert(status=status, headline=f"Crue {status}"))
        await until_finished(api, alert["id"])
    page = await home(api)
    missed = page[page.index("People whom nothing reached") : page.index("In the sandbox")]
    assert f"/console/alerts/{alert['id']}/unreached" in missed
    assert "Crue exercise" not in missed


async def test_a_channel_that_is_stopped_is_told_with_why(api):
    services = api.running.services
    async with services.store.write() as unit:
        await stop_channel(unit, ChannelName.SMS, "20003", "the account is suspended", services.clock.now())
    page = await home(api)
    assert "SMS: stopped." in page
    assert "the account is suspended" in page


async def test_what_is_sandboxed_is_named(api):
    page = await home(api, language="fr")
    assert "Dans le bac à sable" in page
    assert "Notification, SMS, Appel, Mail" in page


async def test_one_who_may_look_has_no_button(api):
    assert 'href="/console/new"' not in await home(api, "laigle-read")


async def test_areas_drawn_as_polygons_are_there_too(api):
    ring = [[0.62, 48.76], [0.63, 48.76], [0.63, 48.77], [0.62, 48.76]]
    area = {**circle(), "polygons": {"type": "Polygon", "coordinates": [ring]}}
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert(area=area))
    assert drawn(await home(api)) == [alert["id"]]
