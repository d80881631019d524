import asyncio
import base64
import email.policy

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from channels.email import DkimKey, Email, InlineImage, Mail, MailTemplate, SmtpConfig
from channels.errors import Gone, Misconfigured, Permanent
from channels.sandbox import Sandbox
from tests.servers.smtp import Fault, SmtpServer

SENDER = "Mairie de L’Aigle <alerte@ville.example>"
PIXEL = bytes(range(256)) * 8
TEMPLATE = MailTemplate(
    subject="Crue de la Risle : évacuez les quartiers bas de L’Aigle sans attendre 🌊",
    text="Bonjour {{name}},\n.\n..\nÉvacuez. " + "long " * 400 + "\n\n{{unsubscribe_url}}\n",
    html='<p>Bonjour {{name}}</p><img src="cid:carte@tocsin" alt="Carte"><a href="{{unsubscribe_url}}">x</a>',
    language="fr",
    list_id="laigle.ville.example",
    images=(InlineImage("carte@tocsin", PIXEL, "image/png", "Carte"),),
    urgent=True,
    placeholders=("name", "unsubscribe_url"),
)


def mail(number: int = 0) -> Mail:
    return Mail(
        TEMPLATE, f"alert-1.p{number}", f"https://tocsin.example/u/{number}?a=1&b=2", {"name": f"Zoé & {number}"}
    )


def config(server: SmtpServer, **changes) -> SmtpConfig:
    options = "".join(f"&{name}={value}" for name, value in changes.items())
    return SmtpConfig.from_url(server.url + options, sender=SENDER, ca_file=server.ca_file)


async def test_two_hundred_mails_at_once_arrive_once_each_at_the_right_person():
    async with SmtpServer() as server:
        channel = Email(config(server, pool=5))
        receipts = await asyncio.gather(*(channel.send(mail(n), f"p{n}@example.com") for n in range(200)))
        await channel.close()
        assert len(server.messages) == 200
        assert server.most_open == server.connections == 5
        assert len({receipt.provider_id for receipt in receipts}) == 200
        assert receipts[0].provider_id.startswith("4Q")
        by_person = {received.recipients[0]: received for received in server.messages}
        assert len(by_person) == 200
        for n in range(200):
            received = by_person[f"p{n}@example.com"]
            message = received.parsed
            assert received.recipients == [message["To"]] == [f"p{n}@example.com"]
            assert received.sender == "alerte@ville.example"
            assert message["Subject"] == TEMPLATE.subject
            assert message["Message-ID"] == f"<alert-1.p{n}@ville.example>"
            assert message["List-Unsubscribe"] == f"<https://tocsin.example/u/{n}?a=1&b=2>"
            plain = message.get_body(("plain",)).get_content().replace("\r\n", "\n")
            assert plain.startswith(f"Bonjour Zoé & {n},\n.\n..\nÉvacuez. long long")
            assert plain.endswith(f"long \n\nhttps://tocsin.example/u/{n}?a=1&b=2\n")
            markup = message.get_body(("html",)).get_content()
            assert f"<p>Bonjour Zoé &amp; {n}</p>" in markup
            assert f'href="https://tocsin.example/u/{n}?a=1&amp;b=2"' in markup
            assert next(part for part in message.walk() if part["Content-ID"]).get_content() == PIXEL


async def test_what_arrives_is_byte_for_byte_what_was_composed():
    async with SmtpServer() as server:
        channel = Email(config(server))
        fixed = Mail(MailTemplate(".\r\n.".strip("\r\n.") or "Point", ".\n.a\n..\n", ".", "fr", "l.example"), "m1")
        composed = channel.compose(fixed, "bob@example.com")
        await channel.send(fixed, "bob@example.com")
        await channel.close()
        stripped = [wire.replace(wire[wire.index(b"Date:") : wire.index(b"Message-ID")], b"") for wire in
                    (composed.wire, server.messages[0].raw)]  # fmt: skip
        assert stripped[0] == stripped[1]


@pytest.mark.parametrize("tls", [{"starttls": True}, {"implicit_tls": True}])
async def test_mail_crosses_tls_signed_in(tls):
    async with SmtpServer(credentials=("bob", "s3cr3t"), **tls) as server:
        channel = Email(config(server))
        await channel.send(mail(), "zoe@example.com")
        await channel.close()
        assert [(received.tls, received.user) for received in server.messages] == [(True, "bob")]


async def test_without_tls_on_this_machine_a_user_may_sign_in():
    async with SmtpServer(credentials=("bob", "s3cr3t")) as server:
        channel = Email(config(server))
        await channel.send(mail(), "zoe@example.com")
        await channel.close()
        assert [(received.tls, received.user) for received in server.messages] == [(False, "bob")]


