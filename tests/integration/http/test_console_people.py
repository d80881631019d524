"""The register in the console: who is found, who may look, and what a change by hand changes."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest
import pytest_asyncio

from broadcaster.domain.audit import Action, ActorKind
from broadcaster.domain.people import ChannelName, ContactStatus, NewContact, NewPlace, NewSubscriber
from broadcaster.store.operations import audit_reading as reading
from broadcaster.store.people import contacts, people, residents
from broadcaster.store.register import persons, search
from broadcaster.store.register.search import Only
from broadcaster.store.stations import stations
from tests.integration.http.conftest import an_alert
from tests.integration.http.test_alerts import until_finished

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


async def look(api, path, mine, lang="en"):
    return await api.call("GET", path, key=None, headers={"Accept-Language": lang, **mine})


async def send(api, path, mine, **fields):
    raw = urlencode(fields, doseq=True)
    return await api.call("POST", path, key=None, raw=raw, headers={**FORM, "Accept-Language": "en", **mine})


def somebody(number, name, *, phone=None, mail=None, groups=()):
    given = []
    if phone:
        given.append(NewContact(ChannelName.SMS, phone, phone))
    if mail:
        given.append(NewContact(ChannelName.EMAIL, mail, mail))
    return NewSubscriber("fr", tuple(given), (NewPlace("maison", 0.6283, 48.7631),), groups, f"R-{number}", name)


async def settle(api, *those, slug="laigle"):
    services = api.running.services
    async with services.store.write() as unit:
        station = await stations.by_slug(unit, slug)
        wanted = {each: each for person in those for each in person.groups}
        groups = await stations.ensure_groups(unit, station.id, wanted)
        tokens = [people.new_token() for _ in those]
        return await people.register(unit, station.id, those, tokens, groups_by_slug=groups, now=services.clock.now())


async def person_of(api, subscriber_id, slug="laigle"):
    async with api.running.services.store.read() as unit:
        station = await stations.by_slug(unit, slug)
        return await persons.person(unit, station.id, subscriber_id)


def named(page):
    return re.findall(r'<span class="title[^"]*">(.*?)</span>', page)


TOWN = (
    somebody(1, "Rose Aubépine", phone="+33639980001", groups=("ecole",)),
    somebody(2, "Hélène d'Orme-Noël", mail="helene@example.org"),
    somebody(3, "Paul Œillet"),
    somebody(4, None, phone="+33639980004"),
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def two_towns(refusing):
    """L'Aigle with its people and Rugles with another Rose, to be searched only."""
    await settle(refusing, *TOWN)
    await settle(refusing, somebody(9, "Rose Ailleurs", phone="+33639980009"), slug="rugles")
    return refusing


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("q=rose", ["Rose Aubépine"]),
        ("q=AUBEPINE+rose", ["Rose Aubépine"]),
        ("q=noel", ["Hélène d&#39;Orme-Noël"]),
        ("q=orme", ["Hélène d&#39;Orme-Noël"]),
        ("q=oeillet", ["Paul Œillet"]),
        ("q=Ros%E2%80%8Be", ["Rose Aubépine"]),
        ("q=ubepine", []),
        ("q=06+39+98+00+01", ["Rose Aubépine"]),
        ("q=%2B33639980004", ["without a name"]),
        ("q=0639980", []),
        ("q=helene%40EXAMPLE.org", ["Hélène d&#39;Orme-Noël"]),
        ("q=R-3", ["Paul Œillet"]),
        ("q=T-3", []),
        ("group=ecole", ["Rose Aubépine"]),
        ("without=1", ["Paul Œillet"]),
        ("without=1&group=ecole", []),
        ("", ["Hélène d&#39;Orme-Noël", "Paul Œillet", "Rose Aubépine", "without a name"]),
        ("q=%00&group=%27&after=x", []),
    ],
)
@pytest.mark.asyncio(loop_scope="module")
async def test_people_are_found_by_their_name_or_exactly_by_what_they_are_reached_at(two_towns, search, found):
    mine = await two_towns.sign_in("laigle-publish")
    status, _, page = await look(two_towns, f"/console/people?{search}", mine)
    assert status == 200
    assert named(page) == found


