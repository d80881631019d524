"""/console/sandbox: what the sandboxed channels composed, as its receivers would have had it; for operators only."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import default as mail_policy
from typing import TYPE_CHECKING, Any

from broadcaster.domain.people import CHANNELS, ChannelName
from broadcaster.errors import Forbidden
from broadcaster.http.reading import number_of
from broadcaster.http.sandbox import readable_alert
from broadcaster.store import sandbox
from broadcaster.web.console.frame import show, words_of
from broadcaster.web.pages import written_short, zone_of
from broadcaster.web.public import unknown
from channels.sms import count as count_segments

if TYPE_CHECKING:
    from aiohttp import web

    from broadcaster.http.route import Call
    from broadcaster.http.schemas.accounts import SandboxPageQuery
    from broadcaster.store.sandbox import SandboxMessage
    from broadcaster.web.i18n import Words

_PAGE = 25
_MOST_WIRE = 200_000


async def listing(call: Call[None, SandboxPageQuery]) -> web.StreamResponse:
    """Show the newest messages."""
    words = words_of(call.request)
    query = call.query
    channel = query.channel or None
    async with call.services.store.read() as unit:
        alert_id = await readable_alert(unit, call.caller, query.alert or None)
        found = await sandbox.page(
            unit,
            alert_id=alert_id,
            channel=None if channel is None else ChannelName(channel),
            before=query.cursor,
            limit=_PAGE,
        )
    facts = {
        "messages": [_seen(each, words) for each in found],
        "next": found[-1].id if len(found) == _PAGE else None,
        "alert": query.alert,
        "channel": query.channel,
        "channels": CHANNELS,
    }
    return show(call.request, "sandbox.html", words, facts)


async def one(call: Call[None, None]) -> web.StreamResponse:
    """Show one message to its last byte."""
    words = words_of(call.request)
    number = number_of(call.request.match_info["id"])
    if number is None:
        return unknown(call)
    async with call.services.store.read() as unit:
        found = await sandbox.page(unit, alert_id=None, channel=None, before=number + 1, limit=1)
        if not found or found[0].id != number:
            return unknown(call)
        try:
            await readable_alert(unit, call.caller, str(found[0].alert_id))
        except Forbidden:
            return unknown(call)
    return show(call.request, "sandbox_one.html", words, {"message": _seen(found[0], words)})


def _seen(message: SandboxMessage, words: Words) -> dict[str, Any]:
    """Give a message as the template shows it."""
    title, text, segments = "", message.readable, ""
    if message.channel is ChannelName.PUSH:
        title, _, text = message.readable.partition("\n\n")
    if message.channel is ChannelName.SMS:
        counted = count_segments(message.readable)
        segments = words.many("%(n)s segment", "%(n)s segments", counted.segments) + f" · {counted.encoding}"
    if message.channel is ChannelName.EMAIL:
        text = _mail_text(message)
    return {
        "id": message.id,
        "alert_id": message.alert_id,
        "delivery_id": message.delivery_id,
        "channel": message.channel.value,
        "to": message.to,
        "title": title,
        "text": text,
        "segments": segments,
        "at": written_short(message.at, zone_of("FR"), words),
        "content_type": message.content_type,
        "size": words.many("%(n)s byte", "%(n)s bytes", len(message.wire)),
        "wire": message.wire[:_MOST_WIRE].decode("utf-8", "backslashreplace"),
    }


def _mail_text(message: SandboxMessage) -> str:
    """Give the text of a mail under its subject."""
    mail = message_from_bytes(message.wire, policy=mail_policy)
    part = mail.get_body(("plain",))
    if part is None:
        return message.readable
    return f"{mail['subject']}\n\n{part.get_content().strip()}"
