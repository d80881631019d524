"""A template compiled to MIME once; each person's message is joined from its bytes."""

import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache

from channels.email import fields
from channels.email.body import Slot, base64_lines, pieces
from channels.email.config import Sender
from channels.email.mail import InlineImage, Mail, MailTemplate
from channels.email.signature import Canonical, Signer

# "=_" occurs neither in quoted-printable nor in base64 (RFC 2045 section 6.7): safe as a boundary
_ALTERNATIVE = b"=_tocsin_alternative"
_RELATED = b"=_tocsin_related"


class CompiledTemplate:
    """A template and a sender, compiled."""

    def __init__(self, template: MailTemplate, sender: Sender, signer: Signer | None) -> None:
        fixed = list(_fixed_fields(template, sender))
        self._domain = sender.address.rpartition("@")[2].encode()
        self._head = b"".join(fixed)
        self._signer = signer
        self._canonical = Canonical.of(fixed) if signer else None
        self._body = tuple(_merged(_body(template)))

    def message(self, mail: Mail, address: str) -> bytes:
        """Return the whole message, CRLF throughout, to the canonical ``address``; ASCII except for that address."""
        at = int(mail.date.timestamp() if mail.date else time.time())
        personal = list(self._personal_fields(mail, address, at))
        body = b"".join(_filled(self._body, mail.values))
        head = [self._head, *personal, b"\r\n", body]
        if self._signer and self._canonical:
            head.insert(0, self._signer.sign(self._canonical, Canonical.of(personal), body, at))
        return b"".join(head)

    def _named(self, message_id: str) -> bytes:
        return b"<%b>" % (message_id if "@" in message_id else f"{message_id}@{self._domain.decode()}").encode()

    def _personal_fields(self, mail: Mail, address: str, at: int) -> Iterator[bytes]:
        yield b"To: %b\r\n" % address.encode()
        yield _date(at)
        yield b"Message-ID: <%b@%b>\r\n" % (mail.message_id.encode(), self._domain)
        if mail.answers:
            yield b"In-Reply-To: %b\r\n" % self._named(mail.answers)
        if earlier := [self._named(each) for each in (mail.references, mail.answers) if each]:
            yield b"References: %b\r\n" % b" ".join(earlier)
        if url := mail.unsubscribe_url:
            yield b"List-Unsubscribe: <%b>\r\n" % url.encode()
            if url.startswith("https:"):  # RFC 8058 section 3.1 requires https
                yield b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"


@lru_cache(maxsize=64)
def _date(at: int) -> bytes:
    return f"Date: {format_datetime(datetime.fromtimestamp(at, UTC))}\r\n".encode()


def _fixed_fields(template: MailTemplate, sender: Sender) -> Iterator[bytes]:
    yield fields.mailbox("From", sender.name or template.sender_name, sender.address)
    yield fields.unstructured("Subject", template.subject)
    yield fields.mailbox("List-Id", None, template.list_id, brackets=True)
    yield fields.unstructured("Content-Language", template.language)
    if "auto-submitted" not in {name.lower() for name, _ in template.headers}:
        yield fields.unstructured("Auto-Submitted", "auto-generated")
    if template.urgent:
        yield fields.unstructured("Importance", "high")
        yield fields.unstructured("X-Priority", "1 (Highest)")
        yield fields.unstructured("Priority", "urgent")
    for name, value in template.headers:
        yield fields.unstructured(name, value)
    yield b"MIME-Version: 1.0\r\n"
    yield b'Content-Type: multipart/alternative;\r\n boundary="%b"\r\n' % _ALTERNATIVE


def _body(template: MailTemplate) -> Iterator[bytes | Slot]:
    yield b"--%b\r\n" % _ALTERNATIVE
    yield _TEXT_HEAD % b"plain"
    yield from pieces(template.text, template.placeholders, html=False)
    yield b"--%b\r\n" % _ALTERNATIVE
    if template.images:
        yield b'Content-Type: multipart/related;\r\n type="text/html"; boundary="%b"\r\n\r\n' % _RELATED
        yield b"--%b\r\n" % _RELATED
    yield _TEXT_HEAD % b"html"
    yield from pieces(template.html, template.placeholders, html=True)
    for image in template.images:
        yield b"--%b\r\n" % _RELATED
        yield _image(image)
    if template.images:
        yield b"--%b--\r\n" % _RELATED
    yield b"--%b--\r\n" % _ALTERNATIVE


_TEXT_HEAD = b"Content-Type: text/%b; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"


def _image(image: InlineImage) -> bytes:
    head = (
        f"Content-Type: {image.media_type}\r\n"
        "Content-Transfer-Encoding: base64\r\n"
        "Content-Disposition: inline\r\n"
        f"Content-ID: <{image.cid}>\r\n"
    )
    return head.encode() + fields.unstructured("Content-Description", image.alt) + b"\r\n" + base64_lines(image.data)


def _merged(parts: Iterator[bytes | Slot]) -> Iterator[bytes | Slot]:
    """Join adjacent bytes."""
    held: list[bytes] = []
    for part in parts:
        if isinstance(part, Slot):
            yield b"".join(held)
            yield part
            held = []
        else:
            held.append(part)
    yield b"".join(held)


def _filled(parts: tuple[bytes | Slot, ...], values: Mapping[str, str]) -> Iterator[bytes]:
    for part in parts:
        yield part.written(values) if isinstance(part, Slot) else part
