"""Visiting: share an alert's visit list with volunteers, and record what they find.

A link works while the alert's thread has an active version. A request for help is taken for a day longer, as one that
comes by any other way (``domain.answers.HELP_AFTER``).
"""

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from broadcaster.domain.alerts import Alert
from broadcaster.domain.answers import HELP, SAFE, Way, takes
from broadcaster.domain.audit import Action, Actor
from broadcaster.domain.people import NewContact
from broadcaster.domain.refusals import Refused
from broadcaster.domain.stations import Station
from broadcaster.domain.visits import SIGNED_IN, Finding, Visited, Volunteer
from broadcaster.pipeline.answers import confirm, still_open, tell
from broadcaster.pipeline.operator_mail import send_sms, words_for
from broadcaster.pipeline.services import Services
from broadcaster.store import Unit, help_requests
from broadcaster.store.alerts import alerts, answers, standing, tracking, visited
from broadcaster.store.operations import audit
from broadcaster.store.people import confirmations
from broadcaster.store.register import visits, volunteers
from broadcaster.store.stations import stations

USE = "visits"
"""Use of the vault's tokens in volunteers' links."""

MOST_VOLUNTEERS, LONGEST_NAME = 200, 80
_SECRET_BYTES = 24
_ANSWERS = {Finding.SAFE: SAFE, Finding.HELP: HELP}


@dataclass(frozen=True, slots=True)
class Visiting:
    """A volunteer, their station, and the versions of the alert, oldest first. ``over``: none is active."""

    volunteer: Volunteer
    station: Station
    versions: Sequence[Alert]
    over: bool

    @property
    def alert(self) -> Alert:
        return self.versions[-1]

    @property
    def readable(self) -> bool:
        return not self.over and self.volunteer.revoked_at is None


def url_of(services: Services, volunteer: Volunteer) -> str:
    return f"{services.base_url}/v/{services.store.vault.link(USE, volunteer.id)}"


async def share(
    services: Services,
    alert: Alert,
    station: Station,
    actor: Actor,
    *,
    name: str,
    phone: NewContact,
    streets: Sequence[str],
    unconfirmed: bool,
) -> Volunteer:
    """Give streets to a volunteer, and send them their link by SMS. Raises ``Refused``."""
    now, name = services.clock.now(), " ".join(name.split())
    if not 0 < len(name) <= LONGEST_NAME:
        raise Refused("volunteer-name", "name", most=LONGEST_NAME)
    if not streets:
        raise Refused("volunteer-streets", "streets")
    async with services.store.write() as unit:
        await unit.in_turn("volunteers", alert.first_id)
        versions = await answers.versions(unit, alert)
        if not any(each.active(now) for each in versions):
            raise Refused("visits-over", "alert")
        if len(await volunteers.of(unit, alert.first_id)) >= MOST_VOLUNTEERS:
            raise Refused("volunteers-many", "name", most=MOST_VOLUNTEERS)
        given = {each.place for each in await visits.streets_of(unit, versions[-1], unconfirmed=True, only={*streets})}
        if len(given) < len({*streets}):
            raise Refused("volunteer-streets", "streets")
        made = await volunteers.add(
            unit,
            alert.first_id,
            station.id,
            name=name,
            phone=phone.canonical,
            streets=sorted(given),
            unconfirmed=unconfirmed,
            now=now,
        )
        what, n = Action.VISITS_SHARED, len(given)
        await audit.record(unit, actor, what, alert.id, station_id=station.id, volunteer=made.id, streets=n)
    task = asyncio.create_task(_send_link(services, made, station))
    services.lingering.add(task)
    task.add_done_callback(services.lingering.discard)
    return made


async def _send_link(services: Services, volunteer: Volunteer, station: Station) -> None:
    words, gaps = words_for(station), {"station": station.name, "url": url_of(services, volunteer)}
    said = words("%(station)s: people to visit: %(url)s The list opens with a code to this phone.", **gaps)
    await send_sms(services, volunteer.phone, said)


