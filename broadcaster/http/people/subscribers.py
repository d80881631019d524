"""POST /v1/stations/{slug}/subscribers, and a subscriber's own /v1/subscribers/me."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from aiohttp import web

from broadcaster.domain.alerts import Severity
from broadcaster.domain.audit import Action
from broadcaster.domain.consents import Consent, Way
from broadcaster.domain.fixes import Fix, taken_at
from broadcaster.domain.people import ChannelName, NewContact, NewPlace, NewSubscriber
from broadcaster.domain.permissions import Permission
from broadcaster.domain.refusals import Conflict, NotFound, Refused
from broadcaster.domain.timing import TopicChoice
from broadcaster.http.answers import answer, nothing
from broadcaster.http.contacts import group_slugs, read_contacts, show_contact
from broadcaster.http.keys import TERRITORIES
from broadcaster.http.people.consents import consent_of
from broadcaster.http.problems import unauthenticated
from broadcaster.http.quotas import caller_mark, check_quota
from broadcaster.http.route import Call, forbidden
from broadcaster.http.schemas.subscribers import (
    FollowOut,
    PlaceIn,
    PositionIn,
    PositionOut,
    QuietIn,
    QuietOut,
    SubscriberIn,
    SubscriberMade,
    SubscriberOut,
    SubscriberPatch,
    TopicOut,
    WishesIn,
)
from broadcaster.http.stations import station_in_path, station_named
from broadcaster.pipeline.welcome import send_soon
from broadcaster.register import left_out
from broadcaster.store import Unit
from broadcaster.store.people import contacts as contact_rows
from broadcaster.store.people import fixes, people, profiles, residents, welcomes, wishes
from broadcaster.store.people.fixes import Standing
from broadcaster.store.people.profiles import Profile
from broadcaster.store.people.welcomes import VISIT_AFTER
from broadcaster.store.people.wishes import Followed
from broadcaster.store.register import vulnerable
from broadcaster.store.register.registering import Registration
from broadcaster.store.stations import stations
from schedules import QuietHours

LONGEST_PAUSE = timedelta(days=366)
_RECTIFIED = frozenset({"name", "places"})
"""What a person corrects of what is kept of them: in the audit log, without the words."""


async def register(call: Call[SubscriberIn, None]) -> web.Response:
    """Add a follower of a station: with its key, or (the person themselves) with push contacts only."""
    given, services, now = call.body, call.services, call.services.clock.now()
    station = await station_in_path(call.request)
    trusted = call.caller is not None and call.need(station.id) is not None
    if trusted:
        _check_trusted(call, given, station.id)
    else:
        _check_unproven(given)
    contacts = read_contacts(given.contacts, region=station.region, origins=services.settings.push_origins)
    wanted = group_slugs(given.groups)
    person = NewSubscriber(
        locale=given.locale,
        contacts=contacts,
        places=read_places(given.places),
        groups=tuple(wanted),
        external_id=given.external_id,
        name=given.name,
        vulnerable=given.vulnerable,
        guardians=given.guardians,
    )
    if trusted:
        registered = await services.registrations.do(Registration(station.id, person, wanted, call.actor))
        return answer(SubscriberMade(id=str(registered)), 201)
    token, caller = given.token or people.new_token(), caller_mark(call)

    async def keep(unit: Unit) -> tuple[int, list[int]]:
        there = None if given.token is None else await people.by_token(unit, given.token)
        if there is not None:
            return there, []
        await check_quota(unit, [station.id], caller, now)
        groups = await _groups(unit, station.id, wanted, may_join=())
        consent = consent_of(call, station, given.locale, Way.QR if given.via == "qr" else Way.PAGE)
        (subscriber_id,) = await people.register(
            unit, station.id, [person], [token], groups_by_slug=groups, now=now, themselves=True, consent=consent
        )
        await left_out.log(unit, consent)
        return subscriber_id, await welcomes.begin(unit, subscriber_id, now, caller=caller)

    subscriber_id, new = await services.store.run_grouped(keep)
    send_soon(services, new)
    return answer(SubscriberMade(id=str(subscriber_id), token=token), 201, {"Location": "/v1/subscribers/me"})


async def show(call: Call[None, None]) -> web.Response:
    """Return a subscriber's own data. Some time after a sign-up, this visit confirms it."""
    async with call.services.store.read() as unit:
        profile = await profile_of(unit, call.subscriber_id)
    since = profile.unconfirmed_at
    if since is not None and call.services.clock.now() - since >= VISIT_AFTER:
        async with call.services.store.write() as unit:
            await welcomes.confirm_person(unit, call.subscriber_id)
    return answer(shown(profile, call.services.settings.quiet_hours))


