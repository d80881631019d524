"""Delivery receipts in the forms that message centres give them."""

from __future__ import annotations

import pytest

from channels.sms.smpp.pdu import BadPdu, Delivered, Tag, length_of, read_deliver
from channels.sms.smpp.receipts import Report, read_receipt

USUAL = (
    "id:1B0042 sub:001 dlvrd:001 submit date:2611212125 done date:2611212126 stat:DELIVRD err:000 text:La Risle id:7"
)


def told(text, coding=0, **tlvs):
    return read_receipt(Delivered(4, coding, text.encode(), {Tag[name]: octets for name, octets in tlvs.items()}))


def test_the_usual_receipt_is_read_and_the_message_quoted_in_it_is_not():
    assert told(USUAL) == Report("1B0042", "delivered", "smpp:DELIVRD 000")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("id:7 stat:UNDELIV err:00A text:", Report("7", "failed", "smpp:UNDELIV 00A")),
        ("ID:7 Stat:expired Err:027 Text:stat:DELIVRD", Report("7", "failed", "smpp:EXPIRED 027")),
        ("id: 7 stat: REJECTD", Report("7", "failed", "smpp:REJECTD")),
        ("id:7 stat:ENROUTE err:0", Report("7", "pending", "smpp:ENROUTE 0")),
        ("id:7 stat:BUFFRED err:0", Report("7", "pending", "smpp:BUFFRED 0")),
        ("id:7 err:0", None),
        ("stat:DELIVRD", None),
        ("", None),
    ],
)
def test_what_centres_make_of_the_example_is_read_too(text, expected):
    assert told(text) == expected


def test_the_parameters_are_believed_before_the_text():
    report = told("id:0 stat:DELIVRD", RECEIPTED_MESSAGE_ID=b"abc\0", MESSAGE_STATE=b"\x05")
    assert report == Report("abc", "failed", "smpp:UNDELIV")


@pytest.mark.parametrize(
    ("octets", "dead"), [(b"\x03\0\x01", True), (b"\x03\0\x1b", False), (b"\x02\0\x01", False), (b"\x03\x01", False)]
)
def test_only_the_network_itself_can_say_that_a_subscriber_is_no_more(octets, dead):
    report = told("id:7 stat:UNDELIV err:001", NETWORK_ERROR_CODE=octets)
    assert report is not None
    assert report.dead is dead


@pytest.mark.parametrize("length", [0, 15, 1 << 20, 0xFFFFFFFF])
def test_a_length_that_no_unit_has_is_refused(length):
    with pytest.raises(BadPdu):
        length_of(length.to_bytes(4) + bytes(12))


@pytest.mark.parametrize("octets", [b"", b"\0", b"\0\x01\x0133\0\0\x05TOWN", b"\0" * 5 + b"\xff" * 3])
def test_a_unit_that_is_cut_off_is_refused_and_nothing_else_happens(octets):
    with pytest.raises(BadPdu):
        read_deliver(octets)
