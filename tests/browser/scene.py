"""A town in the middle of things: what every page has to show, so that each is looked at with something on it."""

from __future__ import annotations

import re
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from broadcaster.domain.addresses import Address, AddressState, Match
from broadcaster.domain.approvals import Approval, ApprovalState
from broadcaster.domain.corrections import Wanted
from broadcaster.domain.people import ChannelName, NewContact
from broadcaster.domain.vulnerable import Asker, Details, Ground
from broadcaster.ids import new_id, new_token
from broadcaster.store.alerts import alerts, approvals
from broadcaster.store.operators import operators
from broadcaster.store.people import addresses, corrections
from broadcaster.store.register import volunteers, vulnerable
from broadcaster.store.stations import ppms, stations
from broadcaster.store.tables import addresses as table
from tests.browser.village import Village
from tests.browser.village import village as founded
from tests.servers.signed_in import add_operator
from tests.servers.tiles import TileServer
from tests.servers.town import away
from tests.servers.town_facts import CENTRE, STATION, TEXTS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.servers.autopush import Autopush

_FIRE = {
    "fr": {
        "headline": "Fumées épaisses rue des Émangeards",
        "description": "Un entrepôt brûle. Le vent porte la fumée vers le centre.",
        "instruction": "Rentrez. Fermez les fenêtres.",
    },
    "en": {
        "headline": "Thick smoke, rue des Émangeards",
        "description": "A warehouse is on fire. The wind carries the smoke towards the centre.",
        "instruction": "Go inside. Close the windows.",
    },
}
_DRILL = {
    "fr": {"headline": "Exercice d’évacuation du collège", "instruction": "Ne faites rien : ceci est un exercice."},
    "en": {"headline": "Evacuation drill at the school", "instruction": "Do nothing: this is a drill."},
}

_MARKET = {
    "fr": {"headline": "Marché : la place Boislandry est fermée", "instruction": "Garez-vous au parking de la gare."},
    "en": {"headline": "Market day: place Boislandry is closed", "instruction": "Park at the station."},
}
_INTRUSION = {"headline": "PPMS : intrusion", "instruction": "Enfermez-vous. Ne faites aucun bruit."}


@dataclass
class Scene:
    """``facts`` are what paths are made of, by name: ids and tokens of what happened in the village."""

    village: Village
    facts: dict[str, Any] = field(default_factory=dict)


async def _to_confirm(village: Village) -> str:
    """The path in the mail that somebody got who signed up by mail."""
    asked = {"email": "jeanne@town.example", "locale": "fr"}
    await village.api.call("POST", f"/v1/stations/{village.station}/confirmations", asked, expect=202)
    mail = await village.town.smtp.mail_to(asked["email"])  # others come meanwhile: the poll is announced by mail
    body = mail.parsed.get_body(("plain",))
    found = re.search(r"https?://[^/\s]+(/c/[\w-]+)", body.get_content() if body else "")
    assert found is not None, mail.raw
    return found[1]


async def _invitation(village: Village) -> str:
    """The secret of a one-time link of somebody who has no way to sign in yet."""
    now = datetime.now(UTC)
    made = await add_operator(village.town.store, now, name="Paul Petit", admin=True)
    async with village.town.store.write() as unit:
        return await operators.new_link(unit, made, now + timedelta(hours=1))


async def _addresses(village: Village) -> None:
    """Addresses as a list gave them: one uncertain, one that nobody found, one still to be looked up."""
    lon, lat = village.middle
    match = Match("Rue de la Gare 61300 L'Aigle", lon, lat, 0.58, "street")
    given = {
        Address("12 rue de la gare", "61300", "L'Aigle"): match,
        Address("Le Bout du Monde", "61300", "L'Aigle"): None,
        Address("3 rue Haute", "61300", "L'Aigle"): None,
    }
    async with village.town.store.write() as unit:
        station = await stations.by_slug(unit, STATION)
        assert station is not None
        for resident, address in zip(village.town.residents, given, strict=False):
            row = addresses.row_of(unit.vault, station.id, resident.id, address, AddressState.WAITING)
            values = {name: row[f"a_{name}"] for name in ("mark", "sealed", "state")}
            await unit.conn.execute(
                table.insert().values(station_id=station.id, subscriber_id=resident.id, tries=0, **values)
            )
        kept = await addresses.waiting(unit, station.id, 2)
        answered = [(each, given[each.address], False) for each in kept]
        await addresses.looked_up(unit, station.id, answered, label="domicile", now=datetime.now(UTC))


