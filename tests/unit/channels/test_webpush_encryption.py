"""The contract of both encryptions, pywebpush's and our own of the bulk: RFC 8291's example, each other, bad keys."""

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from channels.encoding import from_base64url, to_base64url
from channels.encryption import seal
from channels.webpush import MAX_PLAINTEXT
from channels.webpush.encryption import encrypt

# RFC 8291, section 5 and appendix A.
PLAINTEXT = b"When I grow up, I want to be a watermelon"
SERVER_PRIVATE = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
DEVICE_PRIVATE = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"
DEVICE_PUBLIC = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
AUTH = "BTBZMqHH6r4Tts7J_aSIgg"
SALT = "DGv6ra1nlYgDCS1FRnbzlw"
BODY = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27ml"
    "mlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPT"
    "pK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)


def key_of(text: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(from_base64url(text)), ec.SECP256R1())


def by_pywebpush(monkeypatch):
    """Its key and salt are fresh; here they are the example's."""
    monkeypatch.setattr(ec, "generate_private_key", lambda *_: key_of(SERVER_PRIVATE))
    monkeypatch.setattr(http_ece.os, "urandom", lambda _: from_base64url(SALT))
    return encrypt(PLAINTEXT, DEVICE_PUBLIC, AUTH)


def by_ourselves(_):
    return seal(PLAINTEXT, DEVICE_PUBLIC, AUTH, private_key=key_of(SERVER_PRIVATE), salt=from_base64url(SALT))


@pytest.mark.parametrize("body_of_the_example", [by_pywebpush, by_ourselves])
def test_the_example_of_rfc_8291_holds_byte_for_byte(body_of_the_example, monkeypatch):
    assert to_base64url(body_of_the_example(monkeypatch)) == BODY


@pytest.fixture(params=[encrypt, seal], ids=["pywebpush", "ours"])
def encryption(request):
    return request.param


def test_every_message_has_a_key_and_a_salt_of_its_own_and_the_device_reads_each(encryption):
    first, second = encryption(PLAINTEXT, DEVICE_PUBLIC, AUTH), encryption(PLAINTEXT, DEVICE_PUBLIC, AUTH)
    assert first[:16] != second[:16]
    assert first[21:86] != second[21:86]
    for body in (first, second):
        assert http_ece.decrypt(body, private_key=key_of(DEVICE_PRIVATE), auth_secret=from_base64url(AUTH)) == PLAINTEXT


def test_the_longest_plaintext_fills_4096_octets_exactly(encryption):
    assert len(encryption(b"x" * MAX_PLAINTEXT, DEVICE_PUBLIC, AUTH)) == 4096


@pytest.mark.parametrize("point", ["", "BCVx", "!!", DEVICE_PUBLIC[:-4] + "AAAA", "A" * 87])
def test_an_invalid_key_is_a_value_error(encryption, point):
    with pytest.raises(ValueError, match=r".*"):
        encryption(PLAINTEXT, point, AUTH)
    with pytest.raises(ValueError, match=r".*"):
        encryption(PLAINTEXT, DEVICE_PUBLIC, AUTH + "AA")