async def test_who_may_only_read_sees_groups_and_numbers_and_no_name(api):
    ids = await settle(api, *TOWN)
    mine = await api.sign_in("laigle-read")
    status, _, page = await look(api, "/console/people?q=rose", mine)
    assert status == 200
    assert "Names and addresses are for those who may publish." in page
    assert "ecole" in page
    assert "Rose" not in page
    for path in (f"/console/people/{ids[0]}", f"/console/people/{ids[0]}/edit", "/console/people/new"):
        status, _, page = await look(api, path, mine)
        assert status == 403
        assert "Rose" not in page
    before = await api.counts()
    for path in ("/console/people/new", f"/console/people/{ids[0]}/remove", f"/console/people/{ids[0]}/edit"):
        assert (await send(api, path, mine, name="X"))[0] == 403
    assert (await send(api, "/console/groups", mine, name="X"))[0] == 403
    assert await api.counts() == before


async def test_nobody_of_another_station_is_shown_changed_or_removed(api):
    (stranger,) = await settle(api, somebody(1, "Rose Ailleurs", phone="+33639980009"), slug="rugles")
    mine = await api.sign_in("laigle-admin")
    before = await api.counts()
    for path in (f"/console/people/{stranger}", f"/console/people/{stranger}?station=rugles"):
        status, _, page = await look(api, path, mine)
        assert status == 404
        assert "Rose" not in page
    assert (await send(api, f"/console/people/{stranger}/edit", mine, name="X"))[0] == 404
    assert (await send(api, f"/console/people/{stranger}/remove?station=laigle", mine))[0] == 303
    assert await api.counts() == before


async def test_adding_a_person_twice_by_an_impatient_thumb_adds_one(api):
    mine = await api.sign_in("laigle-publish")
    fields = {
        "name": "Rose Aubépine",
        "external_id": "T-1",
        "locale": "fr",
        "phone-1": "06 39 98 00 01",
        "phone-2": "02 61 91 00 01",
        "mail-1": "Rose@Example.org",
        "lon": "0,6283",
        "lat": "48.7631",
    }
    places = [(await send(api, "/console/people/new", mine, **fields))[1]["Location"] for _ in range(2)]
    assert places[0] == places[1]
    found = await person_of(api, int(re.search(r"/(\d+)\?", places[0])[1]))
    assert [(each.channel, each.address) for each in found.contacts] == [
        ("sms", "+33639980001"),
        ("voice", "+33261910001"),
        ("email", "Rose@example.org"),
    ]
    assert [(place.lon, place.lat) for place in found.places.values()] == [(0.6283, 48.7631)]
    status, _, page = await send(api, "/console/people/new", mine, **{**fields, "name": "Somebody Else"})
    assert status == 422
    assert "Somebody else in the register has this number." in page
    assert (await api.counts())["subscribers"] == 1


async def test_what_is_wrong_is_said_at_its_field_and_nothing_that_was_written_is_lost(api):
    mine = await api.sign_in("laigle-publish")
    status, _, page = await send(
        api,
        "/console/people/new",
        mine,
        **{"name": "Rose <b>", "phone-1": "06 39", "mail-1": "rose@", "lon": "200", "lat": "1", "address": "rue"},
    )
    assert status == 422
    for field in ("phone-1", "mail-1", "lon"):
        assert f'<a href="#{field}">' in page
        assert f'id="{field}-wrong"' in page
    assert 'value="Rose &lt;b&gt;"' in page
    assert 'value="06 39"' in page
    assert (await api.counts())["subscribers"] == 0
    status, _, page = await send(api, "/console/people/new", mine)
    assert "Give a name, a telephone or an e-mail address." in page


