"""What comes back: receipts of devices, Twilio's callbacks, and people who opt out."""

from __future__ import annotations

import asyncio

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from twilio.request_validator import RequestValidator

from broadcaster.config import Settings
from broadcaster.store.alerts import deliveries
from broadcaster.store.register import erasing
from tests.integration.http.conftest import an_alert, open_api
from tests.integration.http.test_alerts import someone, until_finished

AUTH_TOKEN = "0123456789abcdef0123456789abcdef"
SID = "SM" + "a" * 32


@pytest.fixture
async def signed(tmp_path):
    """A service that has a Twilio account, of which nothing is asked here."""
    settings = Settings(
        host="127.0.0.1",
        port=0,
        data_dir=tmp_path,
        twilio_account_sid="AC" + "0" * 32,
        twilio_auth_token=SecretStr(AUTH_TOKEN),
        twilio_from="+33600000000",
        twilio_base_url="http://127.0.0.1:9",
    )
    async for each in open_api(settings):
        yield each


async def one_delivery(api, channel="email"):
    await someone(api)
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert(channels=[channel]))
    await until_finished(api, alert["id"])
    _, _, page = await api.call("GET", f"/v1/alerts/{alert['id']}/deliveries")
    return alert, int(page["deliveries"][0]["id"])


async def state_of(api, alert):
    _, _, page = await api.call("GET", f"/v1/alerts/{alert['id']}/deliveries")
    return page["deliveries"][0]["state"], page["deliveries"][0]["code"]


async def test_a_devices_receipt_moves_its_delivery_and_never_backwards(api):
    alert, number = await one_delivery(api)
    token = api.running.services.store.vault.link("receipt", number)
    for event, state in (("opened", "opened"), ("displayed", "opened"), ("acknowledged", "acknowledged")):
        body = {"event": event, "at": "2026-07-01T18:30:00+02:00"}
        status, _, _ = await api.call("POST", f"/v1/receipts/{token}", body, key=None)
        assert status == 204
        assert (await state_of(api, alert))[0] == state
    _, _, account = await api.call("GET", f"/v1/alerts/{alert['id']}/report")
    assert account["people"]["acknowledged"] == 1


@pytest.mark.parametrize("token", ["x", "AAAAAAAAAAAAAAAA", "%00", "é", "a" * 300])
@pytest.mark.asyncio(loop_scope="module")
async def test_a_receipt_with_an_invented_token_is_404(refusing, token):
    status, headers, _ = await refusing.call("POST", f"/v1/receipts/{token}", {"event": "opened"}, key=None)
    assert (status, headers["Content-Type"]) == (404, "application/problem+json")


async def test_an_opt_out_token_is_no_receipt_token(api):
    alert, number = await one_delivery(api)
    token = api.running.services.store.vault.link("optout", number)
    assert (await api.call("POST", f"/v1/receipts/{token}", {"event": "opened"}, key=None))[0] == 404
    assert (await state_of(api, alert))[0] == "accepted"


async def hook(api, path, form, token=AUTH_TOKEN, tampered=None):
    url = api.running.url + path
    signature = RequestValidator(token).compute_signature(url, form)
    async with api.http.post(url, data=tampered or form, headers={"X-Twilio-Signature": signature}) as answer:
        return answer.status, answer.content_type, await answer.text()


@pytest.mark.parametrize(
    ("form", "state", "code"),
    [
        ({"MessageSid": SID, "MessageStatus": "delivered"}, "delivered", None),
        ({"MessageSid": SID, "MessageStatus": "read"}, "displayed", None),
        ({"MessageSid": SID, "MessageStatus": "sent"}, "accepted", None),
        ({"MessageSid": SID, "MessageStatus": "queued"}, "accepted", None),
        ({"MessageSid": SID, "MessageStatus": "undelivered", "ErrorCode": "30006"}, None, "twilio:30006"),
        ({"MessageSid": SID, "MessageStatus": "failed", "ErrorCode": "30007"}, "failed", "twilio:30007"),
    ],
)
async def test_twilios_signed_status_moves_the_delivery(signed, form, state, code):
    alert, number = await one_delivery(signed)
    token = signed.running.services.store.vault.link("receipt", number)
    status, _, body = await hook(signed, f"/hooks/twilio/status?d={token}", form)
    assert (status, body) == (204, "")
    found = await state_of(signed, alert)
    assert found[0] in ("failed", "gone") if state is None else found[0] == state
    assert found[1] == code


async def test_a_forged_or_tampered_callback_is_403_and_moves_nothing(signed):
    alert, number = await one_delivery(signed)
    token = signed.running.services.store.vault.link("receipt", number)
    form = {"MessageSid": SID, "MessageStatus": "delivered"}
    path = f"/hooks/twilio/status?d={token}"
    assert (await hook(signed, path, form, token="1" * 32))[0] == 403
    assert (await hook(signed, path, {**form, "MessageStatus": "sent"}, tampered=form))[0] == 403
    assert (await state_of(signed, alert))[0] == "accepted"


