"""A sandboxed message as its receiver would see it: a bubble, a card, a mail, a call step by step."""

import re
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as mail_policy
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree as ET

from broadcaster.domain.people import ChannelName
from broadcaster.domain.zones import zone_of
from broadcaster.store.sandbox import CODES, SandboxMessage
from broadcaster.web.i18n import Words
from broadcaster.web.names import CHANNEL_ICONS
from broadcaster.web.pages import written_short
from channels.sms import count as count_segments
from channels.sms import written

MOST_WIRE = 200_000
_EXCERPT = 280
_KEPT_DIGITS = 2
# With the opt-out link, anybody could act for the receiver.
_SECRETS = re.compile(r"(/u/)[\w-]+")
_HIDDEN = "•••"


def seen(message: SandboxMessage, words: Words, *, opened: bool) -> dict[str, Any]:
    """Return a message for a template. ``opened``: the viewer may see addresses."""
    shown: dict[str, Any] = {
        "id": message.id,
        "alert_id": message.alert_id,
        "code": message.alert_id == CODES,
        "delivery_id": message.delivery_id,
        "channel": message.channel.value,
        "icon": CHANNEL_ICONS[message.channel],
        "word": words.channel(message.channel),
        "to": _to(message, words) if opened else masked(message.to),
        "at": written_short(message.at, zone_of("FR"), words),
        "content_type": message.content_type,
        "size": words.many("%(n)s byte", "%(n)s bytes", len(message.wire)),
        "wire": message.wire[:MOST_WIRE].decode("utf-8", "backslashreplace") if opened else "",
        "opened": opened,
        "cut": len(message.wire) > MOST_WIRE,
    }
    readable = message.readable if opened else _SECRETS.sub(rf"\1{_HIDDEN}", message.readable)
    return shown | _SEEN[message.channel](message, readable, words)


def _push(_message: SandboxMessage, readable: str, _words: Words) -> dict[str, Any]:
    title, _, text = readable.partition("\n\n")
    return {"title": title, "text": text}


def _sms(_message: SandboxMessage, readable: str, words: Words) -> dict[str, Any]:
    counted = count_segments(readable)
    return {
        "text": readable,
        "segments": words.many("%(n)s segment", "%(n)s segments", counted.segments),
        "encoding": counted.encoding,
        "signs": words.many("%(n)s character", "%(n)s characters", len(readable)),
    }


def _voice(message: SandboxMessage, readable: str, words: Words) -> dict[str, Any]:
    return {"text": readable, "steps": list(_steps(message.wire, words)) or [("say", readable)]}


def _email(message: SandboxMessage, readable: str, _words: Words) -> dict[str, Any]:
    mail = _mail(message.wire)
    text = _SECRETS.sub(rf"\1{_HIDDEN}", _text(mail)) or readable
    return {
        "title": str(mail["subject"] or ""),
        "from": str(mail["from"] or ""),
        "excerpt": text[:_EXCERPT] + ("…" if len(text) > _EXCERPT else ""),
        "text": text,
        "rendered": mail.get_body(("html",)) is not None,
    }


_SEEN = {ChannelName.PUSH: _push, ChannelName.SMS: _sms, ChannelName.VOICE: _voice, ChannelName.EMAIL: _email}


def html_of(message: SandboxMessage) -> str:
    """Return a mail's HTML; empty without any."""
    part = _mail(message.wire).get_body(("html",))
    return "" if part is None else str(part.get_content())


def without_secrets(text: str) -> str:
    """Return a text without links that act for the receiver."""
    return _SECRETS.sub(rf"\1{_HIDDEN}", text)


def _mail(wire: bytes) -> EmailMessage:
    return message_from_bytes(wire, policy=mail_policy)


def _text(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    return "" if part is None else str(part.get_content()).strip()


def _steps(wire: bytes, words: Words) -> Any:
    """Return the steps of a call, in order: (kind, what)."""
    body = wire.partition(b"\r\n\r\n")[2].decode("utf-8", "replace")
    instructions = parse_qs(body).get("Twiml", [""])[0]
    if not instructions:
        return
    for element in ET.fromstring(instructions).iter():  # noqa: S314  we wrote it, and sealed it
        if element.tag == "Say":
            yield "say", (element.text or "").strip()
        elif element.tag == "Pause":
            yield "pause", words.many("%(n)s second of silence", "%(n)s seconds of silence", _whole(element, "length"))
        elif element.tag == "Gather":
            yield "key", words("From here on a key may be pressed.")
        elif element.tag == "Hangup":
            yield "end", words("The call ends.")


def _whole(element: ET.Element, name: str) -> int:
    value = element.get(name, "1")
    return int(value) if value.isdigit() else 1


def _to(message: SandboxMessage, words: Words) -> str:
    if message.channel is ChannelName.EMAIL:
        return message.to
    if message.channel is not ChannelName.PUSH:
        return written(message.to)
    return words("a device, by %(host)s", host=urlsplit(message.to).hostname or "?")


def masked(address: str) -> str:
    """Return an address masked so that two can still be told apart: ``+33•••67``, ``r•••@example.org``."""
    if address.startswith("http"):
        return urlsplit(address).hostname or _HIDDEN
    local, at, domain = address.partition("@")
    if at:
        return f"{local[:1]}{_HIDDEN}@{domain}"
    return f"{address[:3]}{_HIDDEN}{address[-_KEPT_DIGITS:]}"
