"""Addresses of a list in the console: looked up by the service; an operator says where the uncertain ones are."""

from __future__ import annotations

import asyncio
import re

import pytest

from broadcaster import workers
from broadcaster.config import Settings
from broadcaster.domain.corrections import Wanted
from broadcaster.domain.people import ChannelName, NewContact
from broadcaster.store.people import addresses, corrections
from broadcaster.store.stations import stations
from tests.integration.http.conftest import an_alert, open_api
from tests.integration.http.test_console_import import followers, take_over, upload
from tests.integration.http.test_console_people import look, send
from tests.servers.ban import Ban, Known

LIST = (
    "identifiant;nom;portable;adresse;code postal;commune\n"
    "1;Rose Aubépine;06 39 98 00 01;12 rue de la Gare;61300;L'Aigle\n"
    "2;Paul Houx;06 39 98 00 02;rue du Pont;61300;L'Aigle\n"
    "3;Léa If;06 39 98 00 03;rue Basse;61300;L'Aigle\n"
    "4;Zoé Pin;06 39 98 00 04;introuvable;61300;L'Aigle\n"
    "5;Max Orme;06 39 98 00 05;;;\n"
)
PAGE = "/console/people/addresses?station=laigle"


@pytest.fixture
async def ban(monkeypatch):
    monkeypatch.setattr(workers, "_PLACE_S", 0.05)
    monkeypatch.setattr(workers, "_GEOCODER_AWAY_S", 0.05)
    unsure = {name: Known(0.5, 0.63, 48.76, "street", f"{name} 61300 L'Aigle") for name in ("rue du Pont", "rue Basse")}
    async with Ban(known=unsure) as running:
        yield running


@pytest.fixture
async def api(tmp_path, ban):
    settings = Settings(host="127.0.0.1", port=0, data_dir=tmp_path, requests_per_minute=10_000, geocoder_url=ban.url)
    async for each in open_api(settings):
        yield each


async def left(api):
    async with api.running.services.store.read() as unit:
        station = await stations.by_slug(unit, "laigle")
        found = await addresses.counts(unit, station.id)
    return {state.name: number for state, number in found.items() if number}


async def looked_up(api):
    while "WAITING" in await left(api):  # noqa: ASYNC110  the store is what we watch
        await asyncio.sleep(0.02)


async def imported(api, mine):
    _, place, _ = await upload(api, mine, LIST)
    _, _, preview = await look(api, place, mine)
    await take_over(api, mine, place)
    _, _, done = await look(api, place, mine)
    await looked_up(api)
    return preview, done


def who(page):
    return re.search(r'name="who" value="(\d+)"', page)[1]


async def home_of(api, name):
    person = next(each for each in await followers(api) if each.name == name)
    return [(place.lon, place.lat) for place in person.places.values()]


async def test_a_list_with_addresses_says_so_before_and_after_and_is_looked_up_by_the_service(api):
    mine = await api.sign_in("laigle-publish")
    preview, done = await imported(api, mine)
    assert "4 addresses will be looked up. Only the addresses are sent, no names." in preview
    assert "1 person of the list has no address and no coordinates: no circle will reach them." in preview
    assert 'href="/console/people/addresses?station=laigle"' in done
    assert await left(api) == {"PLACED": 1, "UNCERTAIN": 2, "NOT_FOUND": 1}
    assert await home_of(api, "Rose Aubépine") == [(0.6283, 48.7631)]
    _, _, told = await look(api, "/console/people/addresses.json?station=laigle", mine)
    assert told == {"waiting": 0, "uncertain": 2}


async def test_uncertain_addresses_come_one_after_the_other_and_are_accepted_skipped_or_chosen(api):
    mine = await api.sign_in("laigle-publish")
    await imported(api, mine)
    _, _, page = await look(api, PAGE, mine)
    assert "rue du Pont 61300 L&#39;Aigle" in page
    assert [found.lower() for found in re.findall(r'data-key="(\w)"', page)] == ["a", "c", "s"]
    first = who(page)
    skip = re.search(r'href="([^"]*)" data-key="s"', page)[1].replace("&amp;", "&")
    _, _, second = await look(api, skip, mine)
    assert who(second) != first
    status, headers, _ = await send(api, PAGE, mine, who=who(second), point="0.63,48.76")
    assert status == 303
    assert await home_of(api, "Léa If") == [(0.63, 48.76)]
    _, _, page = await look(api, headers["Location"], mine)
    assert who(page) == first  # the one that was skipped comes again
    choose = re.search(r'href="([^"]*)" data-key="c"', page)[1].replace("&amp;", "&")
    _, _, page = await look(api, choose, mine)
    assert "2 Rue de la Gare 61300 L&#39;Aigle" in page
    await send(api, PAGE, mine, who=first, point=re.findall(r'name="point" value="([^"]+)"', page)[1])
    assert await home_of(api, "Paul Houx") == [(0.631, 48.76)]
    _, _, page = await look(api, PAGE, mine)
    assert "No address is uncertain." in page
    assert await left(api) == {"PLACED": 1, "CONFIRMED": 2, "NOT_FOUND": 1}


async def test_people_who_could_not_be_placed_are_listed_and_can_be_placed_on_the_map(api):
    mine = await api.sign_in("laigle-publish")
    await imported(api, mine)
    _, _, page = await look(api, PAGE, mine)
    uncertain = who(page)
    await send(api, PAGE, mine, who=uncertain, do="nowhere")
    _, _, page = await look(api, PAGE, mine)
    lost = page[page.index('id="lost"') :]
    assert "Zoé Pin" in lost
    assert "Paul Houx" in lost
    number = re.search(r'who=(\d+)[^>]*><span class="title">Zoé Pin', lost)[1]
    _, _, page = await look(api, f"{PAGE}&who={number}&choose=1", mine)
    assert "data-here" in page
    await send(api, PAGE, mine, who=number, point="0.65,48.77")
    assert await home_of(api, "Zoé Pin") == [(0.65, 48.77)]


