"""Escalation as operators and programs steer it: policies, the next step, and two who decide at once."""

from __future__ import annotations

from broadcaster.pipeline import escalate
from tests.integration.http.conftest import an_alert, circle
from tests.integration.http.test_alerts import someone, until_finished
from tests.integration.http.test_console_update import given
from tests.servers.town_api import eventually

POLICY = {
    "steps": [{"channels": ["push", "email"]}, {"channels": ["sms"], "after_s": 600, "until": "confirmed"}],
    "longest_s": 900,
}


async def test_a_policy_is_set_and_its_next_step_is_taken_now_once(api):
    _, _, before = await api.call("GET", "/v1/stations/laigle/policies", key="laigle-read")
    assert before["own"] == []
    assert before["policies"]["severe"]["steps"][1]["after_s"] == 60
    path, wrong = (
        "/v1/stations/laigle/policies",
        {"steps": [{"channels": ["sms"]}, {"channels": ["sms"], "after_s": 9}]},
    )
    status, _, problem = await api.call("PUT", path, {"policies": {"severe": wrong}})
    assert (status, problem["errors"][0]["code"]) == (422, "policy-twice")
    assert (await api.call("PUT", path, {}, key="laigle-publish"))[0] == 403
    given = {"policies": {"severe": POLICY}, "budgets": {"sms": {"month": 100}}}
    status, _, after = await api.call("PUT", path, given)
    assert status == 200
    assert (after["own"], after["budgets"]["sms"]) == (["severe"], {"alert": None, "month": 100})
    await someone(api)
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert(channels=...))
    there = f"/v1/alerts/{alert['id']}/escalation"

    async def next_round():
        return (await api.call("GET", there))[2]["next"]

    async def is_due():
        return await next_round() is not None

    await eventually(is_due, "a next step")
    found = await next_round()
    assert (found["round"], found["channels"], found["people"]) == (1, ["sms"], 1)
    page = f"/console/alerts/{alert['id']}/step"
    headers = await api.sign_in("laigle-publish")
    status, _, html = await api.call("GET", page, key=None, headers=headers)
    assert status == 200
    assert "SMS" in html
    status, _, html = await api.call("GET", f"/console/alerts/{alert['id']}", key=None, headers=headers)
    assert f"{page}" in html
    status, _, shown = await api.call("POST", there, {"action": "now", "round": 1})
    assert (status, shown["next"]) == (200, None)
    _, _, rows = await api.call("GET", f"/v1/alerts/{alert['id']}/deliveries")
    assert sorted(each["channel"] for each in rows["deliveries"]) == ["email", "sms"]
    status, _, problem = await api.call("POST", there, {"action": "skip", "round": 1})
    assert (status, problem["code"]) == (409, "step-over")
    form = {**headers, "Content-Type": "application/x-www-form-urlencoded"}
    status, told, _ = await api.call("POST", page, key=None, headers=form, raw="action=stop&round=1")
    assert (status, told["Location"]) == (303, f"{page}?meanwhile=step-over")

    # A step that is skipped sends nothing, and the alert ends without it.
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert(channels=...))
    there = f"/v1/alerts/{alert['id']}/escalation"
    await eventually(is_due, "a next step")
    status, _, shown = await api.call("POST", there, {"action": "skip", "round": 1})
    assert (status, shown["next"]) == (200, None)
    await until_finished(api, alert["id"])
    _, _, rows = await api.call("GET", f"/v1/alerts/{alert['id']}/deliveries")
    assert [each["channel"] for each in rows["deliveries"]] == ["email"]
    await an_update_keeps_the_steps_of_its_alert(api, alert, headers)