async def _approval(village: Village, alert_id: str) -> int:
    """An alert that waits for a second person."""
    now = datetime.now(UTC)
    author = await add_operator(village.town.store, now, name="Wim Schreiber")
    async with village.town.store.write() as unit:
        alert = await alerts.by_id(unit, int(alert_id))
        assert alert is not None
        alert = replace(alert, id=new_id(), token=new_token())
        await approvals.add(unit, Approval(alert, author, author, ApprovalState.WAITING, now))
    return alert.id


async def _vulnerable(village: Village) -> int:
    """Entries in the register of vulnerable people, open to the administrator: a letter is due, a review too."""
    now = datetime.now(UTC)
    await village.session()  # which makes the administrator
    administrator = village.operator
    assert administrator is not None
    async with village.town.store.write() as unit:
        station = await stations.by_slug(unit, STATION)
        assert station is not None
        await operators.grant(unit, administrator, station.id, granted=True)
        long_ago = now - timedelta(days=400)
        old = Details("Paul Houx", "1940-05-01", "3 rue Haute, 61300 L’Aigle", "02 33 24 00 00", Ground.AGE)
        await vulnerable.add(unit, station.id, old, asked_at=None, now=long_ago)
        new = Details("Rose Aubépine", address="8 rue du Four, 61300 L’Aigle", asker=Asker.DOCTOR, asked_by="Dr Petit")
        person = village.town.residents[0].id
        return await vulnerable.add(unit, station.id, new, asked_at=now, now=now, person=person)


async def _plan(village: Village) -> None:
    """Make a button of the safety plan, and choose whom it alerts."""
    button = {"events": {"fr": "Intrusion"}, "texts": {"fr": _INTRUSION}, "severity": "extreme", "category": "security"}
    path = f"/v1/stations/{STATION}/templates/ppms-intruder"
    await village.api.call("PUT", path, {**button, "channels": ["push", "email"], "silent": True, "ppms": True})
    async with village.town.store.write() as unit:
        station = await stations.by_slug(unit, STATION)
        assert station is not None
        known = await stations.ensure_groups(unit, station.id, {"mairie": "Mairie"})
        await ppms.choose(unit, station.id, known, ppms.Chosen("pompiers", "mairie"))


async def _correction(village: Village) -> None:
    """A request of somebody on the list, for a new name, address and mail address."""
    old, new = (
        NewContact(ChannelName.EMAIL, each, each) for each in ("jeanne@town.example", "jeanne.houx@town.example")
    )
    wanted = Wanted(
        old, "J’ai déménagé, et je me suis mariée.", "Jeanne Houx", "3 rue des Lilas, 61300 L’Aigle", (new,)
    )
    async with village.town.store.write() as unit:
        station = await stations.by_slug(unit, STATION)
        assert station is not None
        await corrections.ask(unit, station.id, village.town.residents[0].id, wanted, datetime.now(UTC))


async def _volunteer(village: Village, alert_id: str) -> tuple[str, str]:
    """The link of somebody who visits all streets, and the session of their telephone."""
    path = f"/v1/alerts/{alert_id}"
    listed = await village.api.call("GET", f"{path}/visits?who=unconfirmed")
    given = {"name": "Luc Petit", "phone": "+33639980099", "who": "unconfirmed"}
    streets = [each["place"] for each in listed["streets"]]
    made = await village.api.call("POST", f"{path}/volunteers", {**given, "streets": streets}, expect=201)
    secret = "volunteers-phone"
    async with village.town.store.write() as unit:
        await volunteers.sign_in(unit, int(made["id"]), secret, datetime.now(UTC) + timedelta(hours=12))
    return urlsplit(made["url"]).path, secret


