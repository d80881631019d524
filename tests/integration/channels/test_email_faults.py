import asyncio
import re
import socket

import aiosmtplib
import pytest

from channels.email import Email, Mail, MailTemplate, SmtpConfig
from channels.errors import ChannelError, Gone, Misconfigured, Permanent, SenderRefused, Transient, Unexplained
from tests.servers.smtp import Fault, SmtpServer

MAIL = Mail(MailTemplate("Crue", "Évacuez", "<p>Évacuez</p>", "fr", "laigle.ville.example"), "a1.p1")
ZOE = "zoe.martin@example.com"


def config(server: SmtpServer, **changes) -> SmtpConfig:
    options = "".join(f"&{name}={value}" for name, value in changes.items())
    return SmtpConfig.from_url(server.url + options, sender="alerte@ville.example", ca_file=server.ca_file)


async def failed(channel: Email) -> ChannelError:
    with pytest.raises(ChannelError) as error:
        await channel.send(MAIL, ZOE)
    assert "zoe.martin" not in str(error.value)
    cause: BaseException | None = error.value
    while cause is not None:
        assert "zoe.martin" not in f"{cause!r}"
        cause = cause.__cause__ or cause.__context__
    return error.value


@pytest.mark.parametrize(
    ("fault", "kind", "code", "may_have_left"),
    [
        (Fault("greeting", "421 4.3.2 too many connections"), Transient, "smtp:421 4.3.2", False),
        (Fault("greeting", "554 5.7.1 not you"), Misconfigured, "smtp:554 5.7.1", False),
        (Fault("greeting", "disconnect"), Transient, "smtp:connect", False),
        (Fault("greeting", "hang"), Transient, "smtp:timeout", False),
        (Fault("greeting", "this is no SMTP"), Transient, "smtp:connect", False),
        (Fault("ehlo", "550 5.7.1 not by that name"), Misconfigured, "smtp:550 5.7.1", False),
        (Fault("ehlo", "disconnect"), Transient, "smtp:connect", False),
        (Fault("mail", "550 5.7.1 sender not allowed"), Misconfigured, "smtp:550 5.7.1", False),
        (Fault("mail", "451 4.3.0 later"), Transient, "smtp:451 4.3.0", False),
        (Fault("mail", "421 4.7.0 too fast"), Transient, "smtp:421 4.7.0", False),
        (Fault("mail", "hang"), Transient, "smtp:timeout", False),
        (Fault("mail", "disconnect"), Transient, "smtp:lost", False),
        (Fault("rcpt", "550 5.1.1 <zoe.martin@example.com>: unknown"), Gone, "smtp:550 5.1.1", False),
        (Fault("rcpt", "552 5.2.2 zoe.martin is over quota"), Permanent, "smtp:552 5.2.2", False),
        (Fault("rcpt", "450 4.2.0 greylisted for 90 seconds"), Transient, "smtp:450 4.2.0", False),
        (Fault("rcpt", "421 4.3.2 shutting down"), Transient, "smtp:421 4.3.2", False),
        (Fault("rcpt", "hang"), Transient, "smtp:timeout", False),
        (Fault("rcpt", "disconnect"), Transient, "smtp:lost", False),
        (Fault("data", "554 5.5.1 no valid recipients"), Unexplained, "smtp:554 5.5.1", False),
        (Fault("data", "disconnect"), Transient, "smtp:lost", False),
        (Fault("end", "554 5.7.1 looks like spam"), SenderRefused, "smtp:554 5.7.1", False),
        (Fault("end", "451 4.3.0 queue file write error"), Transient, "smtp:451 4.3.0", False),
        (Fault("end", "421 4.3.0 going down"), Transient, "smtp:421 4.3.0", False),
        (Fault("end", "disconnect"), Transient, "smtp:lost", True),
        (Fault("kept", "disconnect"), Transient, "smtp:lost", True),
        (Fault("kept", "hang"), Transient, "smtp:timeout", True),
        (Fault("kept", "what is this"), Transient, "smtp:lost", True),
    ],
    ids=lambda value: f"{value.stage}-{value.what[:12]}" if isinstance(value, Fault) else "",
)
async def test_each_fault_is_told_as_what_to_do_about_it_and_the_next_mail_arrives(fault, kind, code, may_have_left):
    fault = Fault(fault.stage, fault.what)  # its count is its own
    async with SmtpServer() as server:
        server.fail(fault)
        channel = Email(config(server, timeout=1.5))
        error = await failed(channel)
        assert type(error) is kind
        assert error.code == code
        assert error.may_have_left is may_have_left
        assert isinstance(error, Transient) is bool(getattr(error, "retry_after", None))
        kept = len(server.messages)
        assert kept == (fault.stage == "kept")
        server.heal()
        await channel.send(MAIL, ZOE)
        await channel.close()
        assert len(server.messages) == kept + 1


