"""What residents want to hear of: quiet hours, topics, least severity; and what a reach and a report count of it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from broadcaster.domain.alerts import Severity
from broadcaster.domain.people import NewPlace, NewSubscriber
from broadcaster.domain.timing import TopicChoice
from broadcaster.register.contacts import mail_contact
from broadcaster.store.people import people, wishes
from tests.integration.http.conftest import LAIGLE, an_alert
from tests.integration.http.test_alerts import until_finished
from tests.integration.http.test_console_people import look, send
from tests.integration.http.test_residents import ME, me

TOPICS = "/v1/stations/laigle/topics"
WISHES = ME + "/follows/laigle/wishes"


async def someone(api):
    """Somebody whom the station registered: a reach counts them exactly."""
    return await api.enrol(NewSubscriber("fr", (mail_contact("a@example.org"),), (NewPlace("home", *LAIGLE),)))


async def forty(api, least=Severity.MINOR, **choices):
    """So many that a reach tells about how many of them chose this."""
    async with api.running.services.store.write() as unit:
        found = await unit.conn.execute(text("SELECT subscriber_id FROM follows WHERE station_id = 1"))
        ids = [row[0] for row in found]
        if not ids:
            some = [NewSubscriber("fr", (mail_contact(f"r{n}@example.org"),), ()) for n in range(40)]
            now, tokens = api.running.services.clock.now(), [people.new_token() for _ in some]
            ids = await people.register(unit, 1, some, tokens, groups_by_slug={}, now=now)
        for each in ids:
            await wishes.set_of(unit, each, 1, least, choices)
    api.running.services.here.choices._period = -1  # a quarter of an hour later


async def sent(api, **changes):
    """An alert with its account, once everyone has a final state."""
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert(**{"severity": "moderate", **changes}))
    await until_finished(api, alert["id"])
    return (await api.call("GET", f"/v1/alerts/{alert['id']}/report"))[2]


async def hearing(api, **changes):
    asked = an_alert(**{"severity": "moderate", "area": None, "audience": "all_followers", **changes})
    found = (await api.call("POST", "/v1/reach", asked))[2]["hearing"]
    return {how: n for how, n in found.items() if n}


async def test_a_reach_says_about_how_many_hear_of_it_now_in_a_digest_or_not_at_all(api):
    await forty(api, works=TopicChoice.MUTE, events=TopicChoice.DIGEST)
    assert await hearing(api, topic="works") == {"unwanted": 40}
    assert await hearing(api, topic="events") == {"digest": 40}
    assert await hearing(api, topic="traffic") == {"now": 40}
    assert await hearing(api, topic="works", severity="severe") == {"now": 40}
    await forty(api, least=Severity.MODERATE)
    assert await hearing(api, severity="minor") == {"unwanted": 40}
    assert await hearing(api, severity="moderate") == {"now": 40}


async def test_quiet_hours_are_the_services_until_someone_chooses_their_own(api):
    token = await someone(api)
    assert (await me(api, token))["quiet_hours"] == {"begin": "00:00", "end": "00:00", "zone": None, "own": False}
    chosen = {"begin": "21:30", "end": "06:15", "zone": "Indian/Reunion"}
    _, _, changed = await api.call("PATCH", ME, {"quiet_hours": chosen}, key=token)
    assert changed["quiet_hours"] == {**chosen, "own": True}
    _, _, changed = await api.call("PATCH", ME, {"locale": "en"}, key=token)
    assert changed["quiet_hours"]["own"]
    _, _, changed = await api.call("PATCH", ME, {"quiet_hours": None}, key=token)
    assert not changed["quiet_hours"]["own"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"begin": "22:00"},
        {"begin": "24:00", "end": "07:00"},
        {"begin": "22:00", "end": "07:00", "zone": "Europe/Nowhere"},
        {"begin": "22:00", "end": "07:00", "zone": "../../etc/passwd"},
        {"begin": "22:00", "end": "07:00", "zone": "Europe"},
    ],
)
async def test_quiet_hours_that_can_not_be_read_are_refused(api, wrong):
    token = await someone(api)
    status, _, problem = await api.call("PATCH", ME, {"quiet_hours": wrong}, key=token)
    assert status == 422
    assert problem["errors"][0]["field"].startswith("quiet_hours")


async def test_a_muted_topic_is_heard_of_only_where_it_is_grave(api):
    token = await someone(api)
    assert (await api.call("PUT", WISHES, {"mute": ["works"]}, key=token))[0] == 204
    assert await hearing(api, topic="works") == {"now": 1}, "one person's choice is not told"
    account = await sent(api, topic="works")
    assert (account["unwanted"], account["matched"], account["unaccounted"]) == (1, 0, 0)
    assert (await sent(api, topic="traffic"))["matched"] == 1
    assert (await sent(api, topic="works", severity="severe"))["matched"] == 1


async def test_a_least_severity_holds_below_severe(api):
    token = await someone(api)
    assert (await api.call("PUT", WISHES, {"least": "severe"}, key=token))[0] == 204
    assert [(await sent(api, severity=each))["unwanted"] for each in ("minor", "moderate", "severe", "extreme")] == [
        1, 1, 0, 0,
    ]  # fmt: skip
    status, _, _ = await api.call("PUT", WISHES, {"least": "extreme"}, key=token)
    assert status == 422, "nobody mutes what is severe"


async def test_a_reach_says_who_sleeps_when_it_is_sent_and_whom_it_wakes(api):
    await someone(api)
    services = api.running.services
    services.settings = services.settings.model_copy(update={"quiet_hours": "22:00-07:00"})

    async def reach(**changes):
        body = an_alert(**{"severity": "moderate", "at": "2030-12-02T23:00", "lasts_minutes": 180, **changes})
        return (await api.call("POST", "/v1/reach", body))[2]

    night = await reach()
    assert (night["hearing"]["missed"], night["woken"], night["devices"]) == (1, 0, 0)
    woken = await reach(wakes=True)
    assert (woken["hearing"]["now"], woken["woken"]) == (1, 1)
    assert (await reach(lasts_minutes=720))["hearing"]["later"] == 1
    assert (await reach(at="2030-12-02T12:00"))["hearing"]["now"] == 1
    assert (await reach(at="2030-12-02T23:00+09:00"))["hearing"]["now"] == 1, "three in the afternoon in Paris"
    assert (await reach(severity="severe"))["hearing"]["now"] == 1


async def test_a_topic_of_the_digest_is_counted_so(api):
    token = await someone(api)
    assert (await api.call("PUT", WISHES, {"digest": ["events"]}, key=token))[0] == 204
    topics = {each["slug"]: each["choice"] for each in (await me(api, token))["follows"][0]["topics"]}
    assert (topics["events"], topics["works"]) == ("digest", "now")
    assert (await sent(api, topic="events"))["digest"] == 1


async def test_wishes_are_of_topics_that_the_station_has_and_end_with_following_it(api):
    token = await someone(api)
    assert (await api.call("PUT", WISHES, {"mute": ["nothing"]}, key=token))[0] == 422
    assert (await api.call("PUT", WISHES, {"mute": ["works"], "digest": ["works"]}, key=token))[0] == 422
    assert (await api.call("PUT", ME + "/follows/rugles/wishes", {}, key=token))[0] == 404
    assert (await api.call("PUT", WISHES, {"mute": ["works"]}, key=token))[0] == 204
    assert (await api.call("PUT", ME + "/follows/rugles", key=token))[0] == 204
    for verb in ("DELETE", "PUT"):
        assert (await api.call(verb, ME + "/follows/laigle", key=token))[0] == 204
    assert {each["choice"] for each in (await me(api, token))["follows"][0]["topics"]} == {"now"}


async def test_an_operator_chooses_what_the_stations_alerts_may_be_about(api):
    status, _, station = await api.call("PUT", TOPICS, {"topics": ["traffic", "Jour de marché"]})
    assert (status, station["topics"]) == (200, {"traffic": "", "jour-de-marche": "Jour de marché"})
    assert (await api.call("POST", "/v1/alerts", an_alert(topic="works")))[0] == 422
    assert (await api.call("POST", "/v1/reach", an_alert(topic="works")))[0] == 422
    assert (await api.call("POST", "/v1/alerts", an_alert(topic="jour-de-marche")))[0] == 202
    assert (await api.call("PUT", TOPICS, {"topics": ["!!!"]}))[0] == 422
    assert (await api.call("PUT", TOPICS, {"topics": []}))[0] == 422
    assert (await api.call("PUT", TOPICS, {"topics": ["traffic"]}, key="laigle-read"))[0] in (401, 403)


async def test_a_renamed_topic_keeps_what_followers_chose_and_one_that_many_chose_about_goes_only_when_sure(api):
    await forty(api, works=TopicChoice.MUTE, school=TopicChoice.DIGEST)
    names = {"works": "Chantiers", "traffic": " Routes "}
    status, _, station = await api.call("PUT", TOPICS, {"names": names})
    assert (status, len(station["topics"])) == (200, 6)
    assert (station["topics"]["works"], station["topics"]["traffic"]) == ("Chantiers", "Routes")
    assert await hearing(api, topic="works") == {"unwanted": 40}
    same = {"topics": ["traffic", "Chantiers", "school", "Marché"]}
    status, _, station = await api.call("PUT", TOPICS, same)
    there = {"traffic": "Routes", "works": "Chantiers", "school": "", "marche": "Marché"}
    assert (status, station["topics"]) == (200, there)
    for wrong, code in (
        ({"names": {"waste": "Poubelles"}}, "topic-unknown"),
        ({"names": {"works": "!!!"}}, "topic-unreadable"),
        ({"topics": ["Marché", "marché"]}, "topic-there"),
    ):
        refused = await api.call("PUT", TOPICS, wrong)
        assert (refused[0], refused[2]["code"]) == (422, code)
    status, _, asked = await api.call("PUT", TOPICS, {"topics": ["traffic"]})
    assert (status, asked["errors"][0]["code"], asked["errors"][0]["params"]["n"]) == (422, "topic-chosen", 40)
    signed = await api.sign_in("laigle-admin")
    page = (await look(api, "/console/stations/laigle/edit?lang=fr", signed))[2]
    assert 'name="topic.works" value="Chantiers"' in page
    fields = {
        "name": "L'Aigle",
        "language": "fr",
        "topic.traffic": "Routes",
        "topic.works": "",
        "topic.school": "École",
    }
    status, _, page = await send(api, "/console/stations/laigle/edit?lang=fr", signed, **fields)
    assert (status, "Environ 40 abonnés coupent le sujet works" in page, 'name="sure"' in page) == (422, True, True)
    fields |= {"sure": "1", "topic.school": "Écoles", "topic.marche": "Marché", "topics": "Sport"}
    assert (await send(api, "/console/stations/laigle/edit?lang=fr", signed, **fields))[0] == 303
    _, _, station = await api.call("GET", "/v1/stations/laigle", key=None)
    assert station["topics"] == {"traffic": "Routes", "school": "Écoles", "marche": "Marché", "sport": "Sport"}
    assert (await api.call("PUT", TOPICS, {"topics": ["traffic", "school", "works"]}))[0] == 200
    api.running.services.here.choices._period = -1  # a quarter of an hour later
    assert await hearing(api, topic="works") == {"now": 40}, "their choice ended with the topic"
    assert await hearing(api, topic="school") == {"digest": 40}
    assert (await api.call("PUT", TOPICS, {"topics": ["traffic"], "sure": True}))[0] == 200


async def test_operators_see_what_share_of_followers_mutes_a_topic_month_by_month(api):
    services = api.running.services
    await forty(api, works=TopicChoice.MUTE)
    async with services.store.write() as unit:
        await wishes.keep_shares(unit, datetime(2026, 5, 30, tzinfo=UTC))
        await wishes.keep_shares(unit, datetime(2026, 5, 31, tzinfo=UTC))
        await wishes.keep_shares(unit, datetime(2026, 5, 31, tzinfo=UTC))
    await forty(api, events=TopicChoice.MUTE)
    async with services.store.write() as unit:
        await wishes.keep_shares(unit, datetime(2026, 6, 1, tzinfo=UTC))
        shares = await wishes.shares(unit, 1)  # those of today's month are kept at the service's start
        assert shares.items() >= {"2026-06": {"events": 1.0}, "2026-05": {"works": 1.0}}.items()
    token = await someone(api)
    async with services.store.write() as unit:
        await unit.conn.execute(text("DELETE FROM topic_choices"))
    assert (await api.call("PUT", WISHES, {"mute": ["traffic"]}, key=token))[0] == 204
    async with services.store.write() as unit:
        await wishes.keep_shares(unit, datetime(2026, 7, 1, tzinfo=UTC))
        assert (await wishes.shares(unit, 1))["2026-07"] == {}, "one person's choice is not told"
    signed = await api.sign_in()
    status, _, page = await api.call("GET", "/console/stations/laigle?lang=fr", key=None, headers=signed)
    assert status == 200
    assert "Sujets coupés par les abonnés" in page
    assert "mai 2026" in page