async def revoke(services: Services, volunteer: Volunteer, actor: Actor) -> bool:
    """End a volunteer's access at once; False if it had ended."""
    async with services.store.write() as unit:
        done = await volunteers.revoke(unit, volunteer.id, services.clock.now())
        if done:
            what, of = Action.VISITS_REVOKED, volunteer.alert_id
            await audit.record(unit, actor, what, of, station_id=volunteer.station_id, volunteer=volunteer.id)
    return done


async def of_volunteer(unit: Unit, services: Services, volunteer_id: int) -> Visiting | None:
    """Return what a volunteer's link leads to; None if it is unknown."""
    volunteer, now = await volunteers.by_id(unit, volunteer_id), services.clock.now()
    alert = None if volunteer is None else await alerts.by_id(unit, volunteer.alert_id)
    station = None if volunteer is None else await stations.by_id(unit, volunteer.station_id)
    if volunteer is None or alert is None or station is None:
        return None
    versions = await answers.versions(unit, alert)
    return Visiting(volunteer, station, versions, over=not any(each.active(now) for each in versions))


async def sign_in(services: Services, visiting: Visiting, code: str, actor: Actor) -> str:
    """Return the secret of a session of the volunteer's phone. Raises ``Refused`` for a wrong code."""
    volunteer, now = visiting.volunteer, services.clock.now()
    secret = secrets.token_urlsafe(_SECRET_BYTES)

    async def check(unit: Unit) -> int | None:
        """Return the tries that are left; None if the code was right."""
        if volunteer.confirmation_id is None:
            return 0
        if await confirmations.try_code(unit, volunteer.confirmation_id, code, now):
            await confirmations.use_up(unit, volunteer.confirmation_id)
            await volunteers.sign_in(unit, volunteer.id, secret, now + SIGNED_IN)
            what, of = Action.VISITS_OPENED, visiting.alert.id
            await audit.record(unit, actor, what, of, station_id=volunteer.station_id, volunteer=volunteer.id)
            return None
        found = await confirmations.by_id(unit, volunteer.confirmation_id, now)
        return 0 if found is None or found.over else found.tries_left

    left = await services.store.transact(check)
    if left is not None:
        raise Refused("code-wrong", "code", tries=left) if left else Refused("code-over", "code")
    return secret


async def record(services: Services, visiting: Visiting, subscriber_id: int, finding: Finding, actor: Actor) -> bool:
    """Record what a volunteer found at a person's door; False if they live elsewhere, or the alert is over.

    A person who was found counts as confirmed. After a visit no further step of the escalation follows.
    """
    volunteer, alert, now = visiting.volunteer, visiting.alert, services.clock.now()
    if not still_open(visiting.versions, HELP if finding is Finding.HELP else SAFE, now):
        return False
    ids, first = [each.id for each in visiting.versions], alert.first_id

    async def keep(unit: Unit) -> bool:
        person = await visits.one(unit, alert, subscriber_id)
        if person is None or person.place not in volunteer.streets:
            return False
        if not await visited.record(unit, first, subscriber_id, Visited(finding, now, volunteer.id)):
            return True
        if finding is Finding.ABSENT:
            await standing.follow_no_more(unit, ids, [subscriber_id])
            for each in ids:
                await tracking.finish(unit, each, now)
        else:
            await confirm(unit, ids, [subscriber_id], now)
        choice, before = _ANSWERS.get(finding), await answers.of(unit, first, subscriber_id)
        if choice == HELP or (choice is not None and any(takes(each, choice) for each in visiting.versions)):
            await answers.give(unit, first, [subscriber_id], choice, way=Way.VISIT, by=subscriber_id, at=now)
        if choice == HELP:
            again = before not in (None, HELP)
            await help_requests.ask(unit, first, alert.station_id, subscriber_id, now, position=None, again=again)
        await audit.record(
            unit,
            actor,
            Action.VISITED,
            alert.id,
            station_id=alert.station_id,
            volunteer=volunteer.id,
            person=subscriber_id,
            found=finding.word,
        )
        return True

    done = await services.store.transact(keep)
    await tell(services, ids)
    return done
