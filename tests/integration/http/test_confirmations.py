"""Phones and mails that residents give themselves, over HTTP: a code first, and nothing else before it came back."""

from __future__ import annotations

import asyncio
import re
from email import message_from_bytes
from email.policy import default as mail_policy

import pytest

from broadcaster.config import Settings
from broadcaster.http.people.confirmations import CALLER_HOUR, NUMBER_HOUR
from broadcaster.store import sandbox
from tests.integration.http.conftest import LAIGLE, an_alert, open_api
from tests.integration.http.test_people import push, register

SIGN_UP = "/v1/stations/laigle/confirmations"
HOME = [{"label": "maison", "lon": LAIGLE[0], "lat": LAIGLE[1]}]


async def messages(api):
    async with api.running.services.store.read() as unit:
        return await sandbox.page(unit, alert_id=None, channel=None, before=None, limit=50)


async def settled(api):
    """Until every code that was to be sent is."""
    while api.running.services.lingering:
        await asyncio.gather(*api.running.services.lingering)


async def code_of(api):
    await settled(api)
    return re.search(r"\b(\d{6})\b", (await messages(api))[0].readable)[1]


async def begin(api, body=None, path=SIGN_UP, key=None):
    status, _, made = await api.call("POST", path, body or {"phone": "06 39 98 00 01", "places": HOME}, key=key)
    assert status == 202, made
    return made


async def give(api, made, code=None):
    body = {"confirmation": made["confirmation"], **({} if code is None else {"code": code})}
    status, _, answer = await api.call("POST", "/v1/confirmations", body, key=None)
    return status, answer


async def test_a_phone_is_confirmed_by_the_code_that_came_and_then_gets_the_alert_that_holds(api):
    await api.call("POST", "/v1/alerts", an_alert())
    made = await begin(api)
    assert (made["channel"], made["to"]) == ("sms", "+33639980001")
    assert (await api.counts())["contacts"] == 0
    (sms,) = await messages(api) or await _after(api)
    assert sms.readable.startswith("L'Aigle : votre code ")
    assert re.search(r"\n\n@127\.0\.0\.1 #\d{6}$", sms.readable), "telephones fill in a code whose last line is so"
    assert (await give(api, made))[1]["state"] == "open"
    status, done = await give(api, made, await code_of(api))
    assert (status, done["state"]) == (200, "confirmed")
    _, _, me = await api.call("GET", "/v1/subscribers/me", key=done["token"])
    assert [each["phone"] for each in me["contacts"]] == ["+33639980001"]
    assert me["places"] == HOME
    found = await until(api, at_least=2)
    assert "La Risle déborde" in found[0].readable


async def until(api, *, at_least: int):
    """Until so many messages are in the sandbox: whoever signs up is looked for by the alerts that hold."""
    async with asyncio.timeout(30):
        while True:
            found = await messages(api)
            if len(found) >= at_least:
                return found
            await asyncio.sleep(0.05)


async def _after(api):
    await settled(api)
    return await messages(api)


async def test_the_answer_may_be_lost_and_asked_for_again(api):
    made = await begin(api)
    code = await code_of(api)
    first, again, looked = await give(api, made, code), await give(api, made, code), await give(api, made)
    assert first == again == looked
    assert (await api.counts())["subscribers"] == 1


async def test_a_landline_is_called(api):
    made = await begin(api, {"phone": "02 61 91 00 01"})
    assert made["channel"] == "voice"
    await settled(api)
    (call,) = await messages(api)
    assert re.search(r"Votre code est\u202f: (\d, ){5}\d\.", call.readable)


async def test_a_mobile_is_called_if_its_owner_would_rather(api):
    assert (await begin(api, {"phone": "0639980001", "call": True}))["channel"] == "voice"


async def test_a_mail_brings_a_code_and_a_link_of_which_only_the_button_confirms(api):
    made = await begin(api, {"email": "rose@example.org", "locale": "en"})
    await settled(api)
    (mail,) = await messages(api)
    parsed = message_from_bytes(mail.wire, policy=mail_policy)
    text = parsed.get_body(("plain",)).get_content()
    code, link = re.search(r"^(\d{6})\s*$", text, re.MULTILINE)[1], re.search(r"(http\S+/c/\S+)", text)[1]
    assert code in parsed["Subject"]
    path = link.removeprefix(api.running.url)
    status, _, page = await api.call("GET", path, key=None, headers={"Accept-Language": "en"})
    assert (status, "<form" in page) == (200, True)
    assert (await give(api, made))[1]["state"] == "open", "scanners of mail follow every link"
    status, _, page = await api.call("POST", path, key=None, raw="", headers={"Content-Type": "text/plain"})
    assert status == 200, page
    _, done = await give(api, made)
    assert done["state"] == "confirmed"
    assert (await api.call("GET", "/v1/subscribers/me", key=done["token"]))[0] == 200


