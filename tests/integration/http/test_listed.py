"""People of a list come to what it says about them: a code to a contact of theirs, and nothing to anybody before it."""

from __future__ import annotations

from broadcaster.domain.audit import Action
from broadcaster.http.people.confirmations import NUMBER_HOUR
from broadcaster.store.operations import audit_reading
from broadcaster.store.operations.audit_reading import Only
from tests.integration.http.conftest import an_alert
from tests.integration.http.test_alerts import until_finished
from tests.integration.http.test_confirmations import begin, code_of, give, messages, settled
from tests.integration.http.test_console_people import settle, somebody

ASK, DATA, PAGE, ERASE = "/v1/stations/laigle/listed", "/v1/listed/data", "/listed/data", "/v1/listed/erasure"
ROSE = {"phone": "06 39 98 00 01", "name": "Aubépine Rose"}


async def post(api, path, made):
    status, _, told = await api.call("POST", path, {"confirmation": made["confirmation"]}, key=None)
    return status, told


async def test_from_the_request_to_the_data_and_to_the_erasure(api):
    (rose,) = await settle(api, somebody(1, "Rose Aubépine", phone="+33639980001", groups=("ecole",)))
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert(channels=["sms"]))
    await until_finished(api, alert["id"])
    made = await begin(api, ROSE, path=ASK)
    for path in (DATA, PAGE, ERASE):
        assert (await post(api, path, made))[0] == 404, "before the code"
    status, done = await give(api, made, await code_of(api))
    assert (status, done["state"], done["token"]) == (200, "confirmed", None)
    status, data = await post(api, DATA, made)
    assert (status, data["subscriber"]["name"], data["subscriber"]["groups"]) == (200, "Rose Aubépine", ["ecole"])
    assert [each["channel"] for each in data["messages"]] == ["sms"]
    status, page = await post(api, PAGE, made)
    assert status == 200
    assert "Rose Aubépine" in page
    assert (await api.call("GET", "/v1/subscribers/me", key="sb_" + made["confirmation"][3:]))[0] == 401, "no token"
    status, proof = await post(api, ERASE, made)
    assert (status, "profile" in proof["kinds"]) == (200, True)
    assert (await api.counts())["subscribers"] == 0
    assert (await post(api, DATA, made))[0] == 404
    found = await api.running.services.store.run_read(lambda unit: audit_reading.page(unit, Only(about=rose), limit=9))
    told = [(each.actor.kind, each.action) for each in found]
    assert told == [("nobody", Action.PERSON_ERASED), *[("nobody", Action.PERSON_EXPORTED)] * 2]


async def test_before_the_code_nothing_tells_who_is_on_the_list_and_the_same_limits_hold(api):
    await settle(api, somebody(1, "Rose Aubépine", phone="+33639980001"))
    answers = [await begin(api, {**ROSE, "phone": number}, path=ASK) for number in ("0639980001", "0639980002")]
    await settled(api)
    texts = [each.readable.split(" ") for each in await messages(api)]
    assert len(texts) == 2, "each number gets a code, and nothing else does"
    assert len({len(each) for each in texts}) == 1
    assert {frozenset(each) for each in answers} == {frozenset(answers[0])}
    for _ in range(NUMBER_HOUR - 1):
        await begin(api, ROSE, path=ASK)
    status, _, problem = await api.call("POST", ASK, ROSE, key=None)
    assert (status, problem["code"]) == (429, "too-many-codes-to-contact")


async def test_another_name_sees_nothing_and_a_sign_up_opens_no_list(api):
    await settle(api, somebody(1, "Rose Aubépine", phone="+33639980001", mail="rose@example.org"))
    made = await begin(api, {**ROSE, "name": "Paul Houx"}, path=ASK)
    assert (await give(api, made, await code_of(api)))[1]["state"] == "confirmed"
    assert [(await post(api, path, made))[1]["code"] for path in (DATA, ERASE)] == ["not-listed"] * 2
    made = await begin(api, {"phone": "06 39 98 00 01"})
    assert (await give(api, made, await code_of(api)))[1]["token"] is not None
    assert (await post(api, DATA, made))[1]["code"] == "confirmation-unknown"
    made = await begin(api, ROSE, path=ASK)
    await give(api, made, await code_of(api))
    assert (await post(api, DATA, made))[0] == 200
    assert (await post(api, ERASE, made))[1]["code"] == "erased-at-the-counter", "their mail goes on"