@pytest.mark.parametrize("point", ["", "nonsense", "200,48", "nan,1"])
async def test_a_point_that_is_none_places_nobody(api, point):
    mine = await api.sign_in("laigle-publish")
    await imported(api, mine)
    _, _, page = await look(api, PAGE, mine)
    status, headers, _ = await send(api, PAGE, mine, who=who(page), point=point)
    assert status == 303
    assert "choose=1" in headers["Location"]
    assert (await left(api))["UNCERTAIN"] == 2


async def test_a_geocoder_in_trouble_is_asked_again_by_the_service(api, ban):
    ban.faults += ["broken", "garbage"]
    mine = await api.sign_in("laigle-publish")
    await imported(api, mine)
    assert len(ban.asked) == 3
    assert (await left(api))["PLACED"] == 1


async def test_another_stations_operator_and_a_reader_see_no_address(api):
    mine = await api.sign_in("laigle-publish")
    await imported(api, mine)
    for key in ("laigle-read", "rugles-publish"):
        theirs = await api.sign_in(key)
        status, _, page = await look(api, PAGE, theirs)
        assert status in (403, 404)
        assert "rue du Pont" not in str(page)
        assert (await send(api, PAGE, theirs, who="1", point="0.6,48.7"))[0] in (403, 404)


async def test_a_geocoder_that_names_no_points_still_looks_up_lists(api, ban):
    ban.searches_fail = True
    status, _, _ = await api.call("POST", "/v1/alerts", an_alert())
    assert status == 202
    await imported(api, await api.sign_in("laigle-publish"))  # it waits until all are looked up
    assert len(ban.rows_asked) == 4


MOVED = "3 rue des Lilas, 61300 L'Aigle"
CORRECTIONS = "/console/people/corrections"


async def asks(api, who, address, **wanted):
    """Let somebody of the list ask for a correction; return the number of the request."""
    services = api.running.services
    person = next(each for each in await followers(api) if each.name == who)
    told = NewContact(ChannelName.SMS, "+33639980001", "+33639980001")
    async with services.store.write() as unit:
        station = await stations.by_slug(unit, "laigle")
        asked = Wanted(told, "I moved.", address=address, **wanted)
        await corrections.ask(unit, station.id, person.id, asked, services.clock.now())
        return (await corrections.of_station(unit, station.id))[0].id


async def test_a_new_address_is_written_by_one_press_and_an_import_that_would_undo_it_says_so(api, ban):
    mine = await api.sign_in("laigle-publish")
    await imported(api, mine)
    ban.known["3 rue des Lilas"] = Known(lon=0.64, lat=48.77)
    number = await asks(api, "Rose Aubépine", MOVED, name="Rose Houx")
    _, _, page = await look(api, CORRECTIONS, mine)
    assert re.search(r'name="address" value="3 rue des Lilas, 61300 L&#39;Aigle"', page)
    assert (await send(api, f"{CORRECTIONS}/{number}", mine, do="accept", address=MOVED))[0] == 303
    await looked_up(api)
    assert {"adresse": "3 rue des Lilas", "code_postal": "61300", "commune": "L'Aigle"} in ban.rows_asked
    assert await home_of(api, "Rose Houx") == [(0.64, 48.77)], "the home of the list's address is gone"
    wrong, right = LIST, LIST.replace("12 rue de la Gare", "3 RUE DES LILAS").replace("Rose Aubépine", "Rose Houx")
    for text, said in ((right, False), (right.replace("Houx;06", "Houx-If;06"), True), (wrong, True)):
        _, place, _ = await upload(api, mine, text)
        _, _, preview = await look(api, place, mine)
        assert ("1 line would undo what its person had corrected" in preview) is said
    assert "It is line 2." in preview
    await take_over(api, mine, place)
    await looked_up(api)
    _, place, _ = await upload(api, mine, wrong)
    assert "would undo" not in (await look(api, place, mine))[2], "it has undone it, and says so no more"


async def test_an_address_that_is_not_sure_waits_for_an_operator_and_an_emptied_one_is_not_written(api, ban):
    mine = await api.sign_in("laigle-publish")
    await imported(api, mine)
    rose = next(each for each in await followers(api) if each.name == "Rose Aubépine")
    before = await home_of(api, "Rose Aubépine")
    number = await asks(api, "Rose Aubépine", "rue Basse, 61300 L'Aigle")
    assert (await send(api, f"{CORRECTIONS}/{number}", mine, do="accept", address=" "))[0] == 303
    assert (await left(api)).get("WAITING") is None
    number = await asks(api, "Rose Aubépine", "rue Basse, 61300 L'Aigle")
    assert (await send(api, f"{CORRECTIONS}/{number}", mine, do="accept"))[0] == 303
    await looked_up(api)
    assert await home_of(api, "Rose Aubépine") == before, "until an operator knows better"
    _, _, page = await look(api, CORRECTIONS, mine)
    assert f'href="{PAGE}&amp;who={rose.id}"' in page
    _, _, page = await look(api, f"{PAGE}&who={rose.id}", mine)
    assert "rue Basse" in page
    assert (await send(api, PAGE, mine, who=rose.id, point="0.65,48.75"))[0] == 303
    assert await home_of(api, "Rose Aubépine") == [(0.65, 48.75)]
