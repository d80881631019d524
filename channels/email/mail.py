"""A template rendered once per language, and a mail that fills it for one person.

Both raise ``ValueError`` on construction for anything that can't be written safely, so that sending thousands never
fails on content.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from channels.email.body import tokens
from channels.email.fields import check_value

_DOT_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_LOCAL_ID = re.compile(rf"(?=.{{1,200}}$){_DOT_ATOM}")
_REFERENCE = re.compile(rf"(?=.{{1,400}}$){_DOT_ATOM}(?:@{_DOT_ATOM})?")
_LIST_ID = re.compile(rf"(?=.{{1,255}}$){_DOT_ATOM}\.{_DOT_ATOM}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*")
_SLOT_NAME = re.compile(r"[a-z][a-z0-9_]*")
_FIELD_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,60}")
# A header line has at most 998 characters (RFC 5322 section 2.1.1) and a URL can't be folded
_URL = re.compile(r"https?://[!#-;=?-Z\[\]_a-z~%]{1,900}")
_OURS = frozenset(
    {"from", "sender", "to", "cc", "bcc", "subject", "date", "message-id", "references", "in-reply-to"}
    | {"list-id", "list-unsubscribe", "list-unsubscribe-post", "content-language", "mime-version", "content-type"}
    | {"content-transfer-encoding", "dkim-signature", "return-path", "received", "importance", "x-priority", "priority"}
)

UNSUBSCRIBE = "unsubscribe_url"  # the slot for a mail's ``unsubscribe_url``


@dataclass(frozen=True, slots=True)
class InlineImage:
    """An image for ``<img src="cid:…">``; ``alt`` describes it for those who can't see it."""

    cid: str
    data: bytes = field(repr=False)
    media_type: str
    alt: str

    def __post_init__(self) -> None:
        if not _REFERENCE.fullmatch(self.cid):
            raise ValueError("an image's cid is an id: letters, digits, dots, hyphens, perhaps one @")
        if self.media_type not in {"image/png", "image/jpeg", "image/gif", "image/svg+xml"}:
            raise ValueError(f"{self.media_type!r} is no kind of image that mail shows")
        check_value("an image's alt", self.alt)


@dataclass(frozen=True)
class MailTemplate:
    """An alert's mail in one language, the same for everyone except its slots.

    ``list_id``: RFC 2919 list name, such as ``alertes.laigle.example``. ``placeholders``: names of the slots;
    ``{{name}}`` in ``text`` and ``html`` is replaced by each person's value, escaped in HTML; braces around other names
    are text. ``headers``: additional fields; ``Auto-Submitted`` (RFC 3834) defaults to ``auto-generated``.
    ``sender_name``: display name where the channel has none of its own.
    """

    subject: str
    text: str
    html: str
    language: str
    list_id: str
    sender_name: str | None = None
    images: tuple[InlineImage, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    urgent: bool = False
    placeholders: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_value("a mail's subject", self.subject)
        if not self.subject.strip():
            raise ValueError("a mail's subject is empty")
        if self.sender_name is not None:
            check_value("a sender's name", self.sender_name)
        if not _LANGUAGE.fullmatch(self.language):
            raise ValueError(f"{self.language!r} is no language tag")
        if not _LIST_ID.fullmatch(self.list_id):
            raise ValueError("a list id is a name with a dot, such as alertes.ville.example (RFC 2919)")
        for what, content in (("text", self.text), ("HTML", self.html)):
            if not content.isascii() and re.search("[\ud800-\udfff]", content):
                raise ValueError(f"the {what} holds half a character (a lone surrogate)")
        self._check_slots()
        self._check_attached()

    def _check_attached(self) -> None:
        for image in self.images:
            if f"cid:{image.cid}" not in self.html:
                raise ValueError(f"the image {image.cid!r} is not shown by the HTML")
        for name, value in self.headers:
            if not _FIELD_NAME.fullmatch(name) or name.lower() in _OURS:
                raise ValueError(f"{name!r} can't be a further header field")
            check_value(name, value)

    def _check_slots(self) -> None:
        for name in self.placeholders:
            if not _SLOT_NAME.fullmatch(name):
                raise ValueError(f"{name!r} can't name a slot: small letters, digits and _ only")
        used = {token[1] for part in (self.text, self.html) for token in tokens(self.placeholders).finditer(part)}
        if unused := set(self.placeholders) - used:
            raise ValueError(f"neither the text nor the HTML has the slot {min(unused)!r}")


@dataclass(frozen=True, slots=True)
class Mail:
    """One person's mail.

    ``message_id`` is stable per delivery, so that duplicates are recognizable; the sender's domain is appended.
    ``fill``: a value per placeholder; ``unsubscribe_url`` (http or https; one-click by RFC 8058 only with https) also
    fills the placeholder of that name. ``answers``: the ``message_id`` of the mail before, to the same person;
    ``references``: that of the thread's first, for
    threading. ``date``: aware, default now.
    """

    template: MailTemplate
    message_id: str
    unsubscribe_url: str | None = None
    fill: Mapping[str, str] = field(default_factory=dict)
    date: datetime | None = None
    references: str | None = None
    answers: str | None = None

    def __post_init__(self) -> None:
        if not _LOCAL_ID.fullmatch(self.message_id):
            raise ValueError("a message id is up to 200 letters, digits, dots and hyphens; the domain is added")
        for earlier in (self.references, self.answers):
            if earlier is not None and not _REFERENCE.fullmatch(earlier):
                raise ValueError("an earlier mail is one message id, with or without its domain")
        if self.unsubscribe_url is not None and not _URL.fullmatch(self.unsubscribe_url):
            raise ValueError("the address to unsubscribe is no http or https URL, or longer than 900 characters")
        if self.date is not None and self.date.tzinfo is None:
            raise ValueError("a mail's date has a time zone")
        for name in self.template.placeholders:
            if name not in self.fill and (name != UNSUBSCRIBE or self.unsubscribe_url is None):
                raise ValueError(f"no value for the slot {name!r}")

    @property
    def values(self) -> Mapping[str, str]:
        if self.unsubscribe_url is None or UNSUBSCRIBE in self.fill:
            return self.fill
        return {**self.fill, UNSUBSCRIBE: self.unsubscribe_url}
