"""Synthetic residents: plausible, repeatable, and no way to a real person."""

from __future__ import annotations

import json
import re
from collections import Counter

import pytest

from broadcaster.domain.people import ChannelName, NewSubscriber
from broadcaster.synthetic import GROUPS, Town
from channels.sms import parse_phone
from channels.webpush import PushSubscription
from zones import Area

CORNERS = [[0.58, 48.73], [0.68, 48.73], [0.68, 48.79], [0.58, 48.79], [0.58, 48.73]]
SQUARE = Area.from_json({"polygons": {"type": "Polygon", "coordinates": [CORNERS]}})
CENTRE = (0.629, 48.765)


@pytest.fixture(scope="module")
def residents() -> list[NewSubscriber]:
    return list(Town(SQUARE, CENTRE, 7).residents(800))


def addresses(residents: list[NewSubscriber], channel: ChannelName) -> list[str]:
    return [contact.address for each in residents for contact in each.contacts if contact.channel is channel]


def test_every_telephone_number_is_kept_for_fiction_by_arcep(residents: list[NewSubscriber]):
    numbers = [*addresses(residents, ChannelName.SMS), *addresses(residents, ChannelName.VOICE)]
    assert len(numbers) > 500
    assert all(parse_phone(number).fictional for number in numbers)


def test_no_mail_and_no_push_can_go_anywhere(residents: list[NewSubscriber]):
    mails, pushes = addresses(residents, ChannelName.EMAIL), addresses(residents, ChannelName.PUSH)
    assert len(mails) > 200
    assert len(pushes) > 200
    assert all(mail.endswith(".example") for mail in mails)
    assert all(re.match(r"https://[a-z.]+\.invalid/", json.loads(push)["endpoint"]) for push in pushes)


def test_the_keys_of_a_push_are_those_of_a_browser(residents: list[NewSubscriber]):
    kept = json.loads(addresses(residents, ChannelName.PUSH)[0])
    subscription = {"endpoint": kept["endpoint"], "keys": {"p256dh": kept["p256dh"], "auth": kept["auth"]}}
    assert PushSubscription.parse(subscription).p256dh == kept["p256dh"]


def test_everyone_is_said_to_be_synthetic(residents: list[NewSubscriber]):
    assert all("synthetic" in (each.name or "") and "synthetic" in (each.external_id or "") for each in residents)


def test_every_place_lies_inside_the_boundary(residents: list[NewSubscriber]):
    points = [(place.lon, place.lat) for each in residents for place in each.places]
    lons, lats = zip(*points, strict=True)
    assert SQUARE.covers(lons, lats).all()


def test_more_live_near_the_town_hall_than_at_the_edge(residents: list[NewSubscriber]):
    homes = [each.places[0] for each in residents]
    near = sum(abs(home.lon - CENTRE[0]) < 0.015 and abs(home.lat - CENTRE[1]) < 0.01 for home in homes)
    assert near > len(residents) / 3  # that box is a tenth of the square


def test_the_mix_holds_every_kind_of_resident(residents: list[NewSubscriber]):
    kinds = Counter(contact.channel for each in residents for contact in each.contacts)
    assert set(kinds) == set(ChannelName)
    devices = Counter(sum(contact.channel is ChannelName.PUSH for contact in each.contacts) for each in residents)
    assert devices[2] > 0
    assert any(not each.contacts for each in residents)
    assert {each.locale for each in residents} == {"fr", "en"}
    assert {slug for each in residents for slug in each.groups} == set(GROUPS)
    landlines = Counter(addresses(residents, ChannelName.VOICE))
    assert max(landlines.values()) > 1
    assert any(len(each.places) > 1 for each in residents)


def test_one_seed_gives_one_town(residents: list[NewSubscriber]):
    assert list(Town(SQUARE, CENTRE, 7).residents(800)) == residents
    assert list(Town(SQUARE, CENTRE, 8).residents(800)) != residents