async def test_a_greylisted_mail_arrives_at_the_second_try():
    async with SmtpServer() as server:
        server.fail(Fault("rcpt", "450 4.7.1 Greylisted for 120 seconds", times=1), recipient=ZOE)
        channel = Email(config(server))
        assert (await failed(channel)).retry_after == 120
        await channel.send(MAIL, ZOE)
        await channel.close()
        assert [received.recipients for received in server.messages] == [[ZOE]]
        assert server.connections == 1
        assert server.commands == ["RSET", "QUIT"]


async def test_one_dead_mailbox_leaves_the_others_and_their_connection_alone():
    async with SmtpServer() as server:
        server.fail(Fault("rcpt", "550 5.1.1 no"), recipient="p3@example.com")
        channel = Email(config(server, pool=1))
        results = await asyncio.gather(
            *(channel.send(MAIL, f"p{n}@example.com") for n in range(8)), return_exceptions=True
        )
        await channel.close()
        assert [type(result).__name__ for result in results].count("Receipt") == 7
        assert isinstance(results[3], Gone)
        assert sorted(received.recipients[0][1] for received in server.messages) == list("0124567")
        assert server.connections == 1


async def test_a_wrong_password_is_a_misconfiguration():
    async with SmtpServer(starttls=True, credentials=("bob", "right")) as server:
        url = server.url.replace("right", "wrong")
        channel = Email(SmtpConfig.from_url(url, sender="alerte@ville.example", ca_file=server.ca_file))
        error = await failed(channel)
        assert (type(error), error.code) == (Misconfigured, "smtp:535 5.7.8")
        await channel.close()


async def test_a_relay_that_wants_a_user_and_gets_none_is_a_misconfiguration():
    async with SmtpServer(credentials=("bob", "right")) as server:
        channel = Email(SmtpConfig.from_url(f"smtp://127.0.0.1:{server.port}", sender="alerte@ville.example"))
        error = await failed(channel)
        assert (type(error), error.code) == (Misconfigured, "smtp:530 5.7.0")
        await channel.close()


async def test_a_relay_that_knows_no_users_is_a_misconfiguration_where_one_is_given():
    async with SmtpServer() as server:
        url = f"smtp://bob:right@127.0.0.1:{server.port}"
        channel = Email(SmtpConfig.from_url(url, sender="alerte@ville.example"))
        error = await failed(channel)
        assert (type(error), error.code) == (Misconfigured, "smtp:auth")
        await channel.close()


@pytest.mark.parametrize("what", ["454 4.7.0 later", "disconnect", "hang"])
async def test_signing_in_that_fails_for_now_is_tried_again_later(what):
    async with SmtpServer(credentials=("bob", "right")) as server:
        server.fail(Fault("auth", what))
        channel = Email(config(server, timeout=1.5))
        assert type(await failed(channel)) is Transient
        await channel.close()


async def test_a_relay_without_starttls_gets_no_mail_where_it_is_required():
    async with SmtpServer() as server:
        url = f"smtp://127.0.0.1:{server.port}?starttls=required"
        channel = Email(SmtpConfig.from_url(url, sender="alerte@ville.example"))
        error = await failed(channel)
        assert (type(error), error.code) == (Misconfigured, "smtp:starttls")
        await channel.close()
        assert server.messages == []


async def test_a_password_is_not_sent_in_clear_to_another_machine_that_hides_its_starttls(monkeypatch):
    async with SmtpServer(credentials=("bob", "right")) as server:
        monkeypatch.setattr(SmtpConfig, "is_loopback", False)
        channel = Email(SmtpConfig.from_url(f"{server.url}starttls=if-offered", sender="alerte@ville.example"))
        error = await failed(channel)
        assert (type(error), error.code) == (Misconfigured, "smtp:auth")
        await channel.close()
        assert "AUTH" not in server.commands


