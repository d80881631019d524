from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import MultiDict
from twilio.request_validator import RequestValidator

from channels.twilio import CODES, Policy, StatusReport, parse_status, rule_for, verify

TOKEN = "12345"
URL = "https://tocsin.example/hooks/twilio/status?d=1"
MESSAGE = {"MessageSid": "SM" + "0" * 32, "MessageStatus": "delivered"}
CALL = {"CallSid": "CA" + "0" * 32, "CallStatus": "completed"}


def signed(url=URL, params=MESSAGE, token=TOKEN):
    return RequestValidator(token).compute_signature(url, params)


def test_the_example_of_twilios_documentation_is_verified():
    # https://www.twilio.com/docs/usage/security: its URL, parameters, token 12345 and signature.
    url = "https://example.com/myapp.php?foo=1&bar=2"
    params = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675310",
        "Digits": "1234",
        "From": "+14158675310",
        "To": "+18005551212",
    }
    assert verify(TOKEN, url, params, "L/OH5YylLD5NRKLltdqwSvS0BnU=")


@pytest.mark.parametrize(
    ("url", "params", "token"),
    [
        (URL + "2", MESSAGE, TOKEN),
        ("http" + URL[5:], MESSAGE, TOKEN),
        (URL, MESSAGE | {"MessageStatus": "failed"}, TOKEN),
        (URL, MESSAGE | {"ErrorCode": "30003"}, TOKEN),
        (URL, {}, TOKEN),
        (URL, MESSAGE, "12346"),
        (URL, MESSAGE, ""),
    ],
)
def test_a_request_that_was_tampered_with_is_refused(url, params, token):
    assert verify(token, url, params, signed()) is False


def test_the_port_may_stand_in_the_url_or_not():
    with_port = URL.replace("tocsin.example", "tocsin.example:443")
    assert verify(TOKEN, with_port, MESSAGE, signed())
    assert verify(TOKEN, URL, MESSAGE, signed(with_port))


def test_each_value_of_a_repeated_name_is_signed():
    params = MultiDict([("MessageSid", "a"), ("MessageSid", "b")])
    assert verify(TOKEN, URL, params, signed(params=params))
    assert not verify(TOKEN, URL, MultiDict([("MessageSid", "a")]), signed(params=params))


@pytest.mark.parametrize("signature", [None, "", "é" * 28, "a", "=" * 10_000, "\x00", "\ud800"])
def test_a_signature_without_sense_is_refused(signature):
    assert verify(TOKEN, URL, MESSAGE, signature) is False


@pytest.mark.parametrize("params", [{"a": object()}, {"a": b"x"}, {"a": "\ud800"}, {"\ud800": "a"}])
def test_params_without_sense_are_refused(params):
    assert verify(TOKEN, URL, params, signed()) is False


@pytest.mark.parametrize("url", ["", "http://[", "https://x:port/", "\ud800"])
def test_a_url_without_sense_is_refused(url):
    assert verify(TOKEN, url, MESSAGE, signed()) is False


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("accepted", "accepted"),
        ("scheduled", "accepted"),
        ("queued", "accepted"),
        ("sending", "accepted"),
        ("sent", "sent"),
        ("delivered", "delivered"),
        ("read", "displayed"),
        ("undelivered", "failed"),
        ("failed", "failed"),
        ("canceled", "failed"),
    ],
)
def test_each_status_of_a_message_has_its_state(status, state):
    report = parse_status(MESSAGE | {"MessageStatus": status})
    assert (report.kind, report.sid, report.state) == ("message", MESSAGE["MessageSid"], state)
    assert (report.policy is None) is (state != "failed")


@pytest.mark.parametrize(
    ("status", "state", "policy"),
    [
        ("queued", "accepted", None),
        ("initiated", "accepted", None),
        ("ringing", "sent", None),
        ("in-progress", "sent", None),
        ("completed", "delivered", None),
        ("busy", "failed", Policy.RETRY),
        ("no-answer", "failed", Policy.RETRY),
        ("failed", "failed", Policy.GIVE_UP),
        ("canceled", "failed", Policy.GIVE_UP),
    ],
)
def test_each_status_of_a_call_has_its_state(status, state, policy):
    report = parse_status(CALL | {"CallStatus": status})
    assert (report.kind, report.state, report.policy) == ("call", state, policy)


