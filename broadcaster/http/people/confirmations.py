"""Self-service phone and mail contacts: only a code is sent there until it is confirmed.

Limits against abuse: codes per caller, then per station and hour; allowed phone countries; few attempts; a lifetime of
a quarter of an hour. Many codes to one number do not lock out its owner: from then on the last code sent is valid for
every request. Responses do not reveal whether a number is known.
"""

from dataclasses import replace
from typing import Any

from aiohttp import web

from broadcaster.domain.consents import Way
from broadcaster.domain.people import ChannelName, NewContact
from broadcaster.domain.quotas import exceeds_quota
from broadcaster.domain.refusals import Conflict, NotFound, Refused
from broadcaster.domain.stations import Station
from broadcaster.http.answers import answer
from broadcaster.http.auth import count, limit
from broadcaster.http.contacts import read_as
from broadcaster.http.people.consents import text_of
from broadcaster.http.people.subscribers import profile_of, read_places
from broadcaster.http.problems import HttpProblem
from broadcaster.http.quotas import caller_mark
from broadcaster.http.route import Call
from broadcaster.http.schemas.residents import CodeIn, ConfirmationMade, ConfirmationOut, ContactToConfirm, SignUpIn
from broadcaster.http.stations import station_named
from broadcaster.pipeline.confirm import send_soon
from broadcaster.pipeline.services import Services
from broadcaster.register import left_out
from broadcaster.register.contacts import contact_of, mail_contact
from broadcaster.store import Unit
from broadcaster.store.people import code_counts, confirmations, people
from broadcaster.store.people.code_counts import CodeCounts
from broadcaster.store.people.confirmations import Confirmation, ConfirmationRequest, StartedConfirmation
from broadcaster.store.stations import stations
from channels.sms import parse_phone

NUMBER_HOUR, NUMBER_DAY, CALLER_HOUR = 3, 6, 20
"""Codes to one number in an hour and a day, by one caller and before they are shared; and a caller's unconfirmed codes
in an hour.
"""

USE = "confirm"


async def sign_up(call: Call[SignUpIn, None]) -> web.Response:
    """Follow a station by phone or mail: send a code there, and nothing else."""
    given = call.body
    async with call.services.store.read() as unit:
        station = await station_named(unit, call.request.match_info["slug"])
    return await begun(call, station, replace(_asked(call, station, given.locale), places=read_places(given.places)))


async def add(call: Call[ContactToConfirm, None]) -> web.Response:
    """Send a code to an additional phone or mail of a subscriber."""
    async with call.services.store.read() as unit:
        profile = await profile_of(unit, call.subscriber_id)
        if not profile.follows:
            raise Conflict("follows-nothing")
        station = await station_named(unit, profile.follows[0][0])
    asked = _asked(call, station, profile.locale)
    return await begun(call, station, replace(asked, subscriber_id=call.subscriber_id, way=Way.OWN))


async def confirm(call: Call[CodeIn, None]) -> web.Response:
    """Check a code; without one, return the state.

    Requests with a valid secret are not counted by address, which strangers may share.
    """
    services, given, now = call.services, call.body, call.services.clock.now()
    if await services.store.run_read(lambda unit: confirmations.by_secret(unit, given.confirmation, now)) is None:
        await count(call.request)
        raise NotFound("confirmation-unknown")
    await limit(call.request, "confirmation", given.confirmation, "too-many-confirmations")

    async def look(unit: Unit) -> tuple[Confirmation, bool | None, bool]:
        found = await confirmations.by_secret(unit, given.confirmation, now)
        if found is None:
            raise NotFound("confirmation-unknown")
        right: bool | None = None
        if given.code is not None and not found.state.is_confirmed and not found.over:
            right = await confirmations.try_code(unit, found.id, given.code, now)
            if right:
                await left_out.log(unit, await confirmations.confirm(unit, found.id, now, call.actor))
            found = await confirmations.by_secret(unit, given.confirmation, now) or found
        return found, right, await people.by_token(unit, token) is not None

    token = confirmations.token_of(given.confirmation)
    found, right, made = await services.store.transact(look)
    if right is False and not found.over:
        raise Refused("code-wrong", "code", tries=found.tries_left)
    return answer(
        ConfirmationOut(
            state="over" if found.over else found.state.word,
            tries_left=max(0, found.tries_left),
            token=token if made else None,
        )
    )