async def test_a_change_by_hand_leaves_what_it_does_not_name_as_it_is(api):
    (number,) = await settle(api, somebody(1, "Rose", phone="+33639980001", mail="rose@example.org", groups=("a", "b")))
    services = api.running.services
    before = await person_of(api, number)
    dead, mail = before.contacts
    async with services.store.write() as unit:
        await contacts.retire(unit, [dead.id], ContactStatus.GONE, "21610", services.clock.now())
    mine = await api.sign_in("laigle-publish")
    fields = {"name": "Rose A.", "locale": "en", "group": ["b"], "mail-1": "new@example.org", "drop": [mail.id]}
    status, headers, _ = await send(api, f"/console/people/{number}/edit", mine, stamp="", **fields)
    assert (status, headers["Location"]) == (303, f"/console/people/{number}?station=laigle&done=changed")
    after = await person_of(api, number)
    assert (after.name, after.locale, list(after.groups)) == ("Rose A.", "en", ["b"])
    assert [(each.address, each.status) for each in after.contacts] == [
        ("+33639980001", ContactStatus.GONE),
        ("new@example.org", ContactStatus.ACTIVE),
    ]
    assert after.places == before.places
    assert after.external_id == "R-1"
    status, _, page = await send(api, f"/console/people/{number}/edit", mine, stamp="", name="Rose too late")
    assert status == 422
    assert "Somebody changed this person while you were writing." in page
    assert (await person_of(api, number)).name == "Rose A."


async def test_an_operator_lets_an_address_that_was_found_dead_be_written_to_again(api):
    number, other = await settle(
        api, somebody(1, "Rose", mail="rose@example.org"), somebody(2, "Ann", mail="ann@example.org")
    )
    services = api.running.services
    (dead,) = (await person_of(api, number)).contacts
    (strange,) = (await person_of(api, other)).contacts
    async with services.store.write() as unit:
        await contacts.retire(unit, [dead.id, strange.id], ContactStatus.GONE, "smtp:550 5.1.1", services.clock.now())
    mine = await api.sign_in("laigle-publish")
    _, _, page = await look(api, f"/console/people/{number}", mine)
    assert f'action="/console/people/{number}/contacts/{dead.id}/revive?station=laigle"' in page
    for contact in (dead, strange):
        status, headers, _ = await send(api, f"/console/people/{number}/contacts/{contact.id}/revive", mine, stamp="")
        assert (status, headers["Location"]) == (303, f"/console/people/{number}?station=laigle&done=revived")
    assert [each.status for each in (await person_of(api, number)).contacts] == [ContactStatus.ACTIVE]
    assert [each.status for each in (await person_of(api, other)).contacts] == [ContactStatus.GONE], "not theirs"


async def test_who_is_removed_is_erased_unless_another_station_has_them_too(api):
    first, second = await settle(api, TOWN[0], TOWN[1])
    services = api.running.services
    async with services.store.write() as unit:
        rugles = await stations.by_slug(unit, "rugles")
        await residents.follow(unit, second, rugles.id, services.clock.now())
    mine = await api.sign_in("laigle-publish")
    for number in (first, second, first):
        status, _, _ = await send(api, f"/console/people/{number}/remove?station=laigle", mine)
        assert status == 303
    assert await person_of(api, first) is None
    assert await person_of(api, second) is None
    kept = await person_of(api, second, "rugles")
    assert [each.address for each in kept.contacts] == ["helene@example.org"]
    assert (await api.counts())["subscribers"] == 1


