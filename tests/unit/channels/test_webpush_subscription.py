"""What we accept as the address of a device, and where we would ever send."""

import json
import re

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from channels.encoding import from_base64url, to_base64url
from channels.webpush import KNOWN_ORIGINS, InvalidSubscription, PushSubscription, VapidKey, WebPushConfig, allowed
from channels.webpush.origins import concrete, origin_of

POINT = ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
AUTH = bytes(range(16))
ENDPOINT = "https://fcm.googleapis.com/fcm/send/cVH8wFqvCCg:APA91bE9sGPsUrzr"


def browser(**changes):
    keys = {"p256dh": to_base64url(POINT), "auth": to_base64url(AUTH)}
    return {"endpoint": ENDPOINT, "expirationTime": None, "keys": keys} | changes


def with_keys(**changes):
    return browser(keys=browser()["keys"] | changes)


def test_a_browsers_json_is_read_and_written_again():
    subscription = PushSubscription.parse(browser(), KNOWN_ORIGINS)
    assert subscription.endpoint == subscription.canonical == ENDPOINT
    assert from_base64url(subscription.p256dh) == POINT
    assert PushSubscription.parse(json.loads(json.dumps(subscription.to_json()))) == subscription


def test_padding_makes_no_other_subscription():
    padded = with_keys(p256dh=browser()["keys"]["p256dh"] + "=", auth=browser()["keys"]["auth"] + "==")
    assert PushSubscription.parse(padded) == PushSubscription.parse(browser())


def test_neither_endpoint_nor_keys_show_in_a_repr():
    text = repr(PushSubscription.parse(browser()))
    assert "fcm" not in text
    assert to_base64url(AUTH) not in text


WRONG = [
    (None, "subscription"),
    ([], "subscription"),
    ("{}", "subscription"),
    ({}, "endpoint"),
    (browser(endpoint=7), "endpoint"),
    (browser(endpoint=""), "endpoint"),
    (browser(endpoint="https://fcm.googleapis.com/" + "a" * 2048), "endpoint"),
    (browser(endpoint="http://fcm.googleapis.com/a"), "endpoint"),
    (browser(endpoint="ftp://fcm.googleapis.com/a"), "endpoint"),
    (browser(endpoint="https://user@fcm.googleapis.com/a"), "endpoint"),
    (browser(endpoint="https://fcm.googleapis.com/a b"), "endpoint"),
    (browser(endpoint="https://fcm.googleapis.com/a\r\nHost: x"), "endpoint"),
    (browser(endpoint="//fcm.googleapis.com/a"), "endpoint"),
    (browser(endpoint="fcm.googleapis.com/a"), "endpoint"),
    (browser(keys=None), "keys"),
    (browser(keys=["p256dh"]), "keys"),
    (with_keys(p256dh=None), "keys.p256dh"),
    (with_keys(p256dh="B" * 129), "keys.p256dh"),
    (with_keys(p256dh="é" * 87), "keys.p256dh"),
    (with_keys(p256dh=to_base64url(POINT[:64])), "keys.p256dh"),
    (with_keys(p256dh=to_base64url(POINT[:64] + bytes([POINT[64] ^ 1]))), "keys.p256dh"),
    (with_keys(p256dh=to_base64url(b"\x02" + POINT[1:])), "keys.p256dh"),
    (with_keys(p256dh=to_base64url(b"\x00" * 65)), "keys.p256dh"),
    (with_keys(auth=to_base64url(AUTH[:15])), "keys.auth"),
    (with_keys(auth=to_base64url(AUTH + b"x")), "keys.auth"),
    (with_keys(auth=AUTH), "keys.auth"),
    (with_keys(auth="=" * 22), "keys.auth"),
]


@pytest.mark.parametrize(("obj", "field"), WRONG)
def test_a_wrong_subscription_is_refused_by_the_name_of_its_field(obj, field):
    with pytest.raises(InvalidSubscription) as caught:
        PushSubscription.parse(obj)
    assert caught.value.field == field
    assert isinstance(caught.value, ValueError)


