"""Alerts for later in the console: the last step of a new alert, the list and its calendars, and one's forms."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest

from broadcaster.domain.refusals import Refused
from broadcaster.domain.schedules import Occurrence, Outcome
from broadcaster.store import schedules
from broadcaster.store.schedules import Settled
from broadcaster.store.stations import stations
from schedules import SchoolCalendar
from tests.integration.http.conftest import an_alert

MONDAY = "FREQ=WEEKLY;BYDAY=MO"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Console:
    """An operator's browser, without the browser."""

    def __init__(self, api, proof):
        self.api, self.proof = api, proof

    async def get(self, path):
        return await self.api.call("GET", path, key=None, headers=self.proof)

    async def post(self, path, **fields):
        return await self.api.call("POST", path, key=None, raw=urlencode(fields), headers={**self.proof, **FORM})

    async def ask(self, path, body, **headers):
        return await self.api.call("POST", path, body, key=None, headers={**self.proof, **headers})


@pytest.fixture
async def console(api):
    return Console(api, await api.sign_in("laigle-publish"))


async def made(api, **changes):
    body = an_alert(**{"severity": "moderate", "at": "2030-12-02T07:30", "repeat": MONDAY, **changes})
    status, _, schedule = await api.call("POST", "/v1/schedules", body, key="laigle-publish")
    assert status == 201, schedule
    return schedule


async def missed(api, schedule, why=None):
    """An occurrence of yesterday that was not sent, or of the day before that was refused."""
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(days=2 if why else 1)
    async with api.running.services.store.write() as unit:
        found = await schedules.by_id(unit, int(schedule["id"]))
        late = Occurrence(found.id, at, Outcome.REFUSED if why else Outcome.MISSED, why=why)
        assert await schedules.settle(unit, [Settled(found, found.next_at, None, (late,))])
    return at.isoformat()


async def test_the_last_step_tells_the_next_ten_times_and_keeps_the_alert_once(console, api):
    times = {"station": "laigle", "at": "2030-12-02T07:30", "repeat": MONDAY, "skip_public_holidays": True}
    status, _, ahead = await console.ask("/console/when?lang=en", times)
    assert status == 200, ahead
    assert len(ahead["coming"]) == 10
    assert "2 December 2030" in ahead["coming"][0] or "December 2, 2030" in ahead["coming"][0]
    status, _, told = await console.ask("/console/when?lang=fr", times | {"repeat": "FREQ=MINUTELY"})
    assert (status, told["errors"][0]["problem"]) == (
        422,
        "La règle se répète plus d’une fois par heure, et une fois par heure est le maximum.",
    )
    _, _, beyond = await console.ask("/console/when?lang=fr", times | {"skip_school_holidays": "B"})
    assert "août 2028" in beyond["warning"]
    texts = {"fr": {"headline": "Cantine fermée"}}
    body = {
        "station": "laigle",
        "severity": "minor",
        "texts": texts,
        "audience": {"kind": "all_followers", "groups": []},
    }
    body |= {"territory": False, "cheap": [], "at": "2030-12-02T07:30", "repeat": MONDAY, "lasts_minutes": 180}
    first = await console.ask("/console/schedule", body, **{"Idempotency-Key": "draft-1"})
    again = await console.ask("/console/schedule", body, **{"Idempotency-Key": "draft-1"})
    assert (first[0], first[2]) == (201, again[2])
    _, _, page = await console.get(f"/console/schedules/{first[2]['id']}?lang=fr")
    assert "Cantine fermée" in page
    assert page.count('value="skip"') == 10


@pytest.mark.parametrize("view", ["list", "month&month=2030-12", "agenda"])
async def test_the_list_and_both_calendars_show_it_with_its_author(console, api, view):
    at = (
        "2030-12-02T07:30"
        if "month" in view or view == "list"
        else f"{datetime.now(UTC) + timedelta(days=3):%Y-%m-%dT%H:%M}"
    )
    schedule = await made(api, at=at, repeat="FREQ=DAILY;COUNT=3")
    status, _, page = await console.get(f"/console/schedules?view={view}&lang=fr")
    assert status == 200
    assert page.count(f"/console/schedules/{schedule['id']}") == (1 if view == "list" else 3)
    assert page.count("Par publish") == (1 if view == "list" else 3), "the label of the author's key"