async def change(call: Call[SubscriberPatch, None]) -> web.Response:
    """Change what is given, and leave the rest (RFC 7396)."""
    given, services = call.body, call.services
    fields = given.model_fields_set
    if "locale" in fields and given.locale is None:
        raise Refused("locale-needed", "locale")

    now = services.clock.now()

    async def keep(unit: Unit) -> tuple[Profile, list[int]]:
        profile = await profile_of(unit, call.subscriber_id)
        if not profile.follows:
            raise Conflict("follows-nothing")
        slug, external_id = profile.follows[0]
        station = await station_named(unit, slug)
        contacts = tuple(
            replace(contact_rows.kept(channel, address), guardian=who)
            for (channel, address, _), who in zip(profile.contacts, profile.whose, strict=True)
        )
        if "contacts" in fields:
            read = read_contacts(given.contacts or (), region=station.region, origins=services.settings.push_origins)
            _check_added(read, contacts)
            contacts = read
        wanted = group_slugs(given.groups or ()) if "groups" in fields else None
        groups = await _groups(unit, station.id, wanted or {}, may_join=profile.groups)
        person = NewSubscriber(
            locale=given.locale or profile.locale,
            contacts=contacts,
            places=read_places(given.places or ()) if "places" in fields else profile.places,
            groups=tuple(slug for slug in profile.groups if slug in groups) if wanted is None else tuple(wanted),
            external_id=external_id,
            name=given.name if "name" in fields else profile.name,
        )
        consent = Consent(Way.OWN, call.actor)
        await people.replace(
            unit,
            station.id,
            call.subscriber_id,
            person,
            groups_by_slug=groups,
            now=now,
            themselves="contacts" in fields,
            consent=consent,
        )
        await left_out.log(unit, consent)
        if "vulnerable" in fields:
            for entry in await vulnerable.leave(unit, call.subscriber_id):
                await call.record(unit, Action.VULNERABLE_REMOVED, entry.id, station_id=entry.station_id)
        if fields & _RECTIFIED:
            await call.record(
                unit, Action.PERSON_CHANGED, call.subscriber_id, name="name" in fields, places="places" in fields
            )
        if "quiet_hours" in fields:
            await wishes.set_quiet(unit, call.subscriber_id, *_quiet(given.quiet_hours))
        if "paused_until" in fields:
            await _pause(unit, call.subscriber_id, given.paused_until, now)
        new = await welcomes.begin(unit, call.subscriber_id, now)
        return await profile_of(unit, call.subscriber_id), new

    changed, new = await services.store.transact(keep)
    send_soon(services, new)
    return answer(shown(changed, services.settings.quiet_hours))


def _quiet(given: QuietIn | None) -> tuple[QuietHours | None, str | None]:
    if given is None:
        return None, None
    try:
        zone = None if given.zone is None else ZoneInfo(given.zone).key
    except (ValueError, OSError, ZoneInfoNotFoundError):
        raise Refused("zone-unknown", "quiet_hours.zone") from None
    return QuietHours.read(f"{given.begin}-{given.end}"), zone


async def choose(call: Call[WishesIn, None]) -> web.Response:
    """Store a follower's choices for one station."""
    given = call.body
    both = set(given.mute) & set(given.digest)
    if both:
        raise Refused("topic-twice", "digest", name=min(both))

    async def keep(unit: Unit) -> None:
        station = await station_named(unit, call.request.match_info["slug"])
        mine = (await wishes.of_follower(unit, call.subscriber_id)).get(station.slug)
        if mine is None:
            raise NotFound("not-followed")
        topics = dict.fromkeys(given.mute, TopicChoice.MUTE) | dict.fromkeys(given.digest, TopicChoice.DIGEST)
        for topic in topics:
            if topic not in mine.topics:
                where, known = "mute" if topic in given.mute else "digest", ", ".join(mine.topics)
                raise Refused("topic-unknown", where, name=topic, known=known)
        await wishes.set_of(unit, call.subscriber_id, station.id, Severity(given.least), topics)

    await call.services.store.transact(keep)
    return nothing()


async def _pause(unit: Unit, subscriber_id: int, until: datetime | None, now: datetime) -> None:
    if until is not None and not now < until <= now + LONGEST_PAUSE:
        raise Refused("pause-too-long", "paused_until", days=LONGEST_PAUSE.days)
    await residents.pause(unit, subscriber_id, until)


