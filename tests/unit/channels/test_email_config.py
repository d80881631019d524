import pickle
import traceback

import pytest

from channels.email import InvalidMailAddress, Sender, SmtpConfig
from channels.provider_urls import InvalidProviderUrl

SENDER = "Mairie <alerte@ville.example>"
SECRET = "s3cr:t/#w@rd"
QUOTED = "s3cr%3At%2F%23w%40rd"


def test_a_url_with_everything_is_read():
    config = SmtpConfig.from_url(
        f"smtp://bob%40ville:{QUOTED}@mail.ville.example:2587?starttls=if-offered&from=Mairie <alerte+a@ville.example>"
        "&bounce=retours@ville.example&helo=tocsin.ville.example&pool=3&timeout=4.5&per_connection=7"
    )
    assert (config.host, config.port, config.tls) == ("mail.ville.example", 2587, "starttls-if-offered")
    assert (config.username, config.password) == ("bob@ville", SECRET)
    assert config.sender == Sender("alerte+a@ville.example", "Mairie")
    assert config.bounce_address == "retours@ville.example"
    assert config.helo == "tocsin.ville.example"
    assert (config.pool_size, config.timeout_s, config.messages_per_connection) == (3, 4.5, 7)


@pytest.mark.parametrize(
    ("url", "port", "tls"),
    [
        ("smtp://mail.example.com", 587, "starttls"),
        ("smtp://mail.example.com:25?starttls=never", 25, "none"),
        ("smtps://mail.example.com", 465, "implicit"),
        ("smtp://localhost", 25, "none"),
        ("smtp://127.0.0.1:1025", 1025, "none"),
        ("smtp://[::1]:1025", 1025, "none"),
        ("smtp://127.0.0.1?starttls=required", 587, "starttls"),
    ],
)
def test_tls_is_required_unless_the_relay_is_this_machine(url, port, tls):
    config = SmtpConfig.from_url(url, sender=SENDER)
    assert (config.port, config.tls) == (port, tls)


@pytest.mark.parametrize(
    ("url", "word"),
    [
        (f"smtp://bob:{SECRET}@mail.example.com", "url-form"),
        ("smtp://bob:s3cr/twerd@mail.example.com", "url-form"),
        ("smtp://bob:s3cr?twerd@mail.example.com", "url-form"),
        ("smtp://bob:s3cr[twerd@mail.example.com", "url-form"),
        (f"smtp://bob:{QUOTED}@mail.example.com:99999", "url-form"),
        (f"smtp://bob:{QUOTED}@mail.example.com:0x19", "url-form"),
        (f"http://bob:{QUOTED}@mail.example.com", "url-form"),
        (f"smtp://bob:{QUOTED}@", "url-form"),
        (f"smtp://bob:{QUOTED}@mail.example.com?starttls=maybe", "starttls"),
        (f"smtp://bob:{QUOTED}@mail.example.com?starttls=never", "url-password-in-clear"),
        (f"smtps://bob:{QUOTED}@mail.example.com?starttls=required", "url-starttls-twice"),
        (f"smtp://bob:{QUOTED}@mail.example.com?secret={QUOTED}", "url-option"),
        (f"smtp://bob:{QUOTED}@mail.example.com?pool=1&pool=2", "url-option-twice"),
        (f"smtp://bob:{QUOTED}@mail.example.com?pool=0", "pool_size"),
        (f"smtp://bob:{QUOTED}@mail.example.com?pool=many", "url-whole-number name=pool"),
        (f"smtp://bob:{QUOTED}@mail.example.com?from=nobody", "url-no-mail name=from"),
        (f"smtp://bob:{QUOTED}@mail.example.com?from=zoé@ville.example", "url-no-mail name=from"),
        (f"smtp://bob:{QUOTED}@mail.example.com?from=a%0d%0aBcc: x <a@ville.example>", "url-no-mail name=from"),
        (f"smtp://bob:{QUOTED}@mail.example.com?helo=a b", "url-helo"),
        (f"smtp://bob:{QUOTED}%0a@mail.example.com", "url-credential"),
        (f"smtp://bob:{QUOTED}@mail.example.com\r\n", "url-control-sign"),
        (f"smtp://:{QUOTED}@mail.example.com", "url-credential"),
        ("smtp://bob@mail.example.com", "url-user-and-password"),
        ("smtp://mail..example.com", "url-host"),
        ("smtp://mail example.com", "url-host"),
        ("", "url-form"),
    ],
)
def test_a_wrong_url_is_told_what_to_change_and_never_shows_the_password(url, word):
    with pytest.raises(InvalidProviderUrl) as refused:
        SmtpConfig.from_url(url, sender=SENDER)
    assert word in str(refused.value)
    assert isinstance(refused.value, ValueError)
    error: BaseException | None = refused.value
    while error is not None:  # what a logger may print of the chain
        assert "s3cr" not in f"{error!r}{error}"
        error = error.__cause__ or error.__context__
    assert "s3cr" not in "".join(traceback.format_exception_only(refused.value))


def test_a_url_without_a_sender_is_refused():
    with pytest.raises(match="url-mail-sender"):
        SmtpConfig.from_url("smtp://mail.example.com")


def test_a_config_never_shows_its_password_and_keeps_it():
    config = SmtpConfig.from_url(f"smtps://bob:{QUOTED}@mail.example.com", sender=SENDER)
    assert SECRET not in f"{config!r}{config}"
    assert pickle.loads(pickle.dumps(config)).password == SECRET


@pytest.mark.parametrize(
    ("text", "sender"),
    [
        ("alerte@Ville.example", Sender("alerte@ville.example")),
        ("<alerte@ville.example>", Sender("alerte@ville.example")),
        ('"Mairie, L\'Aigle" <alerte@ville.example>', Sender("alerte@ville.example", "Mairie, L'Aigle")),
        ("École Émile-Zola <a@ville.example>", Sender("a@ville.example", "École Émile-Zola")),
    ],
)
def test_a_sender_is_an_address_with_or_without_a_name(text, sender):
    assert Sender.parse(text) == sender


@pytest.mark.parametrize("text", ["", "Mairie", "Mairie <>", "a@b.fr <c@d.fr> x", "zoé@ville.example"])
def test_a_sender_without_an_address_is_refused(text):
    with pytest.raises(InvalidMailAddress):
        Sender.parse(text)
