"""The URL of a message centre: what it may say, and that nothing of it is ever shown."""

from __future__ import annotations

import pytest

from broadcaster.domain.setup_sentences import SETUP_SENTENCES
from channels.provider_urls import InvalidProviderUrl
from channels.sms.smpp import SmppConfig
from channels.sms.smpp.pdu import Address

URL = "smpp://mairie:s3cret%25@smsc.example:2776?from=%2B33199000000"


def test_a_url_says_it_all():
    config = SmppConfig.from_url(URL + "&tls=yes&window=5&timeout=2.5&enquire=10&long=payload&ids=hex&system_type=WEB")
    assert (config.host, config.port, config.system_id, config.password) == ("smsc.example", 2776, "mairie", "s3cret%")
    assert (config.sender, config.tls, config.window, config.timeout_s) == ("+33199000000", True, 5, 2.5)
    assert (config.enquire_s, config.long, config.ids, config.system_type) == (10.0, "payload", "hex", "WEB")
    assert SmppConfig.from_url("smpp://a:b@h?from=+33199000000").port == 2775


@pytest.mark.parametrize(
    ("sender", "source"),
    [
        ("+33199000000", Address(1, 1, "33199000000")),
        ("36180", Address(3, 0, "36180")),
        ("MAIRIE", Address(5, 0, "MAIRIE")),
    ],
)
def test_each_kind_of_sender_has_its_type_of_number(sender, source):
    assert SmppConfig.from_url(f"smpp://a:b@h?from={sender}").source == source


def test_a_carrier_that_wants_another_type_gets_it():
    assert SmppConfig.from_url("smpp://a:b@h?from=36180&ton=0&npi=1").source == Address(0, 1, "36180")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://a:b@h?from=TOWN",
        "smpp://a:s3cret@h",
        "smpp://a:s3cret@h?from=",
        "smpp://a:s3cret@h?from=A+NAME+THAT+IS+TOO+LONG",
        "smpp://a:s3cret@h?from=TOWN&from=TOWN",
        "smpp://a:s3cret@h?from=TOWN&colour=red",
        "smpp://a:s3cret@h?from=TOWN&tls=perhaps",
        "smpp://a:s3cret@h?from=TOWN&window=0.5",
        "smpp://a:s3cret@h?from=TOWN&timeout=0",
        "smpp://a:s3cret@h?from=TOWN&long=short",
        "smpp://a:s3cret@h?from=TOWN&ids=roman",
        "smpp://a:s3cret@h?from=TOWN&ton=9",
        "smpp://a:s3cret@h:0?from=TOWN",
        "smpp://a:s3cret@h:99999?from=TOWN",
        "smpp://a:s3cret99@h?from=TOWN#x",
        "smpp://a:s3cret789@h?from=TOWN",
        "smpp://:s3cret@h?from=TOWN",
        "smpp://a:s3cret/x@h?from=TOWN",
        "smpp://a:s3crét@h?from=TOWN",
    ],
)
def test_what_can_not_work_is_refused_in_a_sentence_without_the_password(url):
    with pytest.raises(InvalidProviderUrl) as caught:
        SmppConfig.from_url(url)
    assert "s3cr" not in str(caught.value)
    assert caught.value.code in SETUP_SENTENCES


def test_a_config_that_is_shown_hides_the_password():
    assert "s3cret" not in repr(SmppConfig.from_url(URL))
