"""/console/sandbox: the sandboxed channels' messages as receivers would see them; for operators.

Read-only operators see messages without addresses, and no codes, which are private to one person.
"""

from typing import Any

from aiohttp import web

from broadcaster.domain.people import CHANNELS, ChannelName
from broadcaster.domain.permissions import Permission
from broadcaster.domain.refusals import Forbidden
from broadcaster.domain.zones import zone_of
from broadcaster.http.reading import number_of
from broadcaster.http.route import Call
from broadcaster.http.schemas.reports import SandboxPageQuery
from broadcaster.store import Unit, sandbox
from broadcaster.store.alerts import alerts
from broadcaster.store.sandbox import CODES, SandboxMessage
from broadcaster.web.console.downloads import framed_mail
from broadcaster.web.console.frame import show, words_of
from broadcaster.web.console.sandbox.seen import html_of, seen, without_secrets
from broadcaster.web.i18n import Words
from broadcaster.web.names import CHANNEL_ICONS
from broadcaster.web.pages import written_short
from broadcaster.web.resident.public import Unknown, known

_PAGE = 25
_MOST_ALERTS = 30
_OF_CODES = "codes"


async def listing(call: Call[None, SandboxPageQuery]) -> web.StreamResponse:
    """Show the newest messages."""
    words = words_of(call.request)
    query = call.query
    channel = query.channel or None
    alert_id = CODES if query.alert == _OF_CODES else number_of(query.alert)
    theirs, opened = _reach(call)
    if alert_id == CODES and not opened:
        raise Forbidden("addresses-hidden")
    async with call.services.store.read() as unit:
        found = await sandbox.page(
            unit,
            alert_id=alert_id,
            channel=None if channel is None else ChannelName(channel),
            before=query.cursor,
            limit=_PAGE,
            stations=theirs,
        )
        choices = await _choices(unit, words, theirs, opened=opened)
    facts = {
        "messages": [seen(each, words, opened=opened) for each in found if opened or each.alert_id != CODES],
        "next": found[-1].id if len(found) == _PAGE else None,
        "alert": query.alert,
        "alerts": choices,
        "channel": query.channel,
        "channels": [(each.value, CHANNEL_ICONS[each], words.channel(each)) for each in CHANNELS],
        "opened": opened,
    }
    return show(call.request, "sandbox/sandbox.html", words, facts)


async def one(call: Call[None, None]) -> web.StreamResponse:
    """Show one message to the last byte."""
    words = words_of(call.request)
    found = known(await _message(call))
    _, opened = _reach(call)
    return show(call.request, "sandbox/one.html", words, {"message": seen(found, words, opened=opened)})


async def mail(call: Call[None, None]) -> web.StreamResponse:
    """Return a mail's HTML for a frame without scripts and network access."""
    found = known(await _message(call))
    if found.channel is not ChannelName.EMAIL:
        raise Unknown
    _, opened = _reach(call)
    body = html_of(found)
    return framed_mail(body if opened else without_secrets(body))


def _reach(call: Call[Any, Any]) -> tuple[frozenset[int] | None, bool]:
    """Return the stations whose messages a caller sees (None for all), and whether they see addresses."""
    readable = frozenset() if call.caller is None else call.caller.stations(Permission.REGISTER)
    return (readable, True) if readable != frozenset() else (call.stations(), False)


async def _message(call: Call[Any, Any]) -> SandboxMessage | None:
    number, (theirs, opened) = call.number(), _reach(call)
    async with call.services.store.read() as unit:
        found = await sandbox.page(unit, alert_id=None, channel=None, before=number + 1, limit=1, stations=theirs)
    if not found or found[0].id != number or (found[0].alert_id == CODES and not opened):
        return None
    return found[0]


async def _choices(unit: Unit, words: Words, theirs: frozenset[int] | None, *, opened: bool) -> list[dict[str, Any]]:
    """Return the alerts to choose from: id and title."""
    kept = dict(await sandbox.newest_alerts(unit, theirs, _MOST_ALERTS))
    known = {each.id: each for each in await alerts.by_ids(unit, [each for each in kept if each != CODES])}
    choices = [
        {
            "id": str(number),
            "title": f"{next(iter(alert.texts.values())).headline[:60]} – "
            f"{written_short(alert.sent_at, zone_of('FR'), words)} ({kept[number]})",
        }
        for number, alert in sorted(known.items(), reverse=True)
    ]
    if opened and CODES in kept:
        choices.append({"id": _OF_CODES, "title": f"{words('Confirmation codes')} ({kept[CODES]})"})
    return choices
