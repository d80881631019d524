"""What a push may ask of a push service."""

import pytest

from channels.webpush import MAX_PLAINTEXT, PushMessage


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"payload": b""}, "payload"),
        ({"fallback": b""}, "fallback"),
        ({"fallback": b"x" * (MAX_PLAINTEXT + 1)}, "fallback"),
        ({"ttl_s": -1}, "ttl_s"),
        ({"urgency": "urgent"}, "urgency"),
        ({"topic": ""}, "topic"),
        ({"topic": "a" * 33}, "topic"),
        ({"topic": "crue de la Risle"}, "topic"),
        ({"topic": "a\r\nX: y"}, "topic"),
        ({"topic": "abc\n"}, "topic"),
        ({"topic": "é"}, "topic"),
    ],
)
def test_what_no_service_would_take_is_refused_by_name(wrong, told):
    right = {"payload": b"a", "fallback": b"b", "ttl_s": 0, "urgency": "low", "topic": "a" * 32}
    PushMessage(**right)
    with pytest.raises(ValueError, match=told):
        PushMessage(**right | wrong)


def test_the_shorter_payload_is_the_second_try_and_the_only_one_where_the_first_cannot_fit():
    assert PushMessage(b"long", b"short", 0).tries == (b"long", b"short")
    assert PushMessage(b"same", b"same", 0).tries == (b"same",)
    assert PushMessage(b"x" * (MAX_PLAINTEXT + 1), b"short", 0).tries == (b"short",)