async def test_a_wrong_code_says_how_many_tries_are_left_and_then_it_is_over(api):
    made = await begin(api)
    right = await code_of(api)
    wrong = "000000" if right != "000000" else "111111"
    for left in (4, 3, 2, 1):
        status, problem = await give(api, made, wrong)
        assert (status, problem["errors"][0]["problem"]) == (422, f"This code is wrong. Tries left: {left}.")
    assert (await give(api, made, wrong))[1]["state"] == "over"
    assert (await give(api, made, right))[1]["state"] == "over"
    assert (await api.counts())["subscribers"] == 0


async def test_what_is_answered_does_not_tell_whether_a_number_is_known(api):
    await register(api, {"contacts": [{"channel": "sms", "phone": "0639980002"}]}, key="laigle-publish")
    known, unknown = await begin(api, {"phone": "0639980002"}), await begin(api, {"phone": "0639980003"})
    assert set(known) == set(unknown)
    assert {**known, **dict.fromkeys(("confirmation", "to", "expires_at"))} == {
        **unknown,
        **dict.fromkeys(("confirmation", "to", "expires_at")),
    }
    await settled(api)
    assert len(await messages(api)) == 2


async def test_a_number_gets_three_codes_an_hour_and_then_anybody_who_asks_waits(api):
    for _ in range(NUMBER_HOUR):
        await begin(api)
    status, headers, problem = await api.call("POST", SIGN_UP, {"phone": "+33 6 39 98 00 01"}, key=None)
    assert (status, problem["type"]) == (429, "urn:tocsin:problem:too-many")
    assert 3500 < int(headers["Retry-After"]) <= 3601
    assert (await api.call("POST", SIGN_UP, {"phone": "0639980002"}, key=None))[0] == 202


async def from_address(api, address, body, path=SIGN_UP):
    return await api.call("POST", path, body, key=None, headers={"X-Forwarded-For": address})


@pytest.fixture
async def behind_proxy(tmp_path):
    settings = Settings(host="127.0.0.1", port=0, data_dir=tmp_path, trusted_proxies=1, requests_per_minute=60)
    async for each in open_api(settings):
        yield each


async def test_strangers_who_ask_for_codes_to_a_number_do_not_lock_its_owner_out(behind_proxy):
    api, number = behind_proxy, {"phone": "0639980001", "places": HOME}
    for stranger in range(3):
        for _ in range(NUMBER_HOUR):
            assert (await from_address(api, f"192.0.2.{stranger}", number))[0] == 202
        assert (await from_address(api, f"192.0.2.{stranger}", number))[0] == 429, "each of them is limited"
    await settled(api)
    assert len(await messages(api)) == NUMBER_HOUR, "and few messages go to the number"
    code = await code_of(api)
    status, _, mine = await from_address(api, "198.51.100.7", number)
    assert status == 202
    await settled(api)
    assert len(await messages(api)) == NUMBER_HOUR, "the code that is there holds"
    body = {"confirmation": mine["confirmation"], "code": "000000" if code != "000000" else "111111"}
    assert (await from_address(api, "198.51.100.7", body, "/v1/confirmations"))[0] == 422
    status, _, done = await from_address(api, "198.51.100.7", {**body, "code": code}, "/v1/confirmations")
    assert (status, done["state"]) == (200, "confirmed")
    assert (await api.counts())["subscribers"] == 1


async def test_a_busy_number_gets_one_more_code_whatever_is_asked_and_no_answer_tells_that_it_is_busy(behind_proxy):
    api, number, listed = behind_proxy, {"phone": "0639980001"}, "/v1/stations/laigle/listed"
    for _ in range(NUMBER_HOUR):
        await from_address(api, "192.0.2.1", number)
    asked = [
        (listed, {"name": "Rose"}),
        (SIGN_UP, {}),
        (SIGN_UP, {"call": True}),
        (listed, {"name": "R", "call": True}),
    ]
    for turn, (path, more) in enumerate(asked):
        _, _, before = await from_address(api, "198.51.100.7", {"phone": f"063998001{turn}"})
        status, _, made = await from_address(api, f"192.0.2.{turn + 2}", {**number, **more}, path)
        _, _, after = await from_address(api, "198.51.100.7", {"phone": f"063998002{turn}"})
        assert (status, set(made)) == (202, set(before))
        assert before["expires_at"] <= made["expires_at"] <= after["expires_at"]
    await settled(api)
    theirs = [each for each in await messages(api) if each.to == "+33639980001"]
    assert len(theirs) == NUMBER_HOUR + 1