@pytest.mark.parametrize("code", sorted(code for code in CODES if 30_000 <= code < 31_000))
def test_each_code_of_a_delivery_has_its_policy(code):
    report = parse_status(MESSAGE | {"MessageStatus": "undelivered", "ErrorCode": str(code)})
    assert (report.code, report.policy, report.detail) == (f"twilio:{code}", *CODES[code])


def test_an_error_code_on_a_message_that_goes_on_is_no_failure():
    assert parse_status(MESSAGE | {"ErrorCode": "30003"}).policy is None


def test_an_unknown_code_of_a_delivery_gives_up_and_says_where_to_read():
    report = parse_status(MESSAGE | {"MessageStatus": "failed", "ErrorCode": "39999"})
    assert report.policy is Policy.GIVE_UP
    assert "errors/39999" in report.detail


@pytest.mark.parametrize(("sip", "policy"), [("404", Policy.GIVE_UP), ("486", Policy.RETRY), ("503", Policy.RETRY)])
def test_the_telephone_networks_code_says_whether_to_call_again(sip, policy):
    report = parse_status(CALL | {"CallStatus": "failed", "SipResponseCode": sip})
    assert (report.code, report.policy) == (f"twilio:sip{sip}", policy)


def test_who_answered_and_how_long_are_told():
    report = parse_status(CALL | {"AnsweredBy": "machine_end_beep", "CallDuration": "21"})
    assert (report.state, report.answered_by) == ("delivered", "machine")


def test_a_fax_has_not_heard_the_alert():
    report = parse_status(CALL | {"AnsweredBy": "fax"})
    assert (report.state, report.code, report.answered_by) == ("failed", "twilio:fax", "fax")


def test_asynchronous_detection_tells_who_answered_while_the_call_goes_on():
    report = parse_status({"CallSid": CALL["CallSid"], "AnsweredBy": "human"})
    assert (report.state, report.answered_by) == ("sent", "human")


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"MessageStatus": "sent"},
        {"MessageSid": "SM1", "MessageStatus": "sent"},
        {"MessageSid": MESSAGE["MessageSid"]},
        MESSAGE | {"MessageStatus": "received"},
        MESSAGE | {"MessageStatus": "sent\n"},
        {"CallSid": "x", "CallStatus": "ringing"},
        {"CallSid": CALL["CallSid"]},
        CALL | {"CallStatus": "?" * 100_000},
        {"CallSid": 5, "MessageSid": None, "SmsSid": b"SM"},
    ],
)
def test_what_is_no_status_is_refused_in_a_sentence(params):
    with pytest.raises(ValueError, match=r"^The callback.*\.$"):
        parse_status(params)


_NAMES = st.sampled_from(
    [
        "MessageSid",
        "SmsSid",
        "CallSid",
        "MessageStatus",
        "CallStatus",
        "ErrorCode",
        "AnsweredBy",
        "CallDuration",
        "SipResponseCode",
    ]
)
_VALUES = st.text(max_size=8) | st.sampled_from(
    [MESSAGE["MessageSid"], CALL["CallSid"], "failed", "sent", "busy", "30003", "9" * 20, "٣٠٠٠٣"]
)


@given(st.dictionaries(_NAMES, _VALUES | st.none() | st.integers()))
def test_whatever_comes_is_a_report_or_a_value_error(params):
    try:
        assert isinstance(parse_status(params), StatusReport)
    except ValueError as error:
        assert str(error).endswith(".")  # noqa: PT017 - one of two outcomes


def test_each_sentence_is_one():
    for code, rule in CODES.items():
        assert rule.sentence.endswith((".", "?")), code
        assert rule_for(500, code) == rule, code


def test_a_fault_of_one_country_or_carrier_never_stops_the_channel():
    for code in (21215, 21408, 21612, 30004, 30007, 30018, 30034):
        assert CODES[code].policy in {Policy.GIVE_UP, Policy.SENDER_REFUSED}
