from __future__ import annotations

import math

import pytest

from channels.twilio import InvalidAccount, TwilioAccount, is_alphanumeric
from channels.voice import Voice

SID = "AC" + "0f" * 16
TOKEN = "0123456789abcdef" * 2


def made(**changes):
    return TwilioAccount(**({"account_sid": SID, "auth_token": TOKEN, "sender": "+33644640001"} | changes))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("account_sid", ""),
        ("account_sid", "AC123"),
        ("account_sid", "SK" + "0" * 32),
        ("account_sid", SID + "\n"),
        ("account_sid", SID[:-1] + "/"),
        ("auth_token", ""),
        ("auth_token", "a token"),
        ("auth_token", "a\r\nX-Evil: 1"),
        ("auth_token", "clé"),
        ("sender", ""),
        ("sender", "0644640001"),
        ("sender", "+0644640001"),
        ("sender", "MAIRIE D'ORNE"),
        ("sender", "MAIRIEDELAIGLE"),
        ("sender", "MG123456789012"),
        ("sender", " MAIRIE"),
        ("sender", "Préfet"),
        ("base_url", "twilio.example"),
        ("base_url", "ftp://twilio.example"),
        ("base_url", "http://u:p@twilio.example"),
        ("base_url", "http://twilio.example?x=1"),
        ("base_url", "http://[::1"),
        ("base_url", "http://x:99999"),
        ("timeout_s", 0),
        ("timeout_s", math.nan),
        ("timeout_s", math.inf),
        ("region", "ie1.evil.example/"),
        ("edge", ""),
    ],
)
def test_a_setting_that_can_not_work_is_refused_by_its_name(field, value):
    with pytest.raises(InvalidAccount) as caught:
        made(**{field: value})
    assert caught.value.field == field
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize(
    ("sender", "kind"),
    [
        ("+33644640001", "number"),
        ("36180", "short code"),
        ("LAIGLE", "alphanumeric"),
        ("Mairie 61", "alphanumeric"),
        ("MG" + "aB" * 16, "messaging service"),
    ],
)
def test_a_sender_is_known_by_its_shape(sender, kind):
    assert made(sender=sender).sender_kind == kind
    assert is_alphanumeric(sender) is (kind == "alphanumeric")


@pytest.mark.parametrize(
    ("changes", "origin"),
    [
        ({}, "https://api.twilio.com"),
        ({"region": "ie1", "edge": "dublin"}, "https://api.dublin.ie1.twilio.com"),
        ({"edge": "dublin"}, "https://api.dublin.us1.twilio.com"),
        ({"region": "ie1"}, "https://api.ie1.twilio.com"),
        ({"base_url": "http://127.0.0.1:8080/"}, "http://127.0.0.1:8080"),
    ],
)
def test_requests_go_where_the_account_says(changes, origin):
    assert made(**changes).origin() == origin


def test_a_local_server_and_a_region_exclude_each_other():
    with pytest.raises(InvalidAccount, match="base_url"):
        made(base_url="http://127.0.0.1:1", region="ie1")


def test_the_token_is_in_no_repr():
    assert TOKEN not in repr(made())


@pytest.mark.parametrize("sender", ["LAIGLE", "36180", "MG" + "0" * 32])
def test_what_is_no_number_can_not_call(sender):
    with pytest.raises(InvalidAccount, match="sender"):
        Voice(made(sender=sender))
