"""Addresses of a list become homes, by a geocoder over real HTTP, in SQLite and PostgreSQL."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from broadcaster.domain.addresses import AddressState
from broadcaster.domain.people import NewPlace
from broadcaster.geocoding import client
from broadcaster.geocoding.client import Geocoder, GeocoderDisabled, GeocoderUnavailable
from broadcaster.geocoding.placing import place
from broadcaster.register.applying import apply
from broadcaster.register.planning import plan
from broadcaster.register.reading import open_source
from broadcaster.register.sheets import csv_text
from broadcaster.store.people import addresses, people, profiles
from broadcaster.web.console.people.exporting import rows_of
from broadcaster.web.i18n import catalogs
from tests.contract.stores import BY, URLS, add_station, opened
from tests.servers.ban import Ban, Known

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from broadcaster.domain.stations import Station
    from broadcaster.store import Store

NOW = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
LIST = """\
identifiant;nom;portable;adresse;code postal;commune
A1;Zoé Orme;06 39 98 00 01;12 rue de la Gare;61300;L'Aigle
A2;Paul Orme;06 39 98 00 02;12 rue de la Gare;61300;L'Aigle
A3;Inès Houx;06 39 98 00 03;rue du Pont;61300;L'Aigle
A4;Luc If;06 39 98 00 04;introuvable 3;61300;L'Aigle
A5;Ana Pin;06 39 98 00 05;;;
"""


class Clock:
    def now(self) -> datetime:
        return NOW


CLOCK: Any = Clock()


@pytest.fixture(params=URLS)
async def store(request: Any, tmp_path: Path) -> AsyncIterator[Store]:
    async with opened(URLS[request.param](request, tmp_path)) as made:
        yield made


@pytest.fixture
async def station(store: Store) -> Station:
    async with store.write() as unit:
        return await add_station(unit, "laigle", lon=0.63, lat=48.76)


@pytest.fixture
async def ban(monkeypatch: Any) -> AsyncIterator[Ban]:
    monkeypatch.setattr(client, "_PATIENCE_MANY_S", 2.0)
    known = {"rue du Pont": Known(score=0.55, lon=0.64, kind="street")}
    async with Ban(known=known) as running:
        yield running


async def take(store: Store, station: Station, folder: Path, text: str, **wish: Any) -> Any:
    path = folder / "liste.csv"
    path.write_text(text, encoding="utf-8")
    with await plan(store, station, open_source(path), **wish) as made:
        await apply(store, made, BY)
        return made


async def counts(store: Store, station: Station) -> dict[str, int]:
    async with store.read() as unit:
        found = await addresses.counts(unit, station.id)
    return {state.name: number for state, number in found.items() if number}


async def homes(store: Store, station: Station, external_id: str) -> list[NewPlace]:
    async with store.read() as unit:
        found = await people.by_external_ids(unit, station.id, [external_id])
        known = await profiles.read(unit, found[external_id][0])
    assert known is not None
    return list(known.places)


async def test_sure_matches_become_homes_and_the_others_wait_for_an_operator(store, station, ban, tmp_path):
    made = await take(store, station, tmp_path, LIST)
    assert (made.new, made.addresses, made.placeless) == (5, 4, 1)
    seen: list[int] = []
    assert await place(store, Geocoder(ban.url), station, CLOCK, seen.append) == 4
    assert seen == [4]
    assert await counts(store, station) == {"PLACED": 2, "UNCERTAIN": 1, "NOT_FOUND": 1}
    assert await homes(store, station, "A1") == [NewPlace("domicile", 0.6283, 48.7631)]
    assert await homes(store, station, "A3") == []
    async with store.read() as unit:
        (asked,) = await addresses.in_state(unit, station.id, AddressState.UNCERTAIN)
    assert asked.match is not None
    assert asked.match.score == 0.55


async def test_nothing_but_addresses_leaves_the_service_and_a_household_asks_once(store, station, ban, tmp_path):
    await take(store, station, tmp_path, LIST)
    await place(store, Geocoder(ban.url), station, CLOCK)
    assert [sorted(row) for row in ban.rows_asked] == [["adresse", "code_postal", "commune"]] * 3
    sent = b"".join(ban.asked)
    for secret in ("Orme", "A1", "98 00", "Houx"):
        assert secret.encode() not in sent


async def test_a_list_that_comes_again_asks_nobody_and_changes_nothing(store, station, ban, tmp_path):
    await take(store, station, tmp_path, LIST)
    await place(store, Geocoder(ban.url), station, CLOCK)
    before, asked = await counts(store, station), len(ban.asked)
    again = await take(store, station, tmp_path, LIST.replace("12 rue", "12, RUE"))
    assert (again.new, again.changed, again.addresses) == (0, 0, 0)
    assert await place(store, Geocoder(ban.url), station, CLOCK) == 0
    assert (await counts(store, station), len(ban.asked)) == (before, asked)


async def test_who_moves_is_looked_up_anew_and_keeps_the_old_home_until_then(store, station, ban, tmp_path):
    await take(store, station, tmp_path, LIST)
    await place(store, Geocoder(ban.url), station, CLOCK)
    ban.known["3 rue Haute"] = Known(lon=0.65)
    made = await take(store, station, tmp_path, LIST.replace("01;12 rue de la Gare", "01;3 rue Haute"))
    assert (made.changed, made.addresses) == (1, 1)
    assert len(await homes(store, station, "A1")) == 1
    await place(store, Geocoder(ban.url), station, CLOCK)
    assert await homes(store, station, "A1") == [NewPlace("domicile", 0.65, 48.7631)]
    assert await homes(store, station, "A2") == [NewPlace("domicile", 0.6283, 48.7631)]


async def test_a_list_without_addresses_leaves_them_and_an_empty_cell_clears_if_told_to(store, station, ban, tmp_path):
    await take(store, station, tmp_path, LIST)
    await place(store, Geocoder(ban.url), station, CLOCK)
    before = await counts(store, station)
    made = await take(store, station, tmp_path, "identifiant;nom\nA1;Zoé Houx\nA5;Ana Houx\n")
    assert made.placeless == 1
    assert (await take(store, station, tmp_path, "identifiant;nom\nA1;Zoé Houx\nA5;Ana Houx\n")).placeless == 1
    empty = "identifiant;nom;adresse;code postal;commune\nA1;Zoé Houx;;;\n"
    await take(store, station, tmp_path, empty)
    assert await counts(store, station) == before
    assert len(await homes(store, station, "A1")) == 1
    made = await take(store, station, tmp_path, empty, empty_clears=True)
    assert made.removed.homes == 1
    assert await homes(store, station, "A1") == []


async def test_coordinates_in_the_list_go_before_and_nobody_is_asked(store, station, ban, tmp_path):
    text = "identifiant;nom;adresse;commune;lon;lat\nB1;Zoé;12 rue de la Gare;L'Aigle;0,62;48,76\n"
    made = await take(store, station, tmp_path, text)
    assert made.addresses == 0
    assert await place(store, Geocoder(ban.url), station, CLOCK) == 0
    assert ban.asked == []
    assert await counts(store, station) == {"GIVEN": 1}


@pytest.mark.parametrize("fault", ["broken", "garbage", "cut", "hang"])
async def test_a_geocoder_in_trouble_loses_no_address(store, station, ban, tmp_path, fault):
    await take(store, station, tmp_path, LIST)
    ban.faults.append(fault)
    with pytest.raises(GeocoderUnavailable):
        await place(store, Geocoder(ban.url), station, CLOCK)
    assert await counts(store, station) == {"WAITING": 4}
    assert await place(store, Geocoder(ban.url), station, CLOCK) == 4


async def test_what_an_answer_leaves_out_is_asked_again_and_given_up_after_some_times(store, station, ban, tmp_path):
    await take(store, station, tmp_path, LIST)
    ban.faults.append("partial")
    await place(store, Geocoder(ban.url), station, CLOCK)
    assert await counts(store, station) == {"PLACED": 2, "UNCERTAIN": 1, "NOT_FOUND": 1}
    await take(
        store, station, tmp_path, "identifiant;nom;adresse;commune\nC1;Eva;1 rue;L'Aigle\nC2;Max;2 rue;L'Aigle\n"
    )
    for _ in range(addresses.MOST_TRIES):
        async with store.write() as unit:
            await addresses.left_out(
                unit, station.id, [each.subscriber_id for each in await addresses.waiting(unit, station.id, 9)]
            )
    assert (await counts(store, station))["NOT_FOUND"] == 3


async def test_a_look_up_that_is_cut_short_goes_on_where_it_was(store, station, ban, tmp_path, monkeypatch):
    monkeypatch.setattr("broadcaster.geocoding.placing.MOST_AT_ONCE", 40)
    lines = "".join(f"D{n};Nom {n};{n} rue Haute;61300;L'Aigle\n" for n in range(200))
    await take(store, station, tmp_path, f"identifiant;nom;adresse;code postal;commune\n{lines}")
    ban.faults = ["", "", "broken"]
    with pytest.raises(GeocoderUnavailable):
        await place(store, Geocoder(ban.url), station, CLOCK)
    assert await counts(store, station) == {"PLACED": 80, "WAITING": 120}
    seen: list[int] = []
    assert await place(store, Geocoder(ban.url), station, CLOCK, seen.append) == 120
    assert seen == [40, 80, 120]
    asked = [row["adresse"] for row in ban.rows_asked]
    assert len(asked) == 200 + 40  # the broken question again, and nothing else


async def test_a_geocoder_that_is_switched_off_is_asked_nothing(store, station, tmp_path):
    await take(store, station, tmp_path, LIST)
    with pytest.raises(GeocoderDisabled):
        await place(store, Geocoder(""), station, CLOCK)
    assert await counts(store, station) == {"WAITING": 4}


async def test_an_operators_word_places_a_person_and_a_second_one_changes_nothing(store, station, ban, tmp_path):
    await take(store, station, tmp_path, LIST)
    await place(store, Geocoder(ban.url), station, CLOCK)
    async with store.write() as unit:
        (asked,) = await addresses.in_state(unit, station.id, AddressState.UNCERTAIN)
        home = NewPlace("domicile", 0.64, 48.76)
        assert await addresses.confirm(unit, station.id, asked.subscriber_id, home, NOW)
        assert not await addresses.confirm(unit, station.id, asked.subscriber_id, NewPlace("x", 0, 0), NOW)
    assert await homes(store, station, "A3") == [home]
    assert (await counts(store, station))["CONFIRMED"] == 1


async def test_who_leaves_takes_their_address_away(store, station, ban, tmp_path):
    await take(store, station, tmp_path, LIST)
    await place(store, Geocoder(ban.url), station, CLOCK)
    async with store.write() as unit:
        found = await people.by_external_ids(unit, station.id, ["A1", "A2", "A3", "A4"])
        for subscriber_id, _ in found.values():
            await people.erase(unit, subscriber_id)
    assert await counts(store, station) == {}


async def test_a_register_that_is_exported_and_imported_again_is_unchanged(store, station, ban, tmp_path):
    await take(store, station, tmp_path, LIST)
    await place(store, Geocoder(ban.url), station, CLOCK)
    rows = [
        row
        async for part in rows_of(store, station, catalogs().words("fr"), everyone=False, vulnerable=False)
        for row in part
    ]
    text = csv_text(rows, ";")
    row = next(row for row in csv.DictReader(io.StringIO(text), delimiter=";") if row["identifiant"] == "A1")
    assert (row["adresse"], row["code postal"], row["commune"]) == ("12 rue de la Gare", "61300", "L'Aigle")
    asked = len(ban.asked)
    again = await take(store, station, tmp_path, text)
    assert (again.new, again.changed, again.unchanged, again.addresses) == (0, 0, 5, 0)
    assert await place(store, Geocoder(ban.url), station, CLOCK) == 0
    assert len(ban.asked) == asked