@pytest.mark.parametrize("tls", [{"starttls": True}, {"implicit_tls": True}])
@pytest.mark.parametrize("names", [("127.0.0.1",), ("mail.other.example",)], ids=["unknown authority", "wrong name"])
async def test_a_certificate_that_proves_nothing_is_a_misconfiguration(tls, names):
    async with SmtpServer(certificate_for=names, **tls) as server:
        trusted = server.ca_file if "other" in names[0] else None
        channel = Email(SmtpConfig.from_url(server.url, sender="alerte@ville.example", ca_file=trusted))
        error = await failed(channel)
        assert (type(error), error.code) == (Misconfigured, "smtp:certificate")
        await channel.close()
        assert server.messages == []


@pytest.mark.parametrize(
    ("what", "kind", "code"),
    [
        ("disconnect", Transient, "smtp:tls"),
        ("454 4.7.0 TLS not available", Transient, "smtp:454 4.7.0"),
        ("501 5.5.1 no", Misconfigured, "smtp:501 5.5.1"),
        ("220 ready\r\nplain text where TLS should start", Misconfigured, "smtp:tls"),
    ],
)
async def test_starttls_that_fails_keeps_the_mail(what, kind, code):
    async with SmtpServer(starttls=True) as server:
        server.fail(Fault("starttls", what))
        channel = Email(config(server, timeout=1))
        error = await failed(channel)
        assert (type(error), error.code) == (kind, code)
        await channel.close()
        assert server.messages == []


async def test_tls_from_the_start_to_a_port_that_speaks_in_clear_is_a_misconfiguration():
    async with SmtpServer() as server:
        url = f"smtps://127.0.0.1:{server.port}"
        channel = Email(SmtpConfig.from_url(url, sender="alerte@ville.example"))
        error = await failed(channel)
        assert (type(error), error.code) == (Misconfigured, "smtp:tls")
        await channel.close()


async def test_a_ca_file_that_is_not_there_is_a_misconfiguration(tmp_path):
    async with SmtpServer(starttls=True) as server:
        missing = tmp_path / "none.pem"
        channel = Email(SmtpConfig.from_url(server.url, sender="alerte@ville.example", ca_file=missing))
        assert (await failed(channel)).code == "smtp:tls"
        await channel.close()


async def test_a_relay_that_is_not_there_is_tried_again_later():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody answers there
        url = f"smtp://127.0.0.1:{taken.getsockname()[1]}"
        channel = Email(SmtpConfig.from_url(url, sender="alerte@ville.example"))
        error = await failed(channel)
        assert (type(error), error.code) == (Transient, "smtp:connect")
        await channel.close()


@pytest.mark.parametrize(
    ("errno", "kind"), [(socket.EAI_NONAME, Misconfigured), (socket.EAI_AGAIN, Transient)], ids=["none", "later"]
)
async def test_a_name_that_does_not_resolve_is_a_misconfiguration_unless_the_resolver_asks_for_patience(
    errno, kind, monkeypatch
):
    async def refuse(smtp):  # as aiosmtplib does; a name server of our own is not to be had on every loop
        raise aiosmtplib.SMTPConnectError("no") from socket.gaierror(errno, "no")

    monkeypatch.setattr(aiosmtplib.SMTP, "connect", refuse)
    channel = Email(SmtpConfig.from_url("smtp://mail.nowhere.example", sender="alerte@ville.example"))
    error = await failed(channel)
    assert (type(error), error.code) == (kind, "smtp:dns")
    await channel.close()


async def test_a_mail_larger_than_the_relay_takes_is_refused_before_it_is_written():
    async with SmtpServer(size_limit=2000) as server:
        channel = Email(config(server))
        large = Mail(MailTemplate("x", "y" * 3000, "z", "fr", "l.example"), "a1")
        with pytest.raises(Permanent, match=re.escape("smtp:552")):
            await channel.send(large, ZOE)
        await channel.send(MAIL, ZOE)
        await channel.close()
        assert server.connections == 1
