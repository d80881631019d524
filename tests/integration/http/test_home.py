"""The console's first page: what holds now, what went wrong, and the way to a new alert."""

from __future__ import annotations

import html
import json
import re

from sqlalchemy import select

from broadcaster.domain.deliveries import DeliveryState, Outcome
from broadcaster.domain.people import ChannelName
from broadcaster.domain.retirement import Blame
from broadcaster.store.alerts import tracking
from broadcaster.store.alerts.report import stop_channel
from broadcaster.store.tables import deliveries
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
    missed = page[page.index("People not reached") : page.index("In the sandbox")]
    assert f"/console/alerts/{alert['id']}/unreached" in missed
    assert ">1 person<" in missed
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
    assert "notification, SMS, appel, e-mail" in page


async def test_one_who_may_look_has_no_button(api):
    assert 'href="/console/new"' not in await home(api, "laigle-read")


async def test_areas_drawn_as_polygons_are_there_too(api):
    ring = [[0.62, 48.76], [0.63, 48.76], [0.63, 48.77], [0.62, 48.76]]
    area = {**circle(), "polygons": {"type": "Polygon", "coordinates": [ring]}}
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert(area=area))
    assert drawn(await home(api)) == [alert["id"]]


async def test_a_mailbox_provider_that_refuses_us_is_told_at_home_in_the_report_and_to_programs(api):
    await resident(api, "r-01", contacts=[{"channel": "email", "email": "rose@orange.fr"}])
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert())
    await until_finished(api, alert["id"])
    services = api.running.services
    async with services.store.write() as unit:
        (delivery,) = await unit.conn.scalars(select(deliveries.c.id).where(deliveries.c.alert_id == int(alert["id"])))
        said = {"code": "smtp:550 5.7.1", "detail": "Service refuse. OFR006_102", "keeper": "Orange"}
        no = Outcome(delivery, DeliveryState.FAILED, services.clock.now(), tried=True, blame=Blame.SENDER, **said)
        await tracking.apply(unit, [no])
    told = "E-mail: Orange refuses messages from this service. People not reached this way: 1."
    assert told in await home(api)
    assert "Personnes non jointes par cette voie\u202f: 1." in await home(api, language="fr")
    mine = await api.sign_in("laigle-publish")
    for path in (f"/console/alerts/{alert['id']}?lang=en", f"/console/alerts/{alert['id']}/report?lang=en"):
        _, _, page = await api.call("GET", path, key=None, headers=mine)
        assert told in page
        assert "OFR006_102" in page
    _, _, found = await api.call("GET", f"/v1/alerts/{alert['id']}/report")
    assert "Orange refuses e-mail from this service: 1 person (smtp:550 5.7.1)." in found["warnings"]
    _, _, ready = await api.call("GET", "/readyz", key=None)
    assert ready["status"] == "ready", "it is worth a warning, and alerts go out"
    assert told in ready["degraded"]