async def an_update_keeps_the_steps_of_its_alert(api, alert, headers):
    """The station's policy is edited meanwhile; only another severity brings the station's steps, as they are then."""

    async def steps_of(found):
        return (await api.call("GET", f"/v1/alerts/{found['id']}/escalation"))[2]["policy"]["steps"]

    edited = {"severe": {"steps": [{"channels": ["voice"]}]}, "extreme": {"steps": [{"channels": ["push", "voice"]}]}}
    assert (await api.call("PUT", "/v1/stations/laigle/policies", {"policies": edited}))[0] == 200
    for severity, by in (("severe", {"push", "email", "sms"}), ("extreme", {"push", "voice"})):
        asked = an_alert(channels=..., severity=severity, updates=alert["id"])
        assert set((await api.call("POST", "/v1/reach", asked))[2]["channels"]) == by
    page = (await api.call("GET", f"/console/alerts/{alert['id']}/update", key=None, headers=headers))[2]
    offered = given(page)["by_severity"]
    assert (set(offered["severe"]), set(offered["extreme"])) == ({"push", "email", "sms"}, {"push", "voice"})
    _, _, new = await api.call("POST", f"/v1/alerts/{alert['id']}/updates", {"headline": "La Risle monte"})
    assert await steps_of(new) == await steps_of(alert)
    _, _, graver = await api.call("POST", f"/v1/alerts/{new['id']}/updates", {"severity": "extreme"})
    assert [each["channels"] for each in await steps_of(graver)] == [["push", "voice"]]


async def test_an_alert_goes_by_its_templates_policy_and_so_does_its_update(api):
    template = {"events": {"fr": "Crue"}, "texts": {"fr": {"headline": "Crue"}}, "severity": "severe"}
    policy = {"steps": [{"channels": ["email"]}, {"channels": ["sms"], "after_s": 600}], "longest_s": 900}
    path = "/v1/stations/laigle/templates/flood"
    assert (await api.call("PUT", path, template | {"policy": policy}))[0] == 200
    await someone(api)
    asked = {"station": "laigle", "template": "flood", "area": circle()}
    _, _, reach = await api.call("POST", "/v1/reach", asked)
    assert set(reach["channels"]) == {"email", "sms"}
    assert reach["expected"]["messages"]["email"] == 1, "at the station's own policy SMS and mail come after a push"
    _, _, alert = await api.call("POST", "/v1/alerts", asked)
    assert (await api.call("DELETE", path))[0] == 204, "a running alert keeps its own"
    await sent_by(api, alert, ["email"], then=["sms"])
    graver = {"station": "laigle", "severity": "extreme", "area": circle(), "updates": alert["id"]}
    _, _, reach = await api.call("POST", "/v1/reach", graver)
    assert set(reach["channels"]) == {"email", "sms"}, "its update is foreseen by what it goes by"
    _, _, update = await api.call("POST", f"/v1/alerts/{alert['id']}/updates", {"severity": "extreme"})
    assert update["policy"] == alert["policy"]
    assert set(update["channels"]) == {"email", "sms"}, "nobody is called"
    await sent_by(api, update, ["email"], then=["sms"])
    mine = await api.sign_in("laigle-publish") | {"Idempotency-Key": "a"}
    page = asked | {"policy": POLICY, "channels": None, "texts": {"fr": {"headline": "Crue"}}}
    status, _, sent = await api.call("POST", "/console/send", page, key=None, headers=mine)
    assert status == 202, sent
    _, _, shown = await api.call("GET", f"/v1/alerts/{sent['id']}/escalation")
    assert shown["policy"]["longest_s"] == 900, "what the page shows goes before the template's"
    status, _, refused = await api.call("POST", "/v1/alerts", asked | {"policy": POLICY, "channels": ["sms"]})
    assert (status, refused["errors"][0]["code"]) == (422, "policy-or-channels")