async def test_who_asked_to_be_erased_is_entered_again_only_with_their_signed_request(api):
    (number,) = await settle(api, somebody(1, "Rose", mail="rose@example.org"))
    mine = await api.sign_in("laigle-publish")
    status, headers, _ = await send(api, f"/console/people/{number}/remove?station=laigle", mine, why="asked")
    assert status == 303
    proof = re.search(r"number=(\d{4}-\d{6}-[0-9a-f]{8})$", headers["Location"])[1]
    _, _, page = await look(api, headers["Location"], mine)
    assert page.count(proof) == 2, "told, and in the list"
    again = {"name": "Rose", "locale": "fr", "mail-1": "Rose@Example.org", "external_id": "R9"}
    status, _, page = await send(api, "/console/people/new", mine, **again)
    assert status == 422
    assert "asked to be left out" in page
    body = {"contacts": [{"channel": "email", "email": "rose@example.org"}]}
    path, key = "/v1/stations/laigle/subscribers", api.keys["laigle-publish"]
    assert (await api.call("POST", path, body, key=key))[2]["code"] == "asked-to-be-left-out"
    paper = {"on": "2020-01-05", "kept": "dossier 12"}
    for who, done in (("nobody@example.org", "unknown"), ("rose@example.org", "undone")):
        status, headers, _ = await send(api, "/console/people/left-out?station=laigle", mine, who=who, **paper)
        assert (status, headers["Location"].endswith(f"done={done}")) == (303, True)
    assert "dossier 12" in (await look(api, headers["Location"], mine))[2]
    assert (await api.call("POST", path, body, key=key))[0] == 201
    asked = "/v1/stations/laigle/signed-requests"
    for who, on, status, code in (
        ("R-1", "2999-01-01", 422, "signature-needed"),
        ("R-1", "2020-01-05", 204, None),
        ("R-1", "2020-01-05", 404, "not-left-out"),
    ):
        answered, _, told = await api.call("POST", asked, {"who": who, "on": on, "kept": "dossier 13"}, key=key)
        assert (answered, code is None or code in str(told)) == (status, True)
    undone = reading.Only(action=Action.LEFT_OUT_UNDONE)
    found = await api.running.services.store.run_read(lambda unit: reading.page(unit, undone, limit=9))
    assert [each.actor.kind for each in found] == [ActorKind.KEY, ActorKind.OPERATOR]


async def test_groups_are_added_renamed_and_never_doubled(api):
    await settle(api, TOWN[0])
    mine = await api.sign_in("laigle-publish")
    for name in ("Rue des Lilas", "  Rue  des Lilas "):
        assert (await send(api, "/console/groups", mine, name=name))[0] == 303
    for name, sentence in (
        ("Rue des lilas", "There is a group of almost this name already"),
        ("", "Give the group a name."),
        ("!!", "A name needs a letter or a figure."),
        ("x" * 61, "A name has 60 characters at most."),
    ):
        status, _, page = await send(api, "/console/groups", mine, name=name)
        assert status == 422
        assert sentence in page
    assert (await send(api, "/console/groups/ecole", mine, name="École Victor-Hugo"))[0] == 303
    assert (await send(api, "/console/groups/nowhere", mine, name="X"))[0] == 404
    async with api.running.services.store.read() as unit:
        station = await stations.by_slug(unit, "laigle")
        groups = await stations.group_list(unit, station.id)
    assert groups == [("ecole", "École Victor-Hugo", 1), ("rue-des-lilas", "Rue des Lilas", 0)]


async def test_who_opted_out_reads_so_in_the_list_and_on_their_page(api):
    rose, paul = await settle(api, TOWN[0], TOWN[2])
    services = api.running.services
    async with services.store.write() as unit:
        station = await stations.by_slug(unit, "laigle")
        (rose_contact,) = (await persons.person(unit, station.id, rose)).contacts
        await contacts.opt_out(unit, rose_contact.id, station.id, services.clock.now())
    mine = await api.sign_in("laigle-publish")
    for lang, tag, other, sentence in (
        ("en", "opted out", "cannot be reached", "This person opted out"),
        ("fr", "désinscrit", "injoignable", "Cette personne s’est désinscrite"),
    ):
        _, _, page = await look(api, "/console/people", mine, lang)
        tags = re.findall(r'<span class="tag bad">(?:<svg.*?</svg>)?([^<]+)</span>', page, re.DOTALL)
        assert [each.strip() for each in tags] == [other, tag]
        assert sentence in (await look(api, f"/console/people/{rose}", mine, lang))[2]
        assert sentence not in (await look(api, f"/console/people/{paul}", mine, lang))[2]


