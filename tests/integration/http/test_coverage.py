"""Who is not enrolled: estimated per square from open figures or known homes, and letters to the streets."""

from __future__ import annotations

import io
import re

import aiohttp
import pytest

from broadcaster.atlas.homes import cell_of
from broadcaster.domain.people import ChannelName, NewContact, NewPlace, NewSubscriber
from broadcaster.domain.refusals import Refused
from broadcaster.register.households import figures_in
from tests.integration.http.test_console_people import look

PATH = "/console/stations/laigle/coverage"
# Two squares of the lattice: 40 addresses in rue Haute, 8 in rue Basse.
HAUTE, BASSE = (0.6283, 48.7631), (0.6483, 48.7731)
BAN = "id;numero;nom_voie;code_insee;lon;lat\n" + "".join(
    f"{n};{n};{street};61214;{lon};{lat}\n"
    for street, (lon, lat), most in (("rue Haute", HAUTE, 40), ("rue Basse", BASSE, 8))
    for n in range(1, most + 1)
)


async def upload(api, mine, body):
    form = aiohttp.FormData()
    form.add_field("file", io.BytesIO(body), filename="ban.csv", content_type="text/csv")
    async with api.http.post(
        f"{api.running.url}{PATH}?csrf={mine['X-CSRF']}",
        data=form,
        headers={"Cookie": mine["Cookie"], "Accept-Language": "en"},
        allow_redirects=False,
    ) as answer:
        return answer.status, await answer.text()


async def test_households_that_nothing_would_reach_are_estimated_and_written_to(api):
    for n in range(14):  # 14 homes in rue Haute; of every second nothing is known but the address
        number = f"+336399810{n:02}"
        contacts = () if n % 2 else (NewContact(ChannelName.SMS, number, number),)
        home = NewPlace("home", HAUTE[0] + n * 1e-4, HAUTE[1])
        await api.enrol(NewSubscriber("fr", contacts, (home,)))
    mine = await api.sign_in("laigle-admin")
    status, _, page = await look(api, PATH, mine)
    assert status == 200
    assert "the true share is lower" in page
    assert "households are enrolled" in page
    assert re.search(r"<th scope=\"row\">\w+ \d{4}</th><td class=\"number\">14</td><td class=\"number\">14</td>", page)

    status, page = await upload(api, mine, b"a;b\n1;2\n")
    assert (status, "There is no column of coordinates" in page) == (422, True)
    assert (await upload(api, mine, BAN.encode("cp1252")))[0] == 303
    page = (await look(api, PATH, mine))[2]
    assert "About 0 of 40 households are enrolled: 0%." in page
    assert "rue Haute" in page
    assert "rue Basse" not in page, "eight households locate people"
    assert "1 square with fewer than eleven households is not shown." in page
    (cell,) = re.findall(r'name="cell" value="([\d.-]+)" checked', page)
    row, column = cell_of(*HAUTE)
    assert cell == f"{row}.{column}"
    status, _, said = await api.call("GET", "/v1/stations/laigle/coverage", key="laigle-admin")
    assert (status, said["households_from"], said["households"], said["enrolled"]) == (200, "open-figures", 40, 0)
    (told,) = said["cells"]
    west, south, east, north = told.pop("box")
    assert west <= HAUTE[0] < east
    assert south <= HAUTE[1] < north
    assert told == {"cell": cell, "households": 40, "missing": 40, "quarter": 0, "streets": ["rue Haute"]}
    assert (said["small"], len(said["months"]), said["months"][-1]["total"]) == (1, 12, 14)
    for key, refused in (("laigle-publish", 403), ("rugles-admin", 403), ("nobody", 401)):
        assert (await api.call("GET", "/v1/stations/laigle/coverage", key=key))[0] == refused
    cookie = {"Cookie": mine["Cookie"]}
    async with api.http.get(f"{api.running.url}{PATH}/letter.pdf?cell={cell}", headers=cookie) as answer:
        assert (answer.status, answer.content_type) == (200, "application/pdf")
        assert (await answer.read())[:5] == b"%PDF-"
    assert (await look(api, f"{PATH}/letter.pdf?cell=1.1", mine))[0] == 422
    assert (await look(api, PATH, await api.sign_in("laigle-read")))[0] == 403


def test_squares_of_the_statistical_office_and_comma_lists_are_read():
    squares = (
        "idcar_200m,ind,men\nCRS3035RES200mN2871200E3813400,50,21.5\nnonsense,1,1\nCRS3035RES200mN2871200E3813400,1,2\n"
    )
    (found,) = figures_in(squares.encode(), cell_of).values()
    assert (found.households, found.streets) == (24, ())
    listed = figures_in("Longitude\tLatitude\tMénages\tRue\n0,6283\t48,7631\t12\tRue Haute\n".encode(), cell_of)
    assert {cell: (each.households, each.streets) for cell, each in listed.items()} == {
        cell_of(*HAUTE): (12, ("Rue Haute",))
    }
    for wrong in (b"", b"lon;lat\n", b"lon;lat\nx;y\n500;1\n", b"\xff\xfe\x00"):
        with pytest.raises(Refused):
            figures_in(wrong, cell_of)
