"""Group commit of single registrations: each statement serves a whole group."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from broadcaster.domain.audit import Action, Actor
from broadcaster.domain.consents import Consent, Way
from broadcaster.domain.people import NewSubscriber
from broadcaster.domain.refusals import Conflict
from broadcaster.store.engine.engine import Unit
from broadcaster.store.engine.grouping import Failed
from broadcaster.store.operations import audit
from broadcaster.store.people import people, suppression
from broadcaster.store.register import vulnerable
from broadcaster.store.stations import stations


class Registration(NamedTuple):
    """A person registered through a station's key; ``groups``, slug to name, are created if missing."""

    station_id: int
    person: NewSubscriber
    groups: Mapping[str, str]
    actor: Actor


async def register_all(unit: Unit, wanted: Sequence[Registration]) -> list[int | Failed]:
    """Register people; return each one's id, or the ``Conflict``: a known external id, or asked to be left out."""
    found: dict[int, int | Failed] = {}
    left = list(enumerate(wanted))
    while left:
        part, left = _compatible(left)
        found.update(await _register(unit, part))
    return [found[at] for at in range(len(wanted))]


def _compatible(
    left: Sequence[tuple[int, Registration]],
) -> tuple[list[tuple[int, Registration]], list[tuple[int, Registration]]]:
    """Split off people of one station without duplicates; the rest then sees what was written before."""
    part, rest, names = [], [], set[str]()
    for at, each in left:
        name = each.person.external_id
        if each.station_id != left[0][1].station_id or name in names:
            rest.append((at, each))
            continue
        part.append((at, each))
        if name is not None:
            names.add(name)
    return part, rest


async def _register(unit: Unit, part: Sequence[tuple[int, Registration]]) -> dict[int, int | Failed]:
    station_id, now = part[0][1].station_id, part[0][1].actor.at
    names = [each.person.external_id for _, each in part if each.person.external_id is not None]
    known = await people.by_external_ids(unit, station_id, names) if names else {}
    marks = [suppression.marks_of(unit.vault, station_id, each.person) for _, each in part]
    out = await suppression.listed(unit, station_id, set().union(*marks))
    found: dict[int, int | Failed] = {}
    new: list[tuple[int, Registration]] = []
    for (at, each), theirs in zip(part, marks, strict=True):
        if theirs & out:
            found[at] = Failed(Conflict(suppression.CODE))
        elif each.person.external_id in known:
            found[at] = Failed(Conflict("id-taken", external_id=each.person.external_id))
        else:
            new.append((at, each))
    if new:
        groups = await stations.ensure_groups(
            unit, station_id, {slug: name for _, each in new for slug, name in each.groups.items()}
        )
        tokens = [people.new_token() for _ in new]
        ids = await people.register(
            unit,
            station_id,
            [each.person for _, each in new],
            tokens,
            groups_by_slug=groups,
            now=now,
            consent=[Consent(Way.KEY, each.actor) for _, each in new],
        )
        enrolled = {number: True for (_, each), number in zip(new, ids, strict=True) if each.person.vulnerable}
        await vulnerable.follow_list(unit, station_id, enrolled, now)
        entries = await vulnerable.named(unit, station_id, enrolled)
        entered = [
            (each.actor, Action.VULNERABLE_ADDED, entries[number])
            for (_, each), number in zip(new, ids, strict=True)
            if number in entries
        ]
        await audit.record_many(unit, entered, station_id=station_id)
        done = [(each.actor, Action.PERSON_ADDED, number) for (_, each), number in zip(new, ids, strict=True)]
        await audit.record_many(unit, done, station_id=station_id)
        found.update(zip((at for at, _ in new), ids, strict=True))
    return found
