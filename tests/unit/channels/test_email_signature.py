import base64
import re
from types import SimpleNamespace

import dkim
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from channels.email import DkimKey, Email, InvalidDkimKey, Mail, MailTemplate, SmtpConfig

TEMPLATE = MailTemplate(
    "Crue de la Risle : évacuez", "Bonjour {{name}} é\n.\n\n\n", "<p>{{name}}</p>", "fr", "laigle.ville.example",
    urgent=True, placeholders=("name",),
)  # fmt: skip
MAIL = Mail(TEMPLATE, "a1.p2", "https://tocsin.example/u/1", {"name": "Zoé " * 40}, references="a0.p2")


def pem(key) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def record(key) -> bytes:
    """The TXT record that publishes the key (RFC 6376 section 3.6.1, RFC 8463 section 4)."""
    if isinstance(key, rsa.RSAPrivateKey):
        public = key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return b"v=DKIM1; k=rsa; p=" + base64.b64encode(public)
    public = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return b"v=DKIM1; k=ed25519; p=" + base64.b64encode(public)


RSA = rsa.generate_private_key(65537, 2048)


def signed(key) -> bytes:
    config = SmtpConfig.from_url(
        "smtp://127.0.0.1", sender="Mairie <alerte@ville.example>", dkim=DkimKey("ville.example", "s2026", pem(key))
    )
    return Email(config).compose(MAIL, "bob@example.com").wire


def verified(wire: bytes, key=RSA) -> bool:
    def txt(name, timeout=5):
        assert name == b"s2026._domainkey.ville.example."
        return record(key)

    return dkim.verify(wire, dnsfunc=txt)


def test_a_signature_is_one_that_dkimpy_verifies():
    assert verified(signed(RSA))


class VerifyKey:
    """What dkimpy asks of pynacl, which is not installed, by way of cryptography."""

    def __init__(self, encoded, encoder):
        self._key = ed25519.Ed25519PublicKey.from_public_bytes(base64.b64decode(encoded))

    def verify(self, digest, signature):
        self._key.verify(signature, digest)


def test_an_ed25519_signature_is_one_that_dkimpy_verifies(monkeypatch):
    nacl = SimpleNamespace(
        signing=SimpleNamespace(VerifyKey=VerifyKey),
        encoding=SimpleNamespace(Base64Encoder=None),
        exceptions=SimpleNamespace(ValueError=ValueError, BadSignatureError=InvalidSignature),
    )
    monkeypatch.setattr(dkim, "nacl", nacl, raising=False)
    key = ed25519.Ed25519PrivateKey.generate()
    wire = signed(key)
    assert verified(wire, key)
    assert not verified(wire.replace(b"To: bob@", b"To: eve@"), key)


@pytest.mark.parametrize(
    ("there", "instead"),
    [
        (b"Zo=C3=A9", b"Bob"),
        (b"<https://tocsin.example/u/1>", b"<https://evil.example/u/1>"),
        (b"List-Unsubscribe=One-Click", b"List-Unsubscribe=Two-Click"),
        (b"To: bob@", b"To: eve@"),
        (b"Subject: ", b"Subject: Fausse alerte "),
    ],
)
def test_a_changed_field_breaks_the_signature(there, instead):
    wire = signed(RSA)
    assert there in wire
    assert not verified(wire.replace(there, instead))


@pytest.mark.parametrize("name", [b"From", b"To", b"Subject", b"Date", b"List-Unsubscribe", b"List-Unsubscribe-Post"])
def test_a_second_field_put_on_top_which_readers_would_believe_breaks_the_signature(name):
    assert not verified(name + b": Eve <eve@example.com>\r\n" + signed(RSA))


def test_the_way_of_a_mail_through_relays_that_unfold_headers_keeps_the_signature():
    head, _, body = signed(RSA).partition(b"\r\n\r\n")
    assert verified(re.sub(rb"\r\n[ \t]+", b" ", head) + b"\r\n\r\n" + body)


def test_the_fields_to_unsubscribe_are_signed_as_rfc_8058_asks():
    header = re.search(rb"DKIM-Signature:.*?\r\n(?! )", signed(RSA), re.DOTALL)[0]
    names = re.sub(rb"\s", b"", re.search(rb"\r\n h=(.*?);", header, re.DOTALL)[1]).split(b":")
    assert {b"list-unsubscribe", b"list-unsubscribe-post", b"list-id", b"from", b"subject", b"references"} <= set(names)
    assert max(map(len, header.split(b"\r\n"))) <= 78


@pytest.mark.parametrize(
    ("domain", "private_key"),
    [
        ("ville.example", "-----BEGIN PRIVATE KEY-----\ns3cret\n-----END PRIVATE KEY-----\n"),
        ("ville.example", ""),
        ("ville.example", pem(ec.generate_private_key(ec.SECP256R1()))),
        ("ville.example; d=evil.example", pem(RSA)),
        ("Ville\r\n.example", pem(RSA)),
    ],
)
def test_a_key_that_cannot_sign_is_refused_without_being_shown(domain, private_key):
    with pytest.raises(InvalidDkimKey) as refused:
        DkimKey(domain, "s2026", private_key)
    assert "s3cret" not in f"{refused.value!r}{refused.value.__context__!r}{refused.value.__cause__!r}"


def test_a_key_is_never_shown():
    key = DkimKey("ville.example", "s2026", pem(RSA))
    assert "PRIVATE" not in repr(key)