async def test_fifteen_addresses_do_not_use_up_the_codes_of_a_station(tmp_path):
    settings = Settings(host="127.0.0.1", port=0, data_dir=tmp_path, trusted_proxies=1, codes_per_hour=100)
    async for api in open_api(settings):
        sent = 0
        for stranger in range(5):
            for turn in range(CALLER_HOUR):
                body = {"email": f"a{stranger}-{turn}@example.org"}
                sent += (await from_address(api, f"192.0.2.{stranger}", body))[0] == 202
        assert 50 <= sent <= 75
        assert (await from_address(api, "198.51.100.7", {"email": "rose@example.org"}))[0] == 202
        await settled(api)


async def test_who_holds_a_confirmation_gives_the_code_whatever_others_ask_from_the_same_address(behind_proxy):
    api = behind_proxy
    _, _, made = await from_address(api, "192.0.2.1", {"phone": "0639980001"})
    code = await code_of(api)
    unknown = {"confirmation": "cf_" + "x" * 32}
    statuses = [(await from_address(api, "192.0.2.1", unknown, "/v1/confirmations"))[0] for _ in range(62)]
    assert set(statuses) == {404, 429}, "who guesses is counted"
    body = {"confirmation": made["confirmation"], "code": code}
    status, _, done = await from_address(api, "192.0.2.1", body, "/v1/confirmations")
    assert (status, done["state"]) == (200, "confirmed")


async def test_codes_that_came_back_do_not_count_against_who_asked(api):
    for turn in range(CALLER_HOUR + 2):
        made = await begin(api, {"phone": f"06399800{turn:02d}"})
        assert (await give(api, made, await code_of(api)))[1]["state"] == "confirmed"


async def test_one_caller_has_twenty_codes_an_hour_sent(api):
    for turn in range(CALLER_HOUR):
        await begin(api, {"email": f"a{turn}@example.org"})
    assert (await api.call("POST", SIGN_UP, {"email": "z@example.org"}, key=None))[0] == 429


async def test_a_station_has_so_many_codes_an_hour(tmp_path):
    settings = Settings(host="127.0.0.1", port=0, data_dir=tmp_path, codes_per_hour=2, requests_per_minute=10_000)
    async for api in open_api(settings):
        for turn in range(2):
            await begin(api, {"phone": f"063998000{turn}"})
        assert (await api.call("POST", SIGN_UP, {"phone": "0639980009"}, key=None))[0] == 429
        await begin(api, {"email": "a@example.org"})
        await settled(api)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"phone": "0102"}, "phone"),
        ({"phone": "+1 212 555 2368"}, "phone"),
        ({"phone": "+33 8 99 70 01 23"}, "phone"),
        ({"email": "nobody"}, "email"),
        ({}, "phone"),
        ({"phone": "0639980001", "email": "a@example.org"}, "phone"),
        ({"phone": "0639980001", "places": [{"lon": 0, "lat": 91}]}, "places[0].lat"),
    ],
)
@pytest.mark.asyncio(loop_scope="module")
async def test_what_can_get_no_code_is_refused_and_its_field_named(refusing, body, field):
    status, _, problem = await refusing.call("POST", SIGN_UP, body, key=None)
    assert status == 422, problem
    assert problem["errors"][0]["field"].startswith(field)


async def test_a_subscriber_adds_a_mail_of_theirs(api):
    _, _, mine = await register(api, {"contacts": [push()]})
    made = await begin(api, {"email": "rose@example.org"}, "/v1/subscribers/me/confirmations", mine["token"])
    await settled(api)
    text = (await messages(api))[0].wire.decode()
    status, done = await give(api, made, re.search(r"Subject: .*?(\d{6})", text)[1])
    assert (status, done["state"], done["token"]) == (200, "confirmed", None)
    _, _, me = await api.call("GET", "/v1/subscribers/me", key=mine["token"])
    assert {each["channel"] for each in me["contacts"]} == {"push", "email"}


async def test_an_unknown_confirmation_is_404(api):
    assert (await give(api, {"confirmation": "cf_" + "x" * 32}, "123456"))[0] == 404


async def test_a_code_is_in_the_sandbox_as_json_too_and_of_no_alert(api):
    await begin(api)
    await settled(api)
    status, _, page = await api.call("GET", "/v1/sandbox")
    assert (status, [each["alert_id"] for each in page["messages"]]) == (200, [None])
    assert (await api.call("GET", "/v1/sandbox", key="laigle-read"))[0] == 403