async def test_a_missed_alert_is_on_home_and_is_sent_with_one_key(console, api):
    schedule = await made(api, audience="all_followers", area=...)
    at = await missed(api, schedule)
    refused = await missed(api, schedule, Refused("text-too-long", "texts.fr.headline", n=1200, most=160))
    _, _, past = await api.call("GET", f"/v1/schedules/{schedule['id']}/occurrences", key="laigle-publish")
    (told,) = [each for each in past["past"] if each["code"]]
    assert (told["code"], told["params"]) == ("text-too-long", {"n": 1200, "most": 160})
    assert told["problem"].startswith("texts.fr.headline: Too long by 1,200 characters")
    _, _, home = await console.get("/console?lang=fr")
    assert "Non envoyées" in home
    assert "1 200 caractères" in home.replace("\N{NARROW NO-BREAK SPACE}", " ").replace("\N{NO-BREAK SPACE}", " ")
    await console.post(f"/console/schedules/{schedule['id']}", action="let_go", occurrence=refused)
    assert f'value="{at}"' in home
    there = f"/console/schedules/{schedule['id']}"
    status, headers, _ = await console.post(there, action="send", occurrence=at)
    assert (status, bool(re.match(r"/console/alerts/\d+$", headers["Location"]))) == (303, True)
    _, _, home = await console.get("/console?lang=fr")
    assert "Non envoyées" not in home
    assert (await console.post(there, action="send", occurrence=at))[0] == 409


async def test_one_that_was_missed_is_let_go_and_nothing_is_sent(console, api):
    schedule = await made(api)
    at = await missed(api, schedule)
    assert (await console.post(f"/console/schedules/{schedule['id']}", action="let_go", occurrence=at))[0] == 303
    assert (await api.call("GET", "/v1/alerts"))[2]["alerts"] == []


async def test_the_forms_pause_skip_change_and_end(console, api):
    schedule = await made(api)
    there = f"/console/schedules/{schedule['id']}"
    _, _, ahead = await api.call("GET", f"/v1/schedules/{schedule['id']}/occurrences?count=4")
    first, second, third, _ = ahead["coming"]
    for action, paused in (("pause", True), ("resume", False)):
        assert (await console.post(there, action=action))[0] == 303
        assert (await api.call("GET", f"/v1/schedules/{schedule['id']}"))[2]["paused"] is paused
    assert (await console.post(there, action="skip", occurrence=first))[0] == 303
    status, headers, _ = await console.post(there, action="pause_on", occurrence=third)
    assert status == 303
    _, _, rest = await api.call("GET", f"/v1/schedules/{headers['Location'].rpartition('/')[2]}")
    assert (rest["paused"], rest["at"]) == (True, "2030-12-16T07:30")
    _, _, ahead = await api.call("GET", f"/v1/schedules/{schedule['id']}/occurrences?count=4")
    assert ahead["coming"] == [second]
    assert (await console.post(there, action="end"))[0] == 303
    assert (await api.call("GET", f"/v1/schedules/{schedule['id']}"))[2]["ended_at"] is not None
    assert (await console.get(f"{there}/edit"))[0] == 409, "what has ended is not changed"


async def edited(console, there):
    """What the page that changes a schedule is filled with."""
    status, _, page = await console.get(there)
    assert status == 200, page
    return json.loads(re.search(r'id="given">(.*?)</script>', page, re.DOTALL)[1])["editing"]


def as_sent(editing, **changes):
    """The body that the page's script makes of its draft."""
    draft = editing["draft"]
    same = ("status", "severity", "urgency", "certainty", "category", "event", "texts", "channels", "wakes")
    whole = {name: draft[name] for name in same} | {"station": "laigle", "territory": False, "cheap": []}
    whole |= {"audience": {"kind": draft["audience"], "groups": []}, "area": {"circles": draft["circles"]}}
    whole |= {"at": draft["later"]["at"], "lasts_minutes": round(float(draft["hours"]) * 60)}
    return whole | changes


