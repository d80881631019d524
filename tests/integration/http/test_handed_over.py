"""Who has no device of their own is handed what a station keeps of them; who asked is in the audit log."""

from __future__ import annotations

import base64
import hashlib
import re

from broadcaster.domain.audit import Action, ActorKind
from broadcaster.domain.vulnerable import Details
from broadcaster.store.operations import audit_reading
from broadcaster.store.operations.audit_reading import Only
from broadcaster.store.operators import operators
from broadcaster.store.register import vulnerable
from broadcaster.store.stations import stations
from tests.integration.http.conftest import an_alert
from tests.integration.http.test_alerts import until_finished
from tests.integration.http.test_console_people import look, send, settle, somebody

ASKED = "par lettre du 3 juin, copie de la carte d\u2019identité"


async def exports(api):
    """The entries of exports of a person, newest first, and the reasons."""
    async with api.running.services.store.read() as unit:
        found = await audit_reading.page(unit, Only(action=Action.PERSON_EXPORTED), limit=10)
        return found, await audit_reading.reasons(unit, found)


async def in_the_register_of_vulnerable_people(api, who, reader):
    now = api.running.services.clock.now()
    async with api.running.services.store.write() as unit:
        station = await stations.by_slug(unit, "laigle")
        await vulnerable.add(unit, station.id, Details("Rose"), asked_at=now, now=now, person=who)
        await operators.grant(unit, api.operators[reader], station.id, granted=True)


async def test_a_station_hands_a_person_of_its_list_what_it_keeps_of_them(api):
    (rose,) = await settle(api, somebody(1, "Rose Aubépine", phone="+33639980001", groups=("ecole",)))
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert(), key="laigle-publish")
    await until_finished(api, alert["id"])
    writer, owner = await api.sign_in("laigle-publish"), await api.sign_in("laigle-admin")
    await in_the_register_of_vulnerable_people(api, rose, "laigle-admin")

    path = f"/console/people/{rose}/data?station=laigle"
    assert f'action="{path}"' in (await look(api, f"/console/people/{rose}?station=laigle", writer))[2]
    for why in ("", "x" * 301):
        assert (await send(api, path, writer, why=why))[0] == 422
    assert await exports(api) == ([], {}), "who asked is not said"
    status, headers, page = await send(api, path, writer, why=f"  {ASKED} ")
    assert (status, headers["Content-Language"], headers["Cache-Control"]) == (200, "fr", "no-store")
    number = "06\u00a039\u00a098\u00a000\u00a001"
    for each in ("Ce que Tocsin conserve", "L&#39;Aigle", "Rose Aubépine", "ecole", number, "Inondation"):
        assert each in page, each
    style = hashlib.sha256(re.search("<style>(.*?)</style>", page)[1].encode()).digest()
    assert f"style-src 'sha256-{base64.b64encode(style).decode()}'" in headers["Content-Security-Policy"]
    for each in ("vulnérables", "Prévenu avant les autres"):
        assert each not in page, each
    assert "vulnérables" in (await send(api, path, owner, why=ASKED))[2], "this register is open to them"

    status, headers, data = await send(api, path.replace("/data", "/data.json"), writer, why=ASKED)
    assert (status, headers["Content-Disposition"]) == (200, 'attachment; filename="tocsin.json"')
    assert (data["subscriber"]["name"], data["subscriber"]["vulnerable"]) == ("Rose Aubépine", None)
    assert [(each["event"], each["channel"]) for each in data["messages"]] == [("Inondation", "sms")]
    by_key = f"/v1/stations/laigle/subscribers/{rose}/data"
    assert (await api.call("GET", by_key, key="laigle-publish"))[::2] == (200, data)

    found, reasons = await exports(api)
    assert [each.actor.kind for each in found] == [ActorKind.KEY, *[ActorKind.OPERATOR] * 3]
    assert {each.about for each in found} == {rose}
    assert [each.params["vulnerable"] for each in found] == [False, False, True, False]
    assert [reasons.get(each.id) for each in found] == [None, *[ASKED] * 3]


async def test_a_station_hands_out_nothing_of_who_does_not_follow_it(api):
    (rose,) = await settle(api, somebody(1, "Rose Ailleurs", phone="+33639980009"), slug="rugles")
    mine = await api.sign_in("laigle-admin")
    by_key = "/v1/stations/{}/subscribers/{}/data"
    for key, slug, who, status in (
        ("laigle-publish", "laigle", rose, 404),
        ("laigle-publish", "rugles", rose, 403),
        ("rugles-read", "rugles", rose, 403),
        ("rugles-publish", "rugles", "me", 404),
        ("rugles-publish", "rugles", rose, 200),
    ):
        assert (await api.call("GET", by_key.format(slug, who), key=key))[0] == status, (key, slug, who)
    for slug in ("laigle", "rugles"):
        status, _, page = await send(api, f"/console/people/{rose}/data?station={slug}", mine, why=ASKED)
        assert (status, "Rose" in page) == (404, False)
    assert len((await exports(api))[0]) == 1
