import socket

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from channels.email import DkimKey, Email, SmtpConfig
from tests.servers.smtp import Fault, SmtpServer

SENDER = "alerte@laigle.fr"


def key(domain: str) -> DkimKey:
    pem = ed25519.Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return DkimKey(domain, "s1", pem.decode())


async def test_a_relay_that_is_well_is_found_well_and_nothing_is_sent():
    async with SmtpServer(starttls=True, credentials=("bob", "right")) as server:
        config = SmtpConfig.from_url(server.url, sender=SENDER, ca_file=server.ca_file, dkim=key("laigle.fr"))
        findings = await Email(config).probe()
        await server.wait_until_open(0)
        assert [finding.level for finding in findings] == ["ok"]
        assert "signed in (TLSv1.3)" in findings[0].what
        assert server.messages == []
        assert server.commands == ["AUTH", "QUIT"]


async def test_what_receivers_dislike_of_the_sender_is_a_warning():
    async with SmtpServer(size_limit=1000) as server:
        unsigned = SmtpConfig.from_url(server.url, sender="alerte@ville.example")
        elsewhere = SmtpConfig.from_url(server.url, sender=SENDER, dkim=key("aigle.fr"))
        whats = [
            [f.what for f in await Email(config).probe() if f.level == "warning"] for config in (unsigned, elsewhere)
        ]
        assert [what.split(" (")[0] for what in whats[0]] == [
            "the relay takes no e-mail above 1000 bytes",
            "the sender's domain ville.example is reserved",
            "e-mails are not signed here",
        ]
        assert whats[1][1:] == ["the DKIM domain aigle.fr is not the sender's laigle.fr"]


@pytest.mark.parametrize(
    ("fault", "code", "hint"),
    [
        (Fault("greeting", "554 5.7.1 blocked"), "smtp:554 5.7.1", "administrator"),
        (Fault("greeting", "421 4.7.0 too many"), "smtp:421 4.7.0", "pool"),
        (Fault("greeting", "hang"), "smtp:timeout", "firewall"),
        (Fault("starttls", "disconnect"), "smtp:tls", "587"),
        (Fault("auth", "535 5.7.8 no"), "smtp:535 5.7.8", "password"),
        (Fault("auth", "534 5.7.9 no"), "smtp:534 5.7.9", "application"),
    ],
    ids=lambda value: value.what if isinstance(value, Fault) else "",
)
async def test_each_trouble_is_an_error_with_a_hint(fault, code, hint):
    async with SmtpServer(starttls=True, credentials=("bob", "right")) as server:
        server.fail(fault)
        findings = await Email(
            SmtpConfig.from_url(f"{server.url}&timeout=0.4", sender=SENDER, ca_file=server.ca_file)
        ).probe()
        assert findings[0].level == "error"
        assert f"[{code}]" in findings[0].what
        assert hint in findings[0].hint


async def test_starttls_that_is_not_offered_is_an_error_with_a_hint():
    async with SmtpServer() as server:
        findings = await Email(
            SmtpConfig.from_url(f"smtp://127.0.0.1:{server.port}?starttls=required", sender=SENDER)
        ).probe()
        assert (findings[0].level, "587" in findings[0].hint) == ("error", True)


async def test_a_certificate_that_proves_nothing_is_an_error_with_a_hint():
    async with SmtpServer(starttls=True) as server:
        findings = await Email(SmtpConfig.from_url(server.url, sender=SENDER)).probe()
        assert "certificate" in findings[0].hint


async def test_a_blocked_port_is_an_error_with_a_hint():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"smtp://127.0.0.1:{taken.getsockname()[1]}"
        findings = await Email(SmtpConfig.from_url(url, sender=SENDER)).probe()
    assert findings[0].level == "error"
    assert "port 25" in findings[0].hint