async def test_a_schedule_is_changed_in_the_steps_of_a_new_alert_and_nothing_that_it_had_is_lost(console, api):
    schedule = await made(api, skip_school_holidays="B", onset_minutes=30, lasts_minutes=50, grace_minutes=45)
    async with api.running.services.store.write() as unit:
        await stations.revoke_key(unit, (await schedules.by_id(unit, int(schedule["id"]))).key_id, datetime.now(UTC))
    orphaned = f'id="orphaned"><li><a class="line" href="/console/schedules/{schedule["id"]}">'
    assert orphaned in (await console.get("/console"))[2]
    there = f"/console/schedules/{schedule['id']}/edit"
    whole = await edited(console, there)
    draft, later = whole["draft"], whole["draft"]["later"]
    assert (draft["texts"]["fr"]["headline"], draft["circles"][0]["radius_m"]) == ("La Risle déborde", 1500)
    assert (draft["onset"], later["at"], later["repeat"]) == ("30", "2030-12-02T07:30", MONDAY)
    assert (later["school"], later["grace"], later["holidays"]) == ("B", "45", False)
    again = {"repeat": MONDAY, "skip_school_holidays": "B", "onset_minutes": 30, "grace_minutes": 45}
    body = as_sent(whole, **again)
    status, _, kept = await console.ask(f"{there}?version={whole['version']}", body)
    assert (status, kept["id"]) == (200, schedule["id"])
    _, _, same = await api.call("GET", f"/v1/schedules/{schedule['id']}")
    assert same == schedule | {"author": same["author"]}, "who changes it is its author from then on"
    assert orphaned not in (await console.get("/console"))[2]
    assert (await console.ask(f"{there}?version={whole['version']}", body))[0] == 409, "it was changed meanwhile"
    wrong = await console.ask(
        f"{there}?version={whole['version'] + 1}", body | {"at": "2020-01-01T08:00", "repeat": None}
    )
    assert (wrong[0], wrong[2]["errors"][0]["field"]) == (422, "at")


async def test_one_occurrence_or_those_that_follow_are_changed(console, api):
    schedule = await made(api)
    there = f"/console/schedules/{schedule['id']}/edit"
    _, _, ahead = await api.call("GET", f"/v1/schedules/{schedule['id']}/occurrences?count=4")
    _, second, third, fourth = ahead["coming"]
    one = await edited(console, f"{there}?occurrence={second}")
    assert (one["draft"]["later"]["at"], one["draft"]["later"]["when"]) == ("2030-12-09T07:30", "at")
    body = as_sent(one, at="2030-12-09T08:00", texts={"fr": {"headline": "Exception"}})
    query = f"{there}?version={one['version']}&occurrence={second}&following=false"
    status, _, made_one = await console.ask(query, body)
    assert status == 200, made_one
    _, _, other = await api.call("GET", f"/v1/schedules/{made_one['id']}")
    assert (other["next"], other["repeat"], other["texts"]["fr"]["headline"]) == (
        "2030-12-09T07:00:00Z",
        None,
        "Exception",
    )
    rest = await edited(console, f"{there}?occurrence={fourth}")
    query = f"{there}?version={rest['version']}&occurrence={fourth}&following=true"
    status, _, later = await console.ask(query, as_sent(rest, at="2030-12-23T09:00", repeat=MONDAY))
    assert status == 200, later
    _, _, ahead = await api.call("GET", f"/v1/schedules/{schedule['id']}/occurrences")
    assert ahead["coming"][-1] == third
    _, _, ahead = await api.call("GET", f"/v1/schedules/{later['id']}/occurrences?count=2")
    assert ahead["coming"] == ["2030-12-23T08:00:00Z", "2030-12-30T08:00:00Z"]


async def test_a_severe_alert_is_sent_late_only_after_a_second_word(console, api):
    schedule = await made(api, severity="severe", reason="Le barrage est vidé ce jour-là.")
    at = await missed(api, schedule)
    there = f"/console/schedules/{schedule['id']}"
    status, _, page = await console.post(there + "?lang=fr", action="send", occurrence=at)
    assert status == 200
    assert "Oui, envoyer maintenant" in page
    assert (await api.call("GET", "/v1/alerts"))[2]["alerts"] == []
    assert (await console.post(there, action="send", occurrence=at, sure="1"))[0] == 303
    assert len((await api.call("GET", "/v1/alerts"))[2]["alerts"]) == 1


async def test_a_key_that_only_reads_sees_and_changes_nothing(api):
    schedule = await made(api)
    reader = Console(api, await api.sign_in("laigle-read"))
    status, _, page = await reader.get(f"/console/schedules/{schedule['id']}")
    assert (status, '<form method="post" action="/console/schedules' in page) == (200, False)
    assert (await reader.post(f"/console/schedules/{schedule['id']}", action="end"))[0] == 403
    assert (await reader.get(f"/console/schedules/{schedule['id']}/edit"))[0] == 403
    stranger = Console(api, await api.sign_in("rugles-publish"))
    assert (await stranger.get(f"/console/schedules/{schedule['id']}"))[0] == 404