async def test_a_deleted_group_asks_first_leaves_its_people_and_the_account_of_its_alerts(api):
    ids = await settle(api, *TOWN[:2], somebody(5, "Ondine Ortolan", phone="+33639980005", groups=("ecole", "rue")))
    mine = await api.sign_in("laigle-publish")
    reader = await api.sign_in("laigle-read")
    status, _, page = await look(api, "/console/groups/ecole/delete", mine)
    assert status == 200
    assert "2 people are in it, stay in the register" in page
    assert "2 personnes en font partie." in (await look(api, "/console/groups/ecole/delete", mine, "fr"))[2]
    assert (await look(api, "/console/groups/ecole/delete", reader))[0] == 403
    assert (await send(api, "/console/groups/ecole/delete", reader))[0] == 403

    audience = {"kind": "groups", "groups": ["ecole"]}
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert(area=..., severity="minor", audience=audience))
    await until_finished(api, alert["id"])
    status, _, page = await send(api, "/console/groups/ecole/delete", mine)
    assert status == 409
    assert "An alert to this group is not over yet." in page
    path = "/v1/stations/laigle/groups/ecole"
    assert (await api.call("DELETE", path, key="laigle-publish"))[0] == 409
    assert (await api.call("DELETE", path, key="laigle-read"))[0] == 403
    assert (await api.call("DELETE", path, key=None))[0] == 401
    await api.call("POST", f"/v1/alerts/{alert['id']}/cancel")

    digests = [(await person_of(api, each)).digest for each in ids]
    for _ in range(2):
        status, headers, _ = await send(api, "/console/groups/ecole/delete", mine)
        assert (status, headers["Location"]) == (303, "/console/groups?station=laigle&done=deleted")
    _, _, told = await api.call("GET", "/v1/stations/laigle")
    assert [(each["slug"], each["members"]) for each in told["groups"]] == [("rue", 1)]
    people_now = [await person_of(api, each) for each in ids]
    assert [list(each.groups) for each in people_now] == [[], [], ["rue"]]
    assert [each.digest != before for each, before in zip(people_now, digests, strict=True)] == [False, False, False]
    _, _, account = await api.call("GET", f"/v1/alerts/{alert['id']}/report")
    assert account["matched"] == 2
    _, _, kept = await api.call("GET", f"/v1/alerts/{alert['id']}")
    assert kept["audience"]["groups"] == ["ecole"]
    status, _, problem = await api.call("POST", "/v1/reach", an_alert(area=..., severity="minor", audience=audience))
    assert (status, problem["errors"][0]["field"]) == (422, "audience.groups")

    assert (await api.call("DELETE", "/v1/stations/laigle/groups/rue", key="laigle-publish"))[0] == 204
    assert (await api.call("DELETE", "/v1/stations/laigle/groups/rue", key="laigle-publish"))[0] == 404


async def test_a_long_list_comes_in_pages_and_a_search_that_opened_enough_says_where_to_go_on(api, monkeypatch):
    monkeypatch.setattr(search, "MOST_OPENED", 60)
    monkeypatch.setattr(search, "_OPENED_AT_ONCE", 20)
    crowd = [somebody(number, f"Jean Numero{number}") for number in range(130)]
    await settle(api, *crowd)
    async with api.running.services.store.read() as unit:
        station = await stations.by_slug(unit, "laigle")
        seen, after = [], None
        while True:
            ids, after = await search.page(unit, station.id, Only(), after=after, limit=50)
            seen += ids
            if after is None:
                break
        assert len(seen) == len(set(seen)) == 130
        first = await search.named(unit, station.id, Only(), "numero3", after=None, limit=50)
        assert first.ids == [] or first.after is not None
        found, after = list(first.ids), first.after
        while after is not None:
            further = await search.named(unit, station.id, Only(), "numero3", after=after, limit=50)
            found += further.ids
            after = further.after
        names = [each.name for each in await persons.lines(unit, station.id, found)]
    assert sorted(names) == sorted(f"Jean Numero{n}" for n in range(130) if str(n).startswith("3"))
    mine = await api.sign_in("laigle-publish")
    _, _, page = await look(api, "/console/people", mine)
    assert len(named(page)) == 50
    following = re.search(r'rel="next" href="(.*?)"', page)[1].replace("&amp;", "&")
    _, _, second = await look(api, following, mine)
    assert named(second)[0] == "Jean Numero79"