def test_a_server_nobody_allowed_is_refused_when_the_origins_are_given():
    obj = browser(endpoint="https://push.example.org/a")
    PushSubscription.parse(obj)
    with pytest.raises(InvalidSubscription, match="endpoint"):
        PushSubscription.parse(obj, KNOWN_ORIGINS)


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=90),
        lambda inner: (
            st.dictionaries(st.sampled_from(["endpoint", "keys", "p256dh", "auth"]), inner, max_size=4)
            | st.lists(inner, max_size=3)
        ),
    )
)
def test_whatever_json_comes_only_invalid_subscription_is_raised(obj):
    with pytest.raises(InvalidSubscription):
        PushSubscription.parse(obj)


@pytest.mark.parametrize(
    "endpoint",
    [
        ENDPOINT,
        "https://FCM.googleapis.com:443/fcm/send/x",
        "https://jmt17.google.com/fcm/send/x",
        "https://updates.push.services.mozilla.com/wpush/v2/gAAAA-_",
        "https://web.push.apple.com/QP",
        "https://a.b.push.apple.com/QP",
        "https://wns2-par02p.notify.windows.com/w/?token=BQYAAAA%2f3d",
    ],
)
def test_the_known_push_services_are_allowed(endpoint):
    assert allowed(endpoint, KNOWN_ORIGINS)


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://127.0.0.1/x",
        "http://127.0.0.1:80/x",
        "http://fcm.googleapis.com/x",
        "https://fcm.googleapis.com:8443/x",
        "https://fcm.googleapis.com./x",
        "https://fcm.googleapis.com.evil.example/x",
        "https://evil-fcm.googleapis.com/x",
        "https://fcm.googleapis.com@evil.example/x",
        "https://fcm.googleapis.com\\@evil.example/x",
        "https://fcm.googleapis.com#@evil.example/x",
        "https://evil.example#.push.apple.com/x",
        "https://evil.example/.push.apple.com",
        "https://evil.example?.push.apple.com",
        "https://push.apple.com/x",
        "https://notpush.apple.com/x",
        "http://a.push.apple.com/x",
        "https://a.push.apple.com:8443/x",
        "https://web.push.apple.com:99999/x",
        "https://web.push.apple.com:0/x",
        "https://.push.apple.com/x",
        "https://a..push.apple.com/x",
        "https://[::1]/x",
        "https://2130706433/x",
        "https://fcm.googleapis.com/\n",
        "",
    ],
)
def test_nothing_else_is_allowed(endpoint):
    assert not allowed(endpoint, KNOWN_ORIGINS)


def test_loopback_is_allowed_only_where_it_is_named_with_its_port():
    origins = ("http://127.0.0.1:8081",)
    assert allowed("http://127.0.0.1:8081/push/x", origins)
    assert not allowed("http://127.0.0.1:8082/push/x", origins)
    assert not allowed("https://127.0.0.1:8081/push/x", origins)
    assert not allowed("http://localhost:8081/push/x", origins)


@pytest.mark.parametrize(
    "origin",
    ["http://push.example.org", "*.com", "*", "*.*.com", "https://*.push.example", "ftp://a.b", "a b", "a/b", ""],
)
def test_an_origin_that_is_none_is_refused_when_the_channel_is_configured(origin):
    with pytest.raises(ValueError, match=re.escape(f"origin={origin}")):
        WebPushConfig(VapidKey.generate(), "mailto:ops@example.org", (origin,))


def test_the_origins_that_name_one_server_are_known():
    assert concrete(("*.push.apple.com", "Web.push.apple.com", "https://a.example:444")) == [
        "https://web.push.apple.com",
        "https://a.example:444",
    ]


@given(st.text(max_size=60))
def test_an_origin_never_holds_more_than_a_scheme_a_host_and_a_port(tail):
    origin = origin_of("https://web.push.apple.com" + tail)
    assert origin is None or re.fullmatch(r"https://[a-z0-9.-]+(:[1-9][0-9]*)?", origin)
