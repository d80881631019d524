"""Telling operators what waits for them: by push to their browsers, by SMS and by mail, all at once."""

import asyncio
from collections.abc import Awaitable, Collection
from dataclasses import dataclass

import orjson
import structlog

from broadcaster.domain.operators import Operator, party_of
from broadcaster.domain.people import ChannelName
from broadcaster.domain.stations import Station
from broadcaster.languages import direction
from broadcaster.pipeline.operator_mail import HOLDS_S, hand_over, send_mail, send_sms, words_for
from broadcaster.pipeline.services import Services
from broadcaster.store.operators import pushes
from broadcaster.store.operators.pushes import Browser
from channels.addresses import read_address
from channels.errors import Gone
from channels.webpush import PushMessage

_DAY_S = 86_400
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Notice:
    """``name``: stable id of the notice. ``path``: the page that it opens.

    ``urgent``: False for what waits a day: no SMS, and a push that doesn't insist.
    """

    name: str
    subject: str
    said: str
    path: str
    urgent: bool = True


async def tell_station(services: Services, station: Station, people: Collection[Operator], notice: Notice) -> bool:
    """Send a notice to these operators and to the station's mailbox.

    Return whether there is nothing left to tell: somebody was told, or nobody can be.
    """
    told = await tell(services, station, people, notice)
    if station.email and station.email not in {each.mail for each in people}:
        said = {"subject": notice.subject, "said": notice.said, "url": url_of(services, notice)}
        told |= await send_mail(services, notice.name, station.email, station=station, **said)
    if not told:
        _log.error("nobody could be told", station=station.slug, notice=notice.name)
    reachable = station.email or any(each.mail or (each.phone and notice.urgent) for each in people)
    return told or not reachable or services.mail_is_sandboxed


async def tell(services: Services, station: Station, people: Collection[Operator], notice: Notice) -> bool:
    """Tell operators by every way that they have; return whether anybody was."""
    url = url_of(services, notice)
    ways: list[Awaitable[object]] = [push(services, station, people, notice)]
    if notice.urgent:
        ways += [send_sms(services, each.phone, f"{notice.subject}\n{url}") for each in people if each.phone]
    ways += [
        send_mail(
            services,
            f"{notice.name}.{each.id}",
            each.mail,
            station=station,
            subject=notice.subject,
            said=notice.said,
            url=url,
        )
        for each in people
        if each.mail
    ]
    return any(await asyncio.gather(*ways))


async def push(services: Services, station: Station, people: Collection[Operator], notice: Notice) -> set[int]:
    """Push to all browsers of these operators; return the ids of those who have one that was reached."""
    async with services.store.read() as unit:
        known = await pushes.of(unit, [each.id for each in people])
    return await push_to(services, station, known, notice)


async def push_to(services: Services, station: Station | None, known: Collection[Browser], notice: Notice) -> set[int]:
    """Push to browsers; return whose were reached. One that its push service calls gone is forgotten."""
    sender = services.senders[ChannelName.PUSH]
    if sender.sandboxed or not known:
        return set()
    message = _message(services, station, notice)
    found = await asyncio.gather(
        *(hand_over(sender, message, read_address(ChannelName.PUSH, each.address)) for each in known)
    )
    gone = [each.id for each, error in zip(known, found, strict=True) if isinstance(error, Gone)]
    if gone:
        async with services.store.write() as unit:
            for each in gone:
                await pushes.forget(unit, each)
    return {each.operator_id for each, error in zip(known, found, strict=True) if error is None}


def url_of(services: Services, notice: Notice) -> str:
    return f"{party_of(services.base_url).origin}{notice.path}"


def _message(services: Services, station: Station | None, notice: Notice) -> PushMessage:
    words = words_for(station)
    payload = orjson.dumps(
        {
            "type": "operator",
            "lang": words.language,
            "dir": direction(words.language),
            "title": notice.subject,
            "body": notice.said,
            "tag": notice.path,
            "url": url_of(services, notice),
            **({"severity": "severe", "urgent": True} if notice.urgent else {}),
        }
    )
    if notice.urgent:
        return PushMessage(payload, payload, HOLDS_S, "high")
    return PushMessage(payload, payload, _DAY_S)
