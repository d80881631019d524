"""/v1/schedules over HTTP: written, looked ahead, edited, ended; and the public calendar."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest
from icalendar import Calendar

from broadcaster.clock import SystemClock
from schedules import Recurrence
from tests.integration.http.conftest import an_alert
from tests.servers.town_api import eventually

MONDAY = "FREQ=WEEKLY;BYDAY=MO"


def a_schedule(**changes):
    return an_alert(**{"severity": "moderate", "at": "2030-12-02T07:30", "repeat": MONDAY, **changes})


async def made(api, **changes):
    status, _, schedule = await api.call("POST", "/v1/schedules", a_schedule(**changes))
    assert status == 201, schedule
    return schedule


async def test_a_schedule_is_written_shown_listed_and_ended(api):
    status, headers, schedule = await api.call("POST", "/v1/schedules", a_schedule(lasts_minutes=90))
    assert status == 201, schedule
    assert headers["Location"] == f"/v1/schedules/{schedule['id']}"
    assert (schedule["at"], schedule["zone"], schedule["repeat"]) == ("2030-12-02T07:30", "Europe/Paris", MONDAY)
    assert schedule["next"] == "2030-12-02T06:30:00Z"
    assert (schedule["lasts_minutes"], schedule["grace_minutes"]) == (90, 90)
    assert schedule["author"]
    assert (await api.call("GET", f"/v1/schedules/{schedule['id']}"))[2] == schedule
    _, _, page = await api.call("GET", "/v1/schedules?station=laigle", key="laigle-read")
    assert [each["id"] for each in page["schedules"]] == [schedule["id"]]
    assert (await api.call("DELETE", f"/v1/schedules/{schedule['id']}"))[0] == 204
    assert (await api.call("DELETE", f"/v1/schedules/{schedule['id']}"))[0] == 204, "ended is ended"
    _, _, page = await api.call("GET", "/v1/schedules?station=laigle")
    assert page["schedules"] == []
    _, _, page = await api.call("GET", "/v1/schedules?station=laigle&ended=true")
    assert page["schedules"][0]["ended_at"] is not None


async def test_the_next_ten_are_what_the_rule_says(api):
    schedule = await made(api, skip_public_holidays=True)
    _, _, ahead = await api.call("GET", f"/v1/schedules/{schedule['id']}/occurrences")
    assert len(ahead["coming"]) == 10
    assert {datetime.fromisoformat(each).weekday() for each in ahead["coming"]} == {0}
    assert ahead["past"] == []
    for count, status in (("100", 200), ("101", 422), ("0", 422)):
        assert (await api.call("GET", f"/v1/schedules/{schedule['id']}/occurrences?count={count}"))[0] == status


async def test_an_alert_that_is_due_goes_out_by_itself(api, monkeypatch):
    soon = datetime.now(UTC) + timedelta(hours=1)
    schedule = await made(api, at=soon.isoformat(timespec="seconds"), repeat=...)
    monkeypatch.setattr(SystemClock, "now", lambda _: datetime.now(UTC) + timedelta(hours=1))

    async def passed():
        return (await api.call("GET", f"/v1/schedules/{schedule['id']}/occurrences"))[2]["past"]

    async def is_past():
        return bool(await passed())

    await eventually(is_past, "its time has come")
    past = await passed()
    assert past[0]["outcome"] == "issued"
    _, _, alert = await api.call("GET", f"/v1/alerts/{past[0]['alert']}")
    assert alert["texts"]["fr"]["headline"] == "La Risle déborde"
    assert datetime.fromisoformat(alert["sent_at"]) >= soon.replace(microsecond=0)


async def test_the_same_request_twice_is_one_schedule(api):
    headers = {"Idempotency-Key": "monday"}
    first = await api.call("POST", "/v1/schedules", a_schedule(), headers=headers)
    again = await api.call("POST", "/v1/schedules", a_schedule(), headers=headers)
    assert first[2]["id"] == again[2]["id"]
    assert (await api.call("POST", "/v1/schedules", a_schedule(event="Autre"), headers=headers))[0] == 409


async def test_words_times_and_pauses_change_and_the_rest_stays(api):
    schedule = await made(api)
    one = f"/v1/schedules/{schedule['id']}"
    _, _, changed = await api.call("PATCH", one, {"headline": "Marché couvert", "at": "2030-12-02T08:00"})
    assert changed["id"] == schedule["id"]
    assert changed["texts"]["fr"] == schedule["texts"]["fr"] | {"headline": "Marché couvert"}
    assert changed["next"] == "2030-12-02T07:00:00Z"
    assert (changed["repeat"], changed["area"]) == (schedule["repeat"], schedule["area"])
    _, _, paused = await api.call("PATCH", one, {"paused": True})
    assert (paused["paused"], paused["next"]) == (True, None)
    _, _, resumed = await api.call("PATCH", one, {"paused": False})
    assert resumed["next"] == changed["next"]
    status, _, refused = await api.call("PATCH", one, {"at": None})
    assert (status, [each["field"] for each in refused["errors"]]) == (422, ["at"])
    _, _, once = await api.call("PATCH", one, {"repeat": None})
    assert once["repeat"] is None


async def test_an_edited_schedule_keeps_what_its_template_gave_it(api):
    words = {"events": {"fr": "Coupure"}, "texts": {"fr": {"headline": "Pas d’eau"}}, "severity": "minor"}
    silent = {
        "all_clear": {"fr": {"headline": "L’eau revient"}},
        "policy": {"steps": [{"channels": ["push"], "repeat": 1}]},
        "silent": True,
        "territory": True,
    }
    status, _, made = await api.call("PUT", "/v1/stations/laigle/templates/water", words | silent)
    assert status in {200, 201}, made
    asked = {"station": "laigle", "at": "2030-12-02T07:30", "template": "water"}
    status, _, schedule = await api.call("POST", "/v1/schedules", asked)
    assert (status, schedule.get("quietly")) == (201, True), schedule
    assert schedule["prepared"]["all_clear"]["fr"]["headline"] == "L’eau revient"
    status, _, changed = await api.call("PATCH", f"/v1/schedules/{schedule['id']}", {"headline": "Coupure d’eau"})
    assert (status, changed.get("quietly")) == (200, True), changed
    assert changed["prepared"] == schedule["prepared"]
    assert changed["texts"]["fr"]["headline"] == "Coupure d’eau"
    assert changed["policy"] == schedule["policy"]
    assert changed["policy"]["steps"][0]["repeat"] == 1
    one = f"/v1/schedules/{schedule['id']}"
    _, _, changed = await api.call("PATCH", one, {"channels": ["email"]})
    assert (changed["channels"], changed["policy"]) == (["email"], None)
    _, _, changed = await api.call("PATCH", one, {"policy": schedule["policy"]})
    assert (changed["channels"], changed["policy"]) == ([], schedule["policy"])
    _, _, changed = await api.call("PATCH", one, {"policy": None})
    assert (changed["channels"], changed["policy"]) == ([], None), "the station's"
    status, _, changed = await api.call("PATCH", one, {"headline": "Fuite"})
    assert (status, changed["texts"]["fr"]["headline"]) == (200, "Fuite")


async def test_one_occurrence_is_paused_and_another_edited_and_the_following_moved(api):
    schedule = await made(api)
    one = f"/v1/schedules/{schedule['id']}"
    _, _, ahead = await api.call("GET", one + "/occurrences?count=4")
    first, second, third, fourth = ahead["coming"]
    status, _, kept = await api.call("PATCH", one, {"occurrence": first, "paused": True})
    assert (status, kept["next"], kept["except_on"]) == (200, second, ["2030-12-02T07:30"])
    _, _, other = await api.call("PATCH", one, {"occurrence": third, "headline": "Exception"})
    assert (other["next"], other["repeat"], other["texts"]["fr"]["headline"]) == (third, None, "Exception")
    _, _, later = await api.call("PATCH", one, {"occurrence": fourth, "following": True, "at": "2030-12-23T09:00"})
    assert (later["next"], later["repeat"]) == ("2030-12-23T08:00:00Z", MONDAY)
    _, _, ahead = await api.call("GET", one + "/occurrences")
    assert ahead["coming"] == [second]
    assert (await api.call("PATCH", one, {"occurrence": fourth, "paused": True}))[0] == 422


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"at": "2020-01-01T07:30", "repeat": ...}, "at"),
        ({"at": "tomorrow"}, "at"),
        ({"at": "2030-02-30T07:30"}, "at"),
        ({"at": ...}, "at"),
        ({"zone": "Europe/Atlantis"}, "zone"),
        ({"repeat": "every monday"}, "repeat"),
        ({"repeat": "FREQ=MINUTELY"}, "repeat"),
        ({"repeat": "FREQ=DAILY;UNTIL=20290101"}, "repeat"),
        ({"lasts_minutes": 0}, "lasts_minutes"),
        ({"lasts_minutes": 30, "onset_minutes": 60}, "onset"),
        ({"severity": "severe"}, "reason"),
        ({"skip_school_holidays": "Z"}, "school_zone"),
        ({"headline": ...}, "headline"),
        ({"expires": "2030-12-02T07:30:00Z"}, "expires"),
        ({"audience": {"kind": "groups", "groups": ["nobody"]}}, "audience.groups"),
        ({"reminds": "77"}, "reminds"),
    ],
)
@pytest.mark.asyncio(loop_scope="module")
async def test_what_is_wrong_is_said_field_by_field(refusing, changes, field):
    body = {name: value for name, value in (a_schedule() | changes).items() if value is not ...}
    status, _, problem = await refusing.call("POST", "/v1/schedules", body)
    assert status == 422, problem
    assert field in [each["field"] for each in problem["errors"]]


async def test_keys_of_others_and_keys_that_only_read_may_not(api):
    schedule = await made(api)
    one = f"/v1/schedules/{schedule['id']}"
    assert (await api.call("POST", "/v1/schedules", a_schedule(), key="laigle-read"))[0] == 403
    assert (await api.call("PATCH", one, {"paused": True}, key="laigle-read"))[0] == 403
    assert (await api.call("DELETE", one, key="laigle-read"))[0] == 403
    assert (await api.call("GET", one, key="laigle-read"))[0] == 200
    assert (await api.call("GET", one, key=None))[0] == 401
    assert (await api.call("GET", "/v1/schedules/12"))[0] == 404


async def test_a_reminder_says_the_alerts_words_again_or_others(api):
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert(severity="moderate"))
    asked = {"station": "laigle", "at": "2030-12-02T08:00", "repeat": "FREQ=DAILY", "reminds": alert["id"]}
    status, _, reminder = await api.call("POST", "/v1/schedules", asked)
    assert status == 201, reminder
    assert (reminder["kind"], reminder["texts"]) == ("reminder", alert["texts"])
    _, _, other = await api.call("POST", "/v1/schedules", asked | {"headline": "Toujours pas d'eau potable"})
    assert other["texts"]["fr"]["headline"] == "Toujours pas d'eau potable"
    await api.call("POST", f"/v1/alerts/{alert['id']}/cancel")
    assert (await api.call("GET", f"/v1/schedules/{reminder['id']}"))[2]["ended_at"] is not None
    assert (await api.call("POST", "/v1/schedules", asked))[0] == 422


async def test_the_calendar_has_the_public_dates_and_no_others(api):
    at = (datetime.now(UTC) + timedelta(days=20)).strftime("%Y-%m-%dT12:00")
    rule = "FREQ=MONTHLY;BYDAY=1WE;COUNT=3"
    await made(api, at=at, repeat=rule, status="exercise", headline="Essai de la sirène", public=True)
    await made(api, headline="Entre nous")
    status, headers, text = await api.call("GET", "/v1/stations/laigle/calendar.ics", key=None)
    assert (status, headers["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    events = Calendar.from_ical(text).walk("VEVENT")
    dates = islice(Recurrence(datetime.fromisoformat(at), "Europe/Paris", rule).after(datetime.now(UTC)), 3)
    assert [each.decoded("dtstart") for each in events] == list(dates)
    assert {str(each["summary"]) for each in events} == {"Essai de la sirène"}
    assert len({str(each["uid"]) for each in events}) == 3