async def move(call: Call[PositionIn, None]) -> web.Response:
    """Record the device's position, and send it the alerts active there."""
    given, services, now = call.body, call.services, call.services.clock.now()
    at, age = taken_at(given.at, now)
    until = None if given.hours is None else now + timedelta(hours=given.hours)
    fix = Fix(call.subscriber_id, given.lon, given.lat, given.accuracy_m, at, until, age)
    standing = await services.movements.record(fix)
    if standing is Standing.GONE:  # erased since the guard looked
        raise unauthenticated("key-unknown", bad_token=True)
    if standing is Standing.VISITOR:

        async def keep(unit: Unit) -> None:
            here = await call.request.app[TERRITORIES].at(unit, fix.lon, fix.lat)
            await residents.follow_on_the_way(unit, fix.subscriber_id, [each.id for each in here], now)
            await fixes.keep(unit, [fix])

        await services.store.transact(keep)
    return nothing()


def _check_trusted(call: Call[SubscriberIn, None], given: SubscriberIn, station_id: int) -> None:
    if given.token is not None:
        raise Refused("token-with-key", "token")
    if given.vulnerable is not None and not call.may(Permission.VULNERABLE, station_id):
        raise forbidden(Permission.VULNERABLE)


def _check_unproven(given: SubscriberIn) -> None:
    if not given.contacts or any(contact.channel != "push" for contact in given.contacts):
        raise unauthenticated("unproven")
    for name in ("external_id", "guardians", "vulnerable"):
        if getattr(given, name) not in (None, ()):
            raise unauthenticated("key-needed-for", name=name)


def _check_added(read: Iterable[NewContact], had: Iterable[NewContact]) -> None:
    """Refuse new contacts without proof of ownership; existing ones may stay."""
    known = {(contact.channel, contact.canonical) for contact in had}
    for at, contact in enumerate(read):
        if contact.channel is not ChannelName.PUSH and (contact.channel, contact.canonical) not in known:
            raise Refused("push-only", f"contacts[{at}]")


async def _groups(
    unit: Unit, station_id: int, wanted: Mapping[str, str], *, may_join: Collection[str]
) -> dict[str, int]:
    """Return the ids of the station's groups by slug, creating the wanted ones. Raises ``Refused``.

    Without the station's key, a person may leave a group but not join it: a school's messages are for its parents.
    """
    for at, slug in enumerate(wanted):
        if slug not in may_join:
            raise Refused("group-not-joined", f"groups[{at}]")
    return await stations.group_ids(unit, station_id)


def read_places(given: Iterable[PlaceIn]) -> tuple[NewPlace, ...]:
    return tuple(NewPlace(place.label, place.lon, place.lat) for place in given)


async def profile_of(unit: Unit, subscriber_id: int) -> Profile:
    """Return a subscriber's profile. Raises the 401 of an unknown token if they were erased since it was looked up."""
    profile = await profiles.read(unit, subscriber_id)
    if profile is None:
        raise unauthenticated("key-unknown", bad_token=True)
    return profile


def shown(profile: Profile, usual: str) -> SubscriberOut:
    """Return a subscriber for themselves; ``usual`` are the service's quiet hours."""
    position = None
    if profile.position is not None:
        lon, lat, accuracy_m, at = profile.position
        position = PositionOut(lon=lon, lat=lat, accuracy_m=accuracy_m, at=at)
    return SubscriberOut.of(
        profile,
        follows=tuple(
            FollowOut(station=slug, external_id=external, **_wanted(profile.wishes[slug]))
            for slug, external in profile.follows
        ),
        contacts=tuple(show_contact(*each, who) for each, who in zip(profile.contacts, profile.whose, strict=True)),
        position=position,
        identity=profile.identity.word,
        quiet_hours=_shown_quiet(profile, usual),
    )


def _wanted(mine: Followed) -> dict[str, Any]:
    words = {TopicChoice.MUTE: "mute", TopicChoice.DIGEST: "digest"}
    topics = [
        TopicOut(slug=slug, name=name, choice=words[mine.choices[slug]] if slug in mine.choices else "now")
        for slug, name in mine.topics.items()
    ]
    return {"least": mine.least, "topics": tuple(topics)}


def _shown_quiet(profile: Profile, usual: str) -> QuietOut:
    begin, _, end = str(profile.quiet or usual).partition("-")
    return QuietOut(begin=begin, end=end, zone=profile.zone, own=profile.quiet is not None)
