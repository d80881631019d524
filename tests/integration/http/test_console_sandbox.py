"""The sandbox in the console: each message as its receiver would have had it, for who may know their addresses."""

from __future__ import annotations

import re

import pytest

from broadcaster.domain.people import CHANNEL_WORDS
from broadcaster.web.console.sandbox.seen import masked
from tests.integration.http.conftest import an_alert
from tests.integration.http.test_alerts import someone, until_finished
from tests.integration.http.test_console_people import look

MOBILE = {"channel": "sms", "phone": "06 39 98 00 02"}
LANDLINE = {"channel": "voice", "phone": "02 61 91 00 01"}


async def told(api, station="laigle", **changes):
    if station == "laigle":
        await someone(api)
    them = {"contacts": [LANDLINE, MOBILE], "places": [{"lon": 0.6283, "lat": 48.7631}]}
    await api.call("POST", f"/v1/stations/{station}/subscribers", them)
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert(station=station, **changes))
    await until_finished(api, alert["id"])
    return alert["id"]


def message_of(page, channel_icon_word):
    for item in page.split('<li class="card">')[1:]:
        if channel_icon_word in item:
            return re.search(r'href="(/console/sandbox/\d+)"', item)[1]
    raise AssertionError(channel_icon_word)


async def test_each_channel_is_shown_as_it_would_be_had(api):
    alert = await told(api, headline="Crue <b>rapide</b>")
    mine = await api.sign_in("laigle-publish")
    status, _, page = await look(api, f"/console/sandbox?alert={alert}", mine)
    assert status == 200
    assert "06\u00a039\u00a098\u00a000\u00a001" in page
    assert 'class="bubble"' in page
    assert re.search(r"\d segments? · (GSM-7|UCS-2) · \d+ characters", page)
    assert re.search(r'<li class="say"><q>.*?</q></li><li class="pause">1 second of silence</li>', page, re.DOTALL)
    assert '<li class="key">From here on a key may be pressed.</li>' in page
    assert "<b>rapide" not in page
    mail = message_of(page, "E-mail")
    status, _, page = await look(api, mail, mine)
    assert f'src="{mail}/mail" sandbox></iframe>' in page
    assert "Message-ID" in page
    status, headers, body = await look(api, f"{mail}/mail", mine)
    assert status == 200
    assert headers["Content-Security-Policy"].startswith(
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:;"
    )
    assert headers["Content-Security-Policy"].endswith("; sandbox")
    assert headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "<h1" in body
    assert "<b>rapide" not in body
    assert (await look(api, message_of_channel(await listed(api, mine, alert), "sms") + "/mail", mine))[0] == 404


async def listed(api, mine, alert):
    return (await look(api, f"/console/sandbox?alert={alert}", mine))[2]


def message_of_channel(page, channel):
    return message_of(page, CHANNEL_WORDS[channel])


async def test_who_may_only_read_sees_the_messages_and_no_address_anywhere(api):
    alert = await told(api)
    mine = await api.sign_in("laigle-read")
    page = await listed(api, mine, alert)
    assert "La Risle déborde" in page
    pages = [page]
    for channel in ("sms", "email", "voice"):
        one = message_of_channel(page, channel)
        pages.append((await look(api, one, mine))[2])
    pages.append((await look(api, message_of_channel(page, "email") + "/mail", mine))[2])
    for each in pages:
        assert "3998000" not in each
        assert "61910001" not in each
        assert "resident@example.org" not in each
        assert not re.search(r"/u/[\w-]{8}", each)
    assert (await look(api, "/console/sandbox?alert=codes", mine))[0] == 403


async def test_a_key_of_one_station_sees_its_messages_and_no_others(api):
    ours, theirs = await told(api), await told(api, station="rugles", headline="Une autre crue")
    mine = await api.sign_in("laigle-publish")
    _, _, page = await look(api, "/console/sandbox", mine)
    assert f'value="{ours}"' in page
    assert "Une autre crue" not in page
    assert "Une autre crue" not in await listed(api, mine, theirs)
    every = await api.sign_in()
    foreign = message_of_channel(await listed(api, every, theirs), "sms")
    assert (await look(api, foreign, mine))[0] == 404
    assert (await look(api, foreign, every))[0] == 200


@pytest.mark.parametrize(
    ("address", "left"),
    [
        ("+33639980001", "+33•••01"),
        ("rose@example.org", "r•••@example.org"),
        ("https://push.example/secret", "push.example"),
    ],
)
def test_of_an_address_only_enough_is_left_to_tell_two_apart(address, left):
    assert masked(address) == left