async def test_an_alert_that_holds_is_repeated_each_morning_until_it_ends(console, api):
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert(severity="moderate"))
    there = f"/console/alerts/{alert['id']}/remind"
    _, _, page = await console.get(there + "?lang=fr")
    assert "La Risle déborde" in page
    words = {"headline.fr": "Toujours pas d'eau potable", "instruction.fr": "Faites-la bouillir."}
    assert (await console.post(there, at="", daily="1", **words))[0] == 422
    at = f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%d}T08:00"
    status, headers, _ = await console.post(there, at=at, daily="1", **words)
    assert status == 303
    _, _, made = await api.call("GET", f"/v1/schedules/{headers['Location'].rpartition('/')[2]}")
    assert (made["kind"], made["reminds"], made["repeat"]) == ("reminder", alert["id"], "FREQ=DAILY")
    assert made["texts"]["fr"]["headline"] == words["headline.fr"]
    assert (await api.call("POST", f"/v1/alerts/{alert['id']}/cancel"))[0] == 202
    assert (await console.post(there, at=at, daily="1", **words))[0] == 422


async def test_a_monthly_drill_goes_to_a_group_and_its_answer_is_timed(console, api):
    services = api.running.services
    body = {"external_id": "op-1", "locale": "fr", "groups": ["operateurs"]}
    body["contacts"] = [{"channel": "email", "email": "operateur@example.org"}]
    assert (await api.call("POST", "/v1/stations/laigle/subscribers", body))[0] == 201
    at = datetime.now(UTC) + timedelta(days=2)
    fields = {"group": "laigle/operateurs", "at": f"{at:%Y-%m-%dT%H:%M}"}
    status, headers, _ = await console.post("/console/schedules", **fields)
    assert status == 303
    _, _, drill = await api.call("GET", f"/v1/schedules/{headers['Location'].rpartition('/')[2]}")
    assert (drill["kind"], drill["status"], drill["audience"]["groups"]) == ("drill", "exercise", ["operateurs"])
    refused = an_alert(severity="minor", kind="drill", status="exercise", at="2030-12-02T07:30")
    assert (await api.call("POST", "/v1/schedules", refused))[0] == 422, "a drill goes to operators only"
    late = await missed(api, drill)
    await console.post(f"/console/schedules/{drill['id']}", action="send", occurrence=late)
    _, _, home = await console.get("/console?lang=fr")
    assert "sans réponse" in home
    exercise = an_alert(severity="severe", status="exercise")
    assert (await api.call("POST", "/v1/alerts", exercise, key="laigle-publish"))[0] == 202
    _, _, home = await console.get("/console?lang=fr")
    assert "1 minute" in home
    assert "Il est temps de s’entraîner" not in home
    async with services.store.write() as unit:
        await unit.conn.exec_driver_sql("UPDATE stations SET created_at = 0")
        await unit.conn.exec_driver_sql("UPDATE alerts SET sent_at = 0")
    _, _, home = await console.get("/console?lang=fr")
    assert "Il est temps de s’entraîner" in home


async def test_the_first_page_says_beforehand_that_school_holidays_will_be_unknown(console, api):
    soon = (datetime.now(UTC) + timedelta(days=90)).date()
    api.running.services.school = SchoolCalendar({"B": frozenset({soon})})
    assert "vacances scolaires" not in (await console.get("/console?lang=fr"))[2], "no schedule needs them"
    await made(api, skip_school_holidays="B")
    day = "1er" if soon.day == 1 else soon.day
    assert (
        f"Les vacances scolaires de la zone B ne sont connues que jusqu’au {day} "
        in (await console.get("/console?lang=fr"))[2]
    )


async def test_an_alert_says_that_it_reached_others_than_when_it_was_written(console, api):
    schedule = await made(api, audience="all_followers", area=...)
    at = await missed(api, schedule)
    async with api.running.services.store.write() as unit:
        await unit.conn.exec_driver_sql("UPDATE schedules SET reach = 100")
    status, headers, _ = await console.post(f"/console/schedules/{schedule['id']}", action="send", occurrence=at)
    assert status == 303
    said = "Elle a touché 0 personnes à l’envoi, contre 100 quand elle a été écrite."
    assert said in (await console.get(headers["Location"] + "?lang=fr"))[2]
    assert said in (await console.get("/console?lang=fr"))[2]
