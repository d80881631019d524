"""What an answer means: the tables, Retry-After, and what of an answer may be repeated."""

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from channels.errors import ChannelError, Gone, Misconfigured, Permanent, SenderRefused, Transient
from channels.transport.retry_after import MAX_RETRY_AFTER_S, retry_after_s
from channels.webpush.answers import TAKEN, Answer, excerpt, judge

NOW = datetime(2026, 10, 21, 12, 0, tzinfo=UTC).timestamp()


def answer(status, body="", **headers):
    return Answer(status, CIMultiDict({name.replace("_", "-"): value for name, value in headers.items()}), body)


def judged(given, *, proven=False):
    return judge(given, "push.example", now=NOW, proven=proven)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("120", 120.0),
        (" 7 ", 7.0),
        ("999999999999", MAX_RETRY_AFTER_S),
        ("9" * 400, MAX_RETRY_AFTER_S),
        ("Wed, 21 Oct 2026 12:01:30 GMT", 90.0),
        ("Wednesday, 21-Oct-26 12:01:30 GMT", 90.0),
        ("Wed Oct 21 12:01:30 2026", 90.0),
        ("Wed, 21 Oct 2026 11:00:00 GMT", 0.0),
        ("Wed, 21 Oct 2099 11:00:00 GMT", MAX_RETRY_AFTER_S),
        ("Wed, 21 Oct 2026 14:01:30 +0200", 90.0),
    ],
)
def test_retry_after_is_read_in_both_forms_and_bounded(value, seconds):
    assert retry_after_s(value, NOW) == pytest.approx(seconds)


@pytest.mark.parametrize("value", [None, "", "soon", "-5", "1.5", "1e3", "nan", "inf", "٣", "Wed, 99 Foo 2026", ","])
def test_a_retry_after_that_says_nothing_is_none(value):
    assert retry_after_s(value, NOW) is None


@given(st.text(max_size=80))
def test_no_retry_after_breaks_us(value):
    seconds = retry_after_s(value, NOW)
    assert seconds is None or 0 <= seconds <= MAX_RETRY_AFTER_S


@given(st.datetimes(timezones=st.just(UTC), min_value=datetime(1970, 1, 2), max_value=datetime(9990, 1, 1)))  # noqa: DTZ001
def test_every_http_date_is_a_wait_between_none_and_a_day(when):
    seconds = retry_after_s(format_datetime(when, usegmt=True), NOW)
    assert seconds == pytest.approx(min(max(int(when.timestamp()) - NOW, 0), MAX_RETRY_AFTER_S))


@pytest.mark.parametrize(
    ("given", "error", "code"),
    [
        (answer(404), Gone, "push:404"),
        (answer(410, '{"errno":106}'), Gone, "push:410"),
        (answer(413), Permanent, "push:413"),
        (answer(429, Retry_After="5"), Transient, "push:429"),
        (answer(406), Transient, "push:406"),
        (answer(500), Transient, "push:500"),
        (answer(503), Transient, "push:503"),
        (answer(400, "bad"), Permanent, "push:400"),
        (answer(302, Location="http://127.0.0.1/"), Permanent, "push:302"),
        (answer(203), Permanent, "push:203"),
        (answer(700), Permanent, "push:700"),
        (answer(401), Misconfigured, "push:401"),
        (answer(403, "permission denied"), Misconfigured, "push:403"),
        (answer(403, "permission denied: invalid JWT provided\n"), Misconfigured, "push:vapid"),
        (answer(403, '{"reason":"BadJwtToken"}'), Misconfigured, "push:vapid"),
        (answer(401, '{"code":401,"errno":109,"message":"Invalid VAPID token: …"}'), Misconfigured, "push:vapid"),
        (answer(401, X_WNS_Error_Description="JWT Authentication Failed, …"), Misconfigured, "push:vapid"),
        (answer(400, '{"reason":"VapidPkHashMismatch"}'), SenderRefused, "push:other-key"),
        (answer(403, '{"reason":"VapidPkHashMismatch"}'), SenderRefused, "push:other-key"),
        (
            answer(403, "the VAPID credentials in the authorization header do not correspond to the credentials used"),
            SenderRefused,
            "push:other-key",
        ),
        (answer(401, '{"errno":109,"message":"VAPID public key mismatch"}'), SenderRefused, "push:other-key"),
        (
            answer(401, X_WNS_ERROR_DESCRIPTION="the public key is not the channel Url's"),
            SenderRefused,
            "push:other-key",
        ),
        (answer(201, X_WNS_NotificationStatus="dropped"), Permanent, "push:dropped"),
        (answer(200, X_WNS_NotificationStatus="channelThrottled"), Transient, "push:throttled"),
    ],
)
def test_an_answer_means_what_the_table_says(given, error, code):
    found = judged(given)
    assert type(found) is error
    assert found.code == code


@pytest.mark.parametrize("status", sorted(TAKEN))
def test_a_message_that_was_taken_is_no_error(status):
    assert judged(answer(status)) is None


@pytest.mark.parametrize("given", [answer(401), answer(403, "BadJwtToken"), answer(403)])
def test_one_refusal_does_not_stop_a_channel_whose_signature_was_taken(given):
    assert type(judged(given, proven=False)) is Misconfigured
    assert type(judged(given, proven=True)) is Permanent


@pytest.mark.parametrize(("status", "perhaps"), [(500, False), (502, True), (503, False), (504, True), (206, True)])
def test_only_a_gateway_or_a_strange_success_may_have_taken_it(status, perhaps):
    assert judged(answer(status)).may_have_left is perhaps


@given(st.integers(0, 1200), st.text(max_size=300), st.text(max_size=30), st.booleans())
def test_whatever_the_answer_it_is_a_receipt_or_a_channel_error(status, body, retry_after, proven):
    found = judged(answer(status, body, Retry_After=retry_after, X_WNS_Error_Description=body), proven=proven)
    assert found is None or isinstance(found, ChannelError)
    assert (found is None) is (status in TAKEN)


def test_what_is_repeated_of_an_answer_holds_no_address_and_is_short():
    page = "<p>The requested URL /fcm/send/cVH8wFqvCCg:APA91bE9sGPsUrzr was not found\x00\x1b[31m" + "no " * 300
    told = excerpt(page)
    assert "APA91bE9sGPsUrzr" not in told
    assert told.isprintable()
    assert len(told) <= 160