def _circle(metres: float, radius_m: int) -> dict[str, Any]:
    lon, lat = away(metres)
    return {"circles": [{"lon": lon, "lat": lat, "radius_m": radius_m}]}


@asynccontextmanager
async def scene(folder: Path, push: Autopush) -> AsyncIterator[Scene]:
    """A flood that holds, a fire that is over, a drill; SMS and calls in the sandbox, mail and pushes really sent."""
    async with (
        TileServer() as map_,
        founded(folder, push, sandboxed=("sms", "voice"), geocoder_url="off", tiles_url=map_.url) as village,
    ):
        api = village.api
        await _addresses(village)
        await _plan(village)
        await _correction(village)
        fire = await api.issue(texts=_FIRE, event="Incendie", area=_circle(900, 600), severity="extreme")
        await api.finished(fire["id"])
        over = await api.cancel(fire["id"])
        drill = await api.issue(texts=_DRILL, event="Exercice", status="exercise", area=_circle(-700, 400))
        flood = await api.issue()
        for each in (over, drill, flood):
            await api.finished(each["id"])
        soon = {"at": f"{datetime.now(UTC) + timedelta(hours=30):%Y-%m-%dT07:30}", "repeat": "FREQ=WEEKLY"}
        market = {"station": STATION, "severity": "minor", "audience": "all_followers", "texts": _MARKET, **soon}
        schedule = await api.call("POST", "/v1/schedules", market, expect=201)
        kept = await api.call("GET", "/v1/sandbox?limit=50")
        mails = [each.parsed for each in village.town.smtp.messages]
        mail = next(each for each in reversed(mails) if TEXTS["fr"]["headline"] in str(each["Subject"]))
        first = village.town.residents[0]
        closes = f"{datetime.now(UTC) + timedelta(days=2):%Y-%m-%dT%H:%M:%SZ}"
        asked = {"question": "Un marché le soir ?", "answers": ["Oui", "Non"], "closes": closes}
        poll = await api.call(
            "POST", "/v1/polls", {"station": STATION, "audience": "all_followers", **asked}, expect=201
        )
        answer = re.search(r"/r/[\w-]+", mail.get_body(("plain",)).get_content())[0]
        asking = f"/v1/answers/{answer.rpartition('/')[2]}"
        await api.call("POST", asking, {"answer": "help", "lon": CENTRE[0], "lat": CENTRE[1]})
        volunteer, volunteers_phone = await _volunteer(village, flood["id"])
        facts = {
            "station": STATION,
            "volunteer": volunteer,
            "volunteers_phone": volunteers_phone,
            "flood": flood["id"],
            "fire": fire["id"],
            "drill": drill["id"],
            "schedule": schedule["id"],
            "approval": await _approval(village, flood["id"]),
            "month": soon["at"][:7],
            "flood_page": urlsplit(flood["url"]).path,
            "fire_page": urlsplit(fire["url"]).path,
            "over_page": urlsplit(over["url"]).path,
            "drill_page": urlsplit(drill["url"]).path,
            "message": kept["messages"][0]["id"],
            "answer": answer,
            "poll": urlsplit(poll["url"]).path,
            "stay": f"/k/{village.town.store.vault.link('stay', int(first.id))}",
            "opt_out": urlsplit(str(mail["List-Unsubscribe"]).strip("<>")).path,
            "person": first.id,
            "group": first.groups[0],
            "resident": first.token,
            "invitation": await _invitation(village),
            "confirm": await _to_confirm(village),
            "vulnerable": await _vulnerable(village),
        }
        yield Scene(village, facts)