async def test_a_second_now_is_told_that_the_step_is_on_its_way(api, monkeypatch):
    policies = {"policies": {"severe": POLICY}}
    assert (await api.call("PUT", "/v1/stations/laigle/policies", policies))[0] == 200
    await someone(api)
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert(channels=...))
    there = f"/v1/alerts/{alert['id']}/escalation"

    async def is_due():
        return (await api.call("GET", there))[2]["next"] is not None

    await eventually(is_due, "a next step")
    monkeypatch.setattr(escalate, "ROWS", 0)  # its rows wait, as where thousands are due
    assert (await api.call("POST", there, {"action": "now", "round": 1}))[0] == 200
    status, _, problem = await api.call("POST", there, {"action": "now", "round": 1})
    assert (status, problem["code"]) == (409, "step-under-way")
    page, headers = f"/console/alerts/{alert['id']}/step", await api.sign_in("laigle-publish")
    form = {**headers, "Content-Type": "application/x-www-form-urlencoded"}
    _, told, _ = await api.call("POST", page, key=None, headers=form, raw="action=now&round=1")
    _, _, html = await api.call("GET", told["Location"], key=None, headers=headers | {"Accept-Language": "en"})
    assert "That step is on its way already: nothing was sent twice." in html
    monkeypatch.undo()

    async def is_sent():
        return await channels_of(api, alert) == ["email", "sms"]

    await eventually(is_sent, "the step is taken once")


async def sent_by(api, alert, first, then):
    """See the first step sent, and take the second one now."""
    there = f"/v1/alerts/{alert['id']}/escalation"

    async def is_due():
        return (await api.call("GET", there))[2]["next"] is not None

    await eventually(is_due, "a next step")
    found = (await api.call("GET", there))[2]["next"]
    assert (found["channels"], await channels_of(api, alert)) == (then, first)
    assert (await api.call("POST", there, {"action": "now", "round": found["round"]}))[0] == 200
    assert await channels_of(api, alert) == sorted(first + then)


async def channels_of(api, alert):
    _, _, rows = await api.call("GET", f"/v1/alerts/{alert['id']}/deliveries")
    return sorted(each["channel"] for each in rows["deliveries"])


async def test_the_stations_page_sets_policies_and_budgets(api):
    path = "/console/stations/laigle/policies"
    headers = await api.sign_in("laigle-admin")
    status, _, html = await api.call("GET", path, key=None, headers=headers)
    assert status == 200
    assert 'name="severe.1.after"' in html
    form = {**headers, "Content-Type": "application/x-www-form-urlencoded"}
    rows = "&".join(
        f"{each}.0.channels=push&{each}.0.every=2&{each}.1.channels=email&{each}.1.after=30+s"
        f"&{each}.1.until=displayed&{each}.1.every=2+min&{each}.longest=15"
        for each in ("extreme", "severe", "moderate", "minor")
    )
    status, _, html = await api.call("POST", path, key=None, headers=form, raw=f"{rows}&sms.month=x")
    assert status == 422
    assert 'name="minor.1.after" value="30 s"' in html, "what was entered is still there"
    for wrong, said in (
        (
            rows.replace("minor.1.after=30+s", "minor.1.after=1h"),
            "Étape 2, Minutes après la première étape\u202f: «\u202f1h\u202f»",
        ),
        (
            rows + "&minor.1.repeat=deux",
            "Étape 2, Nombre de répétitions\u202f: «\u202fdeux\u202f» n’est pas un nombre entier.",
        ),
        (rows.replace("minor.longest=15", "minor.longest=2000"), "au plus tard 24 heures après l’alerte"),
    ):
        status, _, html = await api.call("POST", f"{path}?lang=fr", key=None, headers=form, raw=wrong)
        assert (status, said in html) == (422, True)
        assert "after_s" not in html
    status, _, _ = await api.call("POST", path, key=None, headers=form, raw=f"{rows}&sms.month=50")
    assert status == 303
    _, _, after = await api.call("GET", "/v1/stations/laigle/policies")
    assert after["policies"]["minor"]["steps"][1] == {
        "channels": ["email"], "after_s": 30, "until": "displayed", "repeat": 0, "every_s": 120
    }  # fmt: skip
    assert after["budgets"] == {"sms": {"alert": None, "month": 50}, "voice": {"alert": None, "month": None}}
