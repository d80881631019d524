from pathlib import Path

import pytest

from channels.email.replies import Reply, refusal
from channels.errors import Gone, Permanent, SenderRefused, Unexplained

_KINDS = {"mailbox": Gone, "full": Permanent, "sender": SenderRefused, "unclear": Unexplained}


def diagnostics():
    """Return verdict, basic code and text of each line of the table."""
    for line in Path(__file__).with_name("mail_diagnostics.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            verdict, code, *text = line.split(" ", 2)
            yield verdict, int(code), "".join(text)


def test_an_answer_is_about_whom_its_words_say():
    for verdict, code, text in diagnostics():
        assert type(refusal("rcpt", Reply(code, text), "someone@example.com")) is _KINDS[verdict], text


@pytest.mark.parametrize("text", ["Denied by policy", "Bad SPF records", "spam detected", "", "5.0.0", "go away"])
@pytest.mark.parametrize("stage", ["rcpt", "data", "body"])
def test_a_bare_550_never_says_that_a_mailbox_is_dead(stage, text):
    assert not isinstance(refusal(stage, Reply(550, text)), Gone)


def test_the_rfcs_words_for_550_name_a_mailbox_only_in_answer_to_its_name():
    said = Reply(550, "Requested action not taken: mailbox unavailable")
    assert isinstance(refusal("rcpt", said), Gone)
    assert isinstance(refusal("body", said), Unexplained)


def test_a_recipients_domain_is_no_evidence():
    said = Reply(550, "5.1.1 no mailbox of that name at blacklist-archive.example")
    assert isinstance(refusal("rcpt", said, "ann@blacklist-archive.example"), Gone)


def test_the_same_unexplained_answer_to_another_message_is_known_as_the_same():
    def answer(text: str) -> str:
        error = refusal("body", Reply(554, text), "ann@example.org")
        assert isinstance(error, Unexplained)
        return error.answer

    one = answer("Transaction failed for <ann@example.org> id 1qX2yZ-0000Ab-1C [mx3.example.org]")
    assert one == answer("Transaction failed for <bob@example.org> id 9zZ8yY-000777-XX [mx7.example.org]")
    assert one != answer("Delivery failed")
    assert len(one) <= 60
