"""Residents' own actions, besides changing their data: follow, leave, renew, erase."""

from datetime import timedelta

from aiohttp import web

from broadcaster.domain.audit import Action
from broadcaster.domain.consents import Consent, Way
from broadcaster.domain.people import ChannelName, NewContact
from broadcaster.domain.refusals import NotFound, Refused
from broadcaster.http.answers import answer, nothing
from broadcaster.http.contacts import read_push
from broadcaster.http.keys import TERRITORIES
from broadcaster.http.people.consents import consent_of
from broadcaster.http.people.subscribers import profile_of
from broadcaster.http.problems import unauthenticated
from broadcaster.http.quotas import caller_mark, check_quota
from broadcaster.http.route import Call
from broadcaster.http.schemas.residents import ErasureOut, PushIn, VisitIn, VisitMade
from broadcaster.http.stations import station_named
from broadcaster.pipeline.welcome import send_soon
from broadcaster.register import left_out
from broadcaster.store import Unit
from broadcaster.store.alerts import alerts, waiting
from broadcaster.store.people import people, residents, welcomes
from broadcaster.store.register import erasing
from broadcaster.store.register.erasing import Erased

MOST_FOLLOWED = 50


async def follow(call: Call[None, None]) -> web.Response:
    """Follow a further station."""

    async def keep(unit: Unit) -> None:
        station = await station_named(unit, call.request.match_info["slug"])
        profile = await profile_of(unit, call.subscriber_id)
        if len(profile.follows) >= MOST_FOLLOWED:
            raise Refused("too-many-followed", "slug", most=MOST_FOLLOWED)
        consent = consent_of(call, station, profile.locale, Way.OWN)
        await residents.follow(unit, call.subscriber_id, station.id, consent.actor.at, consent)
        await left_out.log(unit, consent)

    await call.services.store.transact(keep)
    return nothing()


async def unfollow(call: Call[None, None]) -> web.Response:
    """Leave a station and its groups."""

    async def keep(unit: Unit) -> None:
        station = await station_named(unit, call.request.match_info["slug"])
        by = Consent(Way.OWN, call.actor)
        await erasing.leave(unit, call.subscriber_id, station.id, erasing.Way.THEMSELVES, by.actor.at, by=by)

    await call.services.store.transact(keep)
    return nothing()


async def opened(call: Call[None, None]) -> web.Response:
    """Record that an alert was read, so that it is not sent after quiet hours."""

    async def keep(unit: Unit) -> None:
        alert = await alerts.by_token(unit, call.request.match_info["token"])
        if alert is None:
            raise NotFound("alert-missing", id=call.request.match_info["token"])
        await waiting.opened(unit, alert.id, call.subscriber_id, call.services.clock.now())

    await call.services.store.transact(keep)
    return nothing()


async def forget_position(call: Call[None, None]) -> web.Response:
    """Forget where my device was."""

    async def keep(unit: Unit) -> None:
        await residents.forget_position(unit, call.subscriber_id)

    await call.services.store.transact(keep)
    return nothing()


async def renew_push(call: Call[PushIn, None]) -> web.Response:
    """Replace a browser's push subscription by its new one (Push API, ``pushsubscriptionchange``)."""
    given, services = call.body, call.services
    contact = read_push(given.subscription, "subscription", services.settings.push_origins)
    replaced = None
    if given.replaces:
        replaced = NewContact(ChannelName.PUSH, given.replaces, given.replaces)

    now = services.clock.now()

    async def keep(unit: Unit) -> list[int]:
        await profile_of(unit, call.subscriber_id)
        by = Consent(Way.OWN if replaced is None else Way.RENEWED, call.actor)
        await residents.renew_push(unit, call.subscriber_id, contact, replaced, now, consent=by)
        await left_out.log(unit, by)
        return await welcomes.begin(unit, call.subscriber_id, now)

    send_soon(services, await services.store.transact(keep))
    return nothing()


async def erase(call: Call[None, None]) -> web.Response:
    """Erase a subscriber and their token; return the proof."""

    async def forget(unit: Unit) -> Erased:
        proof = await erasing.erase(unit, call.subscriber_id, erasing.Way.THEMSELVES, call.services.clock.now())
        if proof is None:
            raise unauthenticated("key-unknown", bad_token=True)
        await call.record(unit, Action.PERSON_ERASED, call.subscriber_id)
        return proof

    proof = await call.services.store.transact(forget)
    return answer(ErasureOut.of(proof))


async def visit(call: Call[VisitIn, None]) -> web.Response:
    """Alert a visitor for some hours, after which all their data is deleted."""
    given, services, now = call.body, call.services, call.services.clock.now()
    contact = read_push(given.subscription, "subscription", services.settings.push_origins)
    async with services.store.read() as unit:
        here = await call.request.app[TERRITORIES].at(unit, given.lon, given.lat)
    token, until = people.new_token(), now + timedelta(hours=given.hours)
    caller, authorities = caller_mark(call), [each.id for each in here]

    async def keep(unit: Unit) -> list[int]:
        await check_quota(unit, authorities, caller, now)
        by = Consent(Way.VISIT, call.actor)
        subscriber_id = await residents.visit(
            unit,
            authorities,
            contact,
            given.locale,
            (given.lon, given.lat, given.accuracy_m),
            token=token,
            now=now,
            until=until,
            consent=by,
        )
        await left_out.log(unit, by)
        return await welcomes.begin(unit, subscriber_id, now, caller=caller)

    send_soon(services, await services.store.transact(keep))
    return answer(VisitMade(token=token, forget_at=until, stations=tuple(each.name for each in here)), 201)
