"""Keys in every form the tools write, subjects that every service takes, and a header signed once an hour."""

import subprocess

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from py_vapid import Vapid02

from channels.encoding import from_base64url, to_base64url
from channels.webpush import InvalidVapidKey, VapidKey, is_subject, subject_warning
from channels.webpush.vapid import LIFETIME_S, RENEW_AFTER_S, Signature
from tests.servers.push import verify

ORIGIN = "https://fcm.googleapis.com"
SUBJECT = "mailto:ops@example.org"


def pem(key, form, password=None):
    hidden = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, form, hidden)


def test_one_key_is_read_from_every_form_it_is_written_in():
    key = ec.generate_private_key(ec.SECP256R1())
    pkcs8 = pem(key, serialization.PrivateFormat.PKCS8)
    sec1 = pem(key, serialization.PrivateFormat.TraditionalOpenSSL)
    der = key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    ours = VapidKey(key)
    forms = [pkcs8, pkcs8.decode() + "\n\n", sec1, to_base64url(der), ours.to_raw(), ours.to_raw() + "="]
    assert {VapidKey.load(form).public for form in forms} == {ours.public}
    assert from_base64url(ours.public)[0] == 4


def test_the_key_of_the_vapid_tool_and_of_openssl_are_read(tmp_path):
    theirs = Vapid02()
    theirs.generate_keys()
    theirs.save_key(str(tmp_path / "private_key.pem"))
    assert VapidKey.load((tmp_path / "private_key.pem").read_text()).public == VapidKey(theirs.private_key).public
    made = subprocess.run(
        ["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout"], capture_output=True, check=True
    )
    assert len(from_base64url(VapidKey.load(made.stdout).public)) == 65


def test_a_raw_key_whose_first_octets_are_zero_keeps_its_length():
    key = VapidKey(ec.derive_private_key(7, ec.SECP256R1()))
    assert len(from_base64url(key.to_raw())) == 32
    assert VapidKey.load(key.to_raw()).public == key.public


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not a key",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
        to_base64url(b"\x00" * 32),
        to_base64url(b"\xff" * 32),
        VapidKey.generate().public,
        pem(ec.generate_private_key(ec.SECP384R1()), serialization.PrivateFormat.PKCS8),
        pem(ed25519.Ed25519PrivateKey.generate(), serialization.PrivateFormat.PKCS8),
        pem(ec.generate_private_key(ec.SECP256R1()), serialization.PrivateFormat.PKCS8, b"secret"),
        "clé",
        b"\xff\xfe",
    ],
    ids=lambda text: f"{type(text).__name__} of {len(text)}",  # the same in every process: keys are made anew
)
def test_what_is_no_private_key_of_p256_is_refused_without_being_quoted(text):
    with pytest.raises(InvalidVapidKey) as caught:
        VapidKey.load(text)
    quoted = text if isinstance(text, str) else text.decode("latin-1")
    assert not quoted or quoted not in str(caught.value)


def test_the_private_half_never_shows():
    key = VapidKey.generate()
    assert key.to_raw() not in repr(key)


@pytest.mark.parametrize(
    "subject", [SUBJECT, "mailto:o.p+s@mairie.laigle.fr", "https://laigle.fr", "https://laigle.fr:8443/contact?x=1"]
)
def test_a_reachable_subject_is_taken(subject):
    assert is_subject(subject)
    assert subject_warning(subject) is None


@pytest.mark.parametrize(
    "subject",
    [
        "",
        "ops@example.org",
        "mailto:",
        "mailto:ops",
        "mailto: ops@example.org",
        "mailto:<ops@example.org>",
        "mailto:ops@example.org ",
        "mailto:ops@example.org\n",
        "mailto:a@b@example.org",
        "http://example.org",
        "https://",
        "https://exa mple.org",
        "mailto:" + "a" * 250 + "@example.org",
    ],
)
def test_a_malformed_subject_is_refused(subject):
    assert not is_subject(subject)


@pytest.mark.parametrize(
    "subject", ["mailto:root@localhost", "mailto:ops@box.local", "https://localhost:8080", "https://box"]
)
def test_a_subject_that_apple_would_refuse_is_warned_of(subject):
    assert is_subject(subject)
    assert "Apple" in (subject_warning(subject) or "")


def test_a_header_is_signed_once_and_renewed_within_the_hour_that_follows():
    now = [1_800_000_000.0]
    key = VapidKey.generate()
    signature = Signature(key, SUBJECT, ORIGIN, lambda: now[0])
    first = signature.header()
    signature.proven = True
    now[0] += RENEW_AFTER_S - 1
    assert signature.header() == first
    assert signature.proven
    now[0] += 1
    second = signature.header()
    assert second != first
    assert not signature.proven
    claims, signer = verify(second)
    assert claims == {"aud": ORIGIN, "sub": SUBJECT, "exp": int(now[0]) + LIFETIME_S}
    assert signer == key.public


def test_a_clock_that_was_set_back_does_not_keep_a_header_of_the_future():
    now = [1_800_000_000.0]
    signature = Signature(VapidKey.generate(), SUBJECT, ORIGIN, lambda: now[0])
    first = signature.header()
    now[0] -= 86_400
    assert signature.header() != first
    assert verify(signature.header())[0]["exp"] == int(now[0]) + LIFETIME_S


def test_pywebpush_own_verification_holds_of_our_header():
    assert Vapid02.verify(VapidKey.generate().sign(ORIGIN, SUBJECT, 1_900_000_000).replace(", ", ","))