async def test_tls_is_used_where_it_is_offered_and_missed_where_it_is_not():
    for offered in (True, False):
        async with SmtpServer(starttls=offered) as server:
            url = f"smtp://127.0.0.1:{server.port}?starttls=if-offered"
            channel = Email(SmtpConfig.from_url(url, sender=SENDER, ca_file=server.ca_file))
            await channel.send(mail(), "zoe@example.com")
            await channel.close()
            assert server.messages[0].tls is offered


async def test_a_signed_mail_verifies_where_it_arrives():
    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    async with SmtpServer() as server:
        signing = SmtpConfig.from_url(server.url, sender=SENDER, dkim=DkimKey("ville.example", "s1", pem))
        channel = Email(signing)
        await channel.send(mail(), "zoe@example.com")
        await channel.close()
        raw = server.messages[0].raw
    assert dkim.verify(raw, dnsfunc=lambda name, timeout=5: b"v=DKIM1; p=" + base64.b64encode(public))


async def test_bounces_go_where_the_settings_say():
    async with SmtpServer() as server:
        channel = Email(config(server, bounce="retours@ville.example"))
        await channel.send(mail(), "zoe@example.com")
        await channel.close()
        assert server.messages[0].sender == "retours@ville.example"
        assert server.messages[0].parsed["From"].addresses[0].addr_spec == "alerte@ville.example"


async def test_an_address_beyond_ascii_is_written_to_where_the_relay_can():
    async with SmtpServer(smtputf8=True) as server:
        channel = Email(config(server))
        await channel.send(mail(), "zoé@école.example")
        await channel.close()
        received = server.messages[0]
        assert received.recipients == ["zoé@xn--cole-9oa.example"]
        assert "SMTPUTF8" in received.options
        message = email.message_from_bytes(received.raw, policy=email.policy.SMTPUTF8)
        assert message["To"] == "zoé@xn--cole-9oa.example"


async def test_an_address_beyond_ascii_is_given_up_where_the_relay_cannot_and_the_connection_serves_on():
    async with SmtpServer() as server:
        channel = Email(config(server))
        with pytest.raises(Permanent, match="smtp:smtputf8"):
            await channel.send(mail(), "zoé@example.com")
        await channel.send(mail(), "zoe@example.com")
        await channel.close()
        assert server.connections == 1
        assert [received.recipients for received in server.messages] == [["zoe@example.com"]]


@pytest.mark.parametrize(
    "address", ["bob", "bob@example.com\r\nRCPT TO:<eve@example.com>", "bob@example.com> SIZE=1", "a@b.fr,c@d.fr"]
)
async def test_what_is_no_address_reaches_no_relay(address):
    async with SmtpServer() as server:
        channel = Email(config(server))
        for give in (channel.send, Sandbox(channel, "").send):
            with pytest.raises(Gone, match="smtp:address") as gone:
                await give(mail(), address)
            assert "bob@" not in str(gone.value)
        await channel.close()
        assert server.connections == 0


async def test_a_sandboxed_channel_composes_to_the_last_byte_and_connects_to_nothing():
    async with SmtpServer() as server:
        channel = Sandbox(Email(config(server)), "set the SMTP URL")
        receipt = await channel.send(mail(), "zoe@example.com")
        await channel.close()
        assert receipt.composed.wire.startswith(b"From: ")
        assert "Bonjour Zoé & 0" in receipt.composed.readable
        assert server.connections == 0


async def test_the_password_is_in_no_error_and_in_no_text_of_the_channel():
    async with SmtpServer(starttls=True, credentials=("bob", "right")) as server:
        server.fail(Fault("auth", "535 5.7.8 you said hunter2 AGJvYgBodW50ZXIy"))
        url = f"smtp://bob:hunter2@127.0.0.1:{server.port}?starttls=required"
        channel = Email(SmtpConfig.from_url(url, sender=SENDER, ca_file=server.ca_file))
        with pytest.raises(Misconfigured) as refused:
            await channel.send(mail(), "zoe@example.com")
        shown = [repr(channel), repr(channel._config), *map(repr, await channel.probe())]
        error: BaseException | None = refused.value
        while error is not None:
            shown.append(f"{error!r} {error}")
            error = error.__cause__ or error.__context__
        await channel.close()
        assert len(shown) > 3
        for text in shown:
            assert "hunter2" not in text
            assert "AGJvYgBodW50ZXIy" not in text