def _asked(call: Call[Any, None], station: Station, locale: str) -> ConfirmationRequest:
    contact, way = contact_given(call.services, station, call.body), Way.QR if call.body.via == "qr" else Way.PAGE
    return ConfirmationRequest(station.id, contact, locale, caller_mark(call), way=way, text=text_of(station, locale))


async def begun(call: Call[Any, None], station: Station, asked: ConfirmationRequest) -> web.Response:
    """Send a code, and say where it goes."""
    started, contact = await begin(call.services, station, asked), asked.contact
    made = ConfirmationMade(
        confirmation=started.secret, channel=contact.channel.value, to=contact.address, expires_at=started.expires_at
    )
    return answer(made, 202)


async def begin(services: Services, station: Station, asked: ConfirmationRequest) -> StartedConfirmation:
    """Send a code. Raises a 429 above the limits of the number, the caller and the station, or as ``profile_of``."""
    now = services.clock.now()

    async def keep(unit: Unit) -> StartedConfirmation:
        if asked.subscriber_id is not None:
            await profile_of(unit, asked.subscriber_id)
        so_far = await code_counts.counted(unit, asked, now)
        _check(so_far, services.settings.codes_per_hour)
        busy = so_far.number_hour >= NUMBER_HOUR or so_far.number_day >= NUMBER_DAY
        return await confirmations.begin(unit, asked, now, busy=busy)

    started = await services.store.transact(keep)
    send_soon(services, station, asked, started)
    return started


def contact_given(services: Services, station: Station, given: ContactToConfirm) -> NewContact:
    """Read a contact that codes may be sent to. Raises ``Refused``."""
    if given.email is not None:
        with read_as("email"):
            return mail_contact(given.email)
    return telephone(services, station, given.phone or "", call=given.call)


def telephone(services: Services, station: Station, written: str, *, call: bool = False) -> NewContact:
    """Read a telephone that codes may be sent to; ``call``: by a call. Raises ``Refused``."""
    with read_as("phone"):
        number = parse_phone(written, station.region)
    allowed = services.settings.phone_regions
    if number.region not in allowed and number.region != station.region:
        # Fraudsters earn money from codes sent to expensive foreign numbers.
        raise Refused("phone-country", "phone")
    return contact_of(number, ChannelName.VOICE if call else None)


def _check(so_far: CodeCounts, station_most: int) -> None:
    """Limit the caller first, the station last."""
    mine, everyone = so_far.caller_hour, so_far.station_hour
    for is_over, code in (
        (so_far.asked_hour >= NUMBER_HOUR or so_far.asked_day >= NUMBER_DAY, "too-many-codes-to-contact"),
        (mine >= CALLER_HOUR, "too-many-codes-from-address"),
        (
            exceeds_quota(mine, everyone, most_mine=CALLER_HOUR, most_everyone=station_most),
            "too-many-codes-for-station",
        ),
    ):
        if is_over:
            raise HttpProblem("too-many", code, headers={"Retry-After": str(so_far.next_s)})


async def by_link(call: Call[None, None]) -> tuple[Confirmation, Station] | None:
    """Return the confirmation of a mailed link; wrong links are counted."""
    services, now = call.services, call.services.clock.now()
    number = services.store.vault.unlink(USE, call.request.match_info["token"])
    if number is None:
        await count(call.request)
        return None
    async with services.store.read() as unit:
        found = await confirmations.by_id(unit, number, now)
        station = None if found is None else await stations.by_id(unit, found.station_id)
    return None if found is None or station is None else (found, station)
