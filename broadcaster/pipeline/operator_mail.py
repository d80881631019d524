"""Sends mail and SMS to operators, in their station's language."""

import asyncio

import structlog

from broadcaster.domain.people import ChannelName
from broadcaster.domain.stations import Station
from broadcaster.languages import DEFAULT, Words, catalogs, direction
from broadcaster.metrics import SENT
from broadcaster.pipeline.render.code import TEMPLATES
from broadcaster.pipeline.services import Services
from broadcaster.sending.sender import Sender
from channels.email import Mail, MailTemplate
from channels.errors import ChannelError
from channels.sms import SmsMessage
from channels.webpush import PushMessage, PushSubscription

HOLDS_S = 1800
"""How long a provider keeps an SMS or a push for a device that is off."""
_RANK = -1
"""Before every alert: it is a handful of messages, for which an alert or somebody in danger waits."""
_PATIENCE_S = 10.0
_log = structlog.get_logger(__name__)


def words_for(station: Station | None) -> Words:
    """Return the words in a station's first language, or in the installation's."""
    return catalogs().for_operators(DEFAULT if station is None else station.languages[0])


async def send_mail(
    services: Services, name: str, address: str, *, station: Station | None, subject: str, said: str, url: str = ""
) -> bool:
    """Send a text with a link. Return False if mail is not configured, or did not accept it in time."""
    sender = services.senders[ChannelName.EMAIL]
    if sender.sandboxed:
        return False
    words = words_for(station)
    sentences = [*said.split("\n\n"), url] if url else said.split("\n\n")
    template = MailTemplate(
        subject=subject,
        text=f"{said}\n\n{url}".rstrip() + "\n",
        html=TEMPLATES.get_template("notice.html").render(
            title=subject, sentences=sentences, language=words.language, direction=direction(words.language)
        ),
        language=words.language,
        list_id=f"{'operators' if station is None else station.slug}.{services.links.host}",
        sender_name="Tocsin" if station is None else station.plain_name,
    )
    return await hand_over(sender, Mail(template, message_id=name), address) is None


async def send_sms(services: Services, phone: str, text: str) -> bool:
    """Send a text. Return False if SMS is not configured, or did not accept it in time."""
    sender = services.senders[ChannelName.SMS]
    message = SmsMessage(text, validity_s=HOLDS_S)
    return not sender.sandboxed and await hand_over(sender, message, phone) is None


async def hand_over(
    sender: Sender, message: Mail | SmsMessage | PushMessage, address: str | PushSubscription
) -> ChannelError | TimeoutError | None:
    """Send one message; return why it was not taken in time, or None."""
    try:
        async with asyncio.timeout(_PATIENCE_S), sender.gate.passing(_RANK, sender.channel.cost(message)):
            await sender.channel.send(message, address)
    except (ChannelError, TimeoutError) as error:
        SENT.labels(sender.name, type(error).__name__.lower()).inc()
        code = getattr(error, "code", "timeout")
        _log.warning("a message to an operator was not taken", channel=sender.name, code=code)
        return error
    SENT.labels(sender.name, "accepted").inc()
    return None