async def test_a_signed_callback_for_no_delivery_is_404_and_one_without_sense_422(signed):
    form = {"MessageSid": SID, "MessageStatus": "delivered"}
    assert (await hook(signed, "/hooks/twilio/status?d=nothing", form))[0] == 404
    _, number = await one_delivery(signed)
    token = signed.running.services.store.vault.link("receipt", number)
    assert (await hook(signed, f"/hooks/twilio/status?d={token}", {"MessageSid": SID}))[0] == 422


async def test_the_key_1_in_a_call_acknowledges_and_another_says_it_again(signed):
    alert, number = await one_delivery(signed)
    path = f"/hooks/twilio/voice?d={signed.running.services.store.vault.link('receipt', number)}"
    status, kind, again = await hook(signed, path, {"Digits": "5", "CallSid": "CA" + "0" * 32})
    assert (status, kind) == (200, "text/xml")
    assert "La Risle déborde" in again
    assert "<Gather" in again
    assert (await state_of(signed, alert))[0] == "accepted"
    _, _, thanks = await hook(signed, path, {"Digits": "1", "CallSid": "CA" + "0" * 32})
    assert "Merci" in thanks
    assert (await state_of(signed, alert))[0] == "acknowledged"


async def test_a_call_that_found_nobody_is_queued_once_more(signed):
    alert, number = await one_delivery(signed)
    sid = "CA" + "0" * 32
    async with signed.running.services.store.write() as unit:
        await unit.conn.execute(text("UPDATE deliveries SET provider_id = :sid"), {"sid": sid})
    path = f"/hooks/twilio/status?d={signed.running.services.store.vault.link('receipt', number)}"
    assert (await hook(signed, path, {"CallSid": "CA" + "1" * 32, "CallStatus": "busy"}))[0] == 204
    assert (await state_of(signed, alert))[0] == "accepted"
    assert (await hook(signed, path, {"CallSid": sid, "CallStatus": "busy"}))[0] == 204
    _, _, page = await signed.call("GET", f"/v1/alerts/{alert['id']}/deliveries")
    (delivery,) = page["deliveries"]
    assert (delivery["state"], delivery["next_attempt_at"] is None) == ("queued", False)


@pytest.mark.parametrize(
    ("answerer", "state"), [("human", "delivered"), ("machine_end_beep", "accepted"), ("unknown", "delivered")]
)
async def test_a_call_that_a_machine_took_is_not_said_to_be_heard(signed, answerer, state):
    alert, number = await one_delivery(signed)
    path = f"/hooks/twilio/status?d={signed.running.services.store.vault.link('receipt', number)}"
    form = {"CallSid": "CA" + "0" * 32, "CallStatus": "completed", "AnsweredBy": answerer}
    assert (await hook(signed, path, form))[0] == 204
    assert (await state_of(signed, alert))[0] == state


async def test_without_an_account_every_callback_is_forged(api):
    _, number = await one_delivery(api)
    token = api.running.services.store.vault.link("receipt", number)
    assert (await hook(api, f"/hooks/twilio/status?d={token}", {"MessageSid": SID}))[0] == 403


async def test_opening_the_way_out_changes_nothing_and_one_click_does_it(api):
    _, number = await one_delivery(api)
    path = f"/u/{api.running.services.store.vault.link('optout', number)}"
    status, headers, page = await api.call("GET", path, key=None, headers={"Accept-Language": "fr"})
    assert (status, headers.get("Set-Cookie")) == (200, None)
    assert "Arrêter ces messages" in page
    _, _, reach = await api.call("POST", "/v1/reach", an_alert(channels=["email"]))
    assert reach["no_channel"] == 0
    one_click = {"Content-Type": "application/x-www-form-urlencoded"}
    for _ in range(2):
        status, _, page = await api.call(
            "POST", path, key=None, raw="List-Unsubscribe=One-Click", headers={**one_click, "Accept-Language": "en"}
        )
        assert status == 200
        assert "Done: no more messages" in page
    async with asyncio.timeout(30):
        while (await api.call("POST", "/v1/reach", an_alert(channels=["email"])))[2]["no_channel"] == 0:
            pass  # the roster follows the store within a moment
    _, _, sms = await api.call("POST", "/v1/reach", an_alert(channels=["sms"]))
    assert sms["no_channel"] == 0


async def test_the_way_out_of_who_was_erased_meanwhile_is_no_error(api):
    services = api.running.services
    _, number = await one_delivery(api)
    async with services.store.write() as unit:
        who = await deliveries.person_of(unit, number)
        await erasing.erase(unit, who.subscriber_id, erasing.Way.REMOVED, services.clock.now())
    path = f"/u/{services.store.vault.link('optout', number)}"
    status, _, page = await api.call("POST", path, key=None, headers={"Accept-Language": "en"})
    assert (status, "Done: no more messages" in page) == (200, True)


async def test_an_invented_way_out_is_a_page_in_words(api):
    for method in ("GET", "POST"):
        status, headers, page = await api.call(method, "/u/invented", key=None, headers={"Accept-Language": "en"})
        assert (status, headers["Content-Type"]) == (404, "text/html; charset=utf-8")
        assert "There is nothing here" in page
