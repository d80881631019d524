"""Invite: send an operator's one-time link by mail, after every urgent alert, while the inviter waits."""

import asyncio
from html import escape

import structlog

from broadcaster.domain.people import ChannelName
from broadcaster.domain.stations import Station
from broadcaster.languages import catalogs, direction
from broadcaster.metrics import SENT
from broadcaster.pipeline.confirm import RANK
from broadcaster.pipeline.services import Services
from channels.email import Mail, MailTemplate
from channels.errors import ChannelError

_PATIENCE_S = 10.0
_log = structlog.get_logger(__name__)


async def send_invitation(services: Services, station: Station, operator_id: int, address: str, url: str) -> bool:
    """Send a link in the station's first language; False if mail is not configured, or did not take it in time."""
    sender = services.senders[ChannelName.EMAIL]
    if sender.sandboxed:
        return False
    mail = _mail(services, station, operator_id, url)
    try:
        async with asyncio.timeout(_PATIENCE_S), sender.gate.passing(RANK, sender.channel.cost(mail)):
            await sender.channel.send(mail, address)
    except (ChannelError, TimeoutError) as error:
        SENT.labels(sender.name, type(error).__name__.lower()).inc()
        _log.warning("an invitation was not taken", code=getattr(error, "code", "timeout"))
        return False
    SENT.labels(sender.name, "accepted").inc()
    return True


def _mail(services: Services, station: Station, operator_id: int, url: str) -> Mail:
    words, name = catalogs().words(station.languages[0]), " ".join(station.name.split())
    said = words("You are invited to act for %(station)s. This link opens once, and is for you only:", station=name)
    link = f'<a href="{escape(url)}">{escape(url)}</a>'
    begin = f'<!doctype html><html lang="{words.language}" dir="{direction(words.language)}">'
    template = MailTemplate(
        subject=words("Your access to the alerts of %(station)s", station=name),
        text=f"{said}\n\n{url}\n",
        html=f"{begin}<body><p>{escape(said)}</p><p>{link}</p></body></html>",
        language=words.language,
        list_id=f"{station.slug}.{services.links.host}",
        sender_name=name,
    )
    return Mail(template, message_id=f"invitation.{operator_id}")
