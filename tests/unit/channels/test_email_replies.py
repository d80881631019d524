import pytest

from channels.email.replies import Reply, queue_id, refusal
from channels.errors import Gone, Misconfigured, Permanent, SenderRefused, Transient, Unexplained


@pytest.mark.parametrize(
    ("stage", "code", "text", "kind", "name"),
    [
        ("rcpt", 550, "5.1.1 no such user", Gone, "smtp:550 5.1.1"),
        ("rcpt", 550, "5.1.2 bad system", Unexplained, "smtp:550 5.1.2"),
        ("rcpt", 553, "5.1.3 bad syntax", Gone, "smtp:553 5.1.3"),
        ("rcpt", 550, "5.1.6 moved", Gone, "smtp:550 5.1.6"),
        ("rcpt", 556, "5.1.10 null MX", Gone, "smtp:556 5.1.10"),
        ("rcpt", 550, "5.2.1 disabled", Gone, "smtp:550 5.2.1"),
        ("body", 550, "5.1.1 no such user", Gone, "smtp:550 5.1.1"),
        ("rcpt", 550, "No such user here", Gone, "smtp:550"),
        ("rcpt", 551, "User not local", Gone, "smtp:551"),
        ("rcpt", 553, "not allowed", SenderRefused, "smtp:553"),
        ("rcpt", 552, "5.2.2 full", Permanent, "smtp:552 5.2.2"),
        ("rcpt", 552, "full", Permanent, "smtp:552"),
        ("rcpt", 554, "denied", SenderRefused, "smtp:554"),
        ("rcpt", 550, "5.1.99 something", Unexplained, "smtp:550 5.1.99"),
        ("rcpt", 554, "5.7.1 Relay access denied", SenderRefused, "smtp:554 5.7.1"),
        ("rcpt", 550, "5.4.1 access denied", SenderRefused, "smtp:550 5.4.1"),
        ("body", 550, "looks like spam", SenderRefused, "smtp:550"),
        ("body", 554, "5.7.1 policy", SenderRefused, "smtp:554 5.7.1"),
        ("body", 552, "5.3.4 too big", SenderRefused, "smtp:552 5.3.4"),
        ("mail", 552, "too big", Permanent, "smtp:552"),
        ("mail", 552, "5.3.4 too big", SenderRefused, "smtp:552 5.3.4"),
        ("mail", 550, "5.1.1 sender unknown", Misconfigured, "smtp:550 5.1.1"),
        ("mail", 553, "5.7.1 sender not yours", Misconfigured, "smtp:553 5.7.1"),
        ("mail", 530, "5.7.0 authentication required", Misconfigured, "smtp:530 5.7.0"),
        ("rcpt", 530, "5.7.0 authentication required", Misconfigured, "smtp:530 5.7.0"),
        ("auth", 535, "5.7.8 wrong", Misconfigured, "smtp:535 5.7.8"),
        ("auth", 534, "5.7.9 stronger", Misconfigured, "smtp:534 5.7.9"),
        ("connect", 554, "5.7.1 go away", Misconfigured, "smtp:554 5.7.1"),
        ("auth", 454, "4.7.0 later", Transient, "smtp:454 4.7.0"),
        ("mail", 421, "4.7.0 closing", Transient, "smtp:421 4.7.0"),
        ("rcpt", 450, "4.2.0 greylisted", Transient, "smtp:450 4.2.0"),
        ("rcpt", 451, "later", Transient, "smtp:451"),
        ("rcpt", 452, "4.2.2 full", Transient, "smtp:452 4.2.2"),
        ("rcpt", 503, "5.5.1 sequence", Transient, "smtp:503 5.5.1"),
        ("rcpt", 550, "4.1.1 of another class", Unexplained, "smtp:550"),
        ("rcpt", 550, "5.1.1234 no code", Unexplained, "smtp:550"),
        ("body", 250, "odd", Permanent, "smtp:250"),
    ],
)
def test_a_reply_tells_what_to_do(stage, code, text, kind, name):
    error = refusal(stage, Reply(code, text), "bob@example.com")
    assert type(error) is kind
    assert error.code == name
    assert not error.may_have_left


@pytest.mark.parametrize(
    ("code", "text", "seconds"),
    [
        (450, "4.2.0 Greylisted, see http://postgrey.example/help", 300),
        (451, "4.7.1 Greylisting in action, please come back in 120 seconds", 120),
        (451, "4.7.1 Graylisted, try again in 5 min", 300),
        (450, "Grey-listed for 5 s", 60),
        (450, "greylisted for 99999 minutes", 3600),
        (452, "4.2.2 mailbox full", 3600),
        (421, "closing", 30),
        (499, "odd", 60),
    ],
)
def test_a_refusal_for_now_says_when_to_come_back(code, text, seconds):
    assert refusal("rcpt", Reply(code, text)).retry_after == seconds


@pytest.mark.parametrize(
    "text",
    [
        "5.1.1 <Bob.Smith@example.com>: Recipient address rejected: User unknown",
        "5.1.1 bob.smith@EXAMPLE.COM... no",
        "5.1.1 no such user bob.smith here",
        "5.1.1 BOB.SMITH is not known, nor is carol@example.org",
    ],
)
def test_the_relays_words_are_kept_without_any_address(text):
    detail = refusal("rcpt", Reply(550, text), "bob.smith@example.com").detail
    assert "the relay: " in detail
    assert "bob.smith" not in detail.lower()
    assert "@" not in detail


def test_what_a_relay_says_at_signing_in_is_not_kept():
    assert "hunter2" not in str(refusal("auth", Reply(535, "5.7.8 wrong password hunter2")))


def test_what_a_relay_says_is_kept_short_and_on_one_line():
    detail = refusal("rcpt", Reply(550, "5.7.1 a\nb\x1b[31m" + "c" * 500)).detail
    assert detail.isprintable()
    assert len(detail) < 400


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("2.0.0 Ok: queued as 4Zv8Xk2yQ1z9", "4Zv8Xk2yQ1z9"),
        ("OK id=1qX2yZ-0000Ab-1C", "1qX2yZ-0000Ab-1C"),
        ("2.6.0 <a@b> [InternalId=12345678901, Hostname=x] Queued mail for delivery", "12345678901"),
        ("2.0.0 31ABcdEF012345 Message accepted for delivery", "31ABcdEF012345"),
        ("Ok 0102018c1a2b3c4d-11111111-2222-3333-4444-555555555555-000000",
         "0102018c1a2b3c4d-11111111-2222-3333-4444-555555555555-000000"),
        ("2.0.0 OK  1700000000 d9443c01a7336-1d4a.12 - gsmtp", "d9443c01a7336-1d4a.12"),
        ("2.0.0 Message accepted", None),
        ("OK", None),
    ],
)  # fmt: skip
def test_the_queues_name_is_found_in_the_words_of_each_server(text, name):
    assert queue_id(text) == name
