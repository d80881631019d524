"""Which active alerts concern someone: found by where they are and whom they follow, without a look at every alert."""

from __future__ import annotations

import random
from datetime import timedelta

from broadcaster.atlas import ActiveAlerts
from broadcaster.atlas.active import _concerned
from broadcaster.domain.audience import Audience, AudienceKind
from tests.contract.stores import NOW, an_alert
from zones import Area, Circle

HERE, THERE = (0.6, 48.7), (0.8, 48.7)
KINDS = tuple(AudienceKind)


class Still:
    """A clock that is set by hand."""

    at = NOW

    def now(self):
        return self.at


def active(*alerts):
    found = ActiveAlerts(None, Still())
    for alert in alerts:
        found.put(alert)
    return found


def alert(station_id, kind, where=HERE, groups=(), **changes):
    area = None if where is None else Area((Circle(*where, 1000.0),))
    return an_alert(station_id, area=area, audience=Audience(kind, groups), **changes)


def test_it_finds_the_same_as_a_look_at_every_alert():
    dice = random.Random(5)
    groups = ((), ("a",), ("b",))
    every = [
        alert(dice.randrange(4), dice.choice(KINDS), dice.choice((HERE, THERE, None)), dice.choice(groups))
        for _ in range(300)
    ]
    index = active(*every)
    for removed in every[::7]:
        index.remove(removed.id)
    left = [each for at, each in enumerate(every) if at % 7]
    for _ in range(200):
        points = dice.sample([HERE, THERE, (2.0, 47.0)], dice.randrange(3))
        followed = set(dice.sample(range(4), dice.randrange(3)))
        member = {each: {dice.choice("ab")} for each in dice.sample(range(4), dice.randrange(3))}
        inside = {each for point in points for each in index.at(*point)}
        wanted = [each.id for each in left if _concerned(each, inside, followed, member)]
        assert sorted(each.id for each in index.concerning(points, followed, member)) == sorted(wanted)


def test_what_is_near_is_found_across_the_antimeridian():
    west, east = (alert(1, AudienceKind.EVERYONE, (lon, -16.8)) for lon in (179.97, -179.97))
    index = active(west, east)
    for box in ((179.9, -16.85, 180.0, -16.8), (-180.0, -16.85, -179.9, -16.8)):
        assert {each.id for each in index.reaching(box, (0.05, 0.05))} == {west.id, east.id}
        assert len(index.reaching(box, (0.001, 0.001))) == 1


def test_what_expired_concerns_nobody():
    index = active(alert(1, AudienceKind.ALL_FOLLOWERS, expires_at=NOW + timedelta(hours=1)))
    assert len(index.concerning([], {1}, {})) == 1
    index._clock.at = NOW + timedelta(hours=2)
    assert index.concerning([HERE], {1}, {}) == []
