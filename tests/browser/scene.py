"""A town in the middle of things: what every page has to show, so that each is looked at with something on it."""

from __future__ import annotations

import re
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tests.browser.village import Village
from tests.browser.village import village as founded
from tests.servers.town import away
from tests.servers.town_facts import STATION

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


@dataclass
class Scene:
    """``facts`` are what paths are made of, by name: ids and tokens of what happened in the village."""

    village: Village
    facts: dict[str, Any] = field(default_factory=dict)


async def _to_confirm(village: Village) -> str:
    """The path in the mail that somebody got who signed up by mail."""
    smtp = village.town.smtp
    before = len(smtp.messages)
    asked = {"email": "jeanne@town.example", "locale": "fr"}
    await village.api.call("POST", f"/v1/stations/{village.station}/confirmations", asked, expect=202)
    (mail,) = (await smtp.wait_for(before + 1))[before:]
    body = mail.parsed.get_body(("plain",))
    found = re.search(r"https?://[^/\s]+(/c/[\w-]+)", body.get_content() if body else "")
    assert found is not None, mail.raw
    return found[1]


def _circle(metres: float, radius_m: int) -> dict[str, Any]:
    lon, lat = away(metres)
    return {"circles": [{"lon": lon, "lat": lat, "radius_m": radius_m}]}


@asynccontextmanager
async def scene(folder: Path, push: Autopush) -> AsyncIterator[Scene]:
    """A flood that holds, a fire that is over, a drill; SMS and calls in the sandbox, mail and pushes really sent."""
    async with founded(folder, push, sandboxed=("sms", "voice")) as village:
        api = village.api
        fire = await api.issue(texts=_FIRE, event="Incendie", area=_circle(900, 600), severity="extreme")
        await api.finished(fire["id"])
        over = await api.cancel(fire["id"])
        drill = await api.issue(texts=_DRILL, event="Exercice", status="exercise", area=_circle(-700, 400))
        flood = await api.issue()
        for each in (over, drill, flood):
            await api.finished(each["id"])
        kept = await api.call("GET", "/v1/sandbox?limit=50")
        mail = village.town.smtp.messages[-1].parsed
        first = village.town.residents[0]
        facts = {
            "station": STATION,
            "flood": flood["id"],
            "fire": fire["id"],
            "drill": drill["id"],
            "flood_page": urlsplit(flood["url"]).path,
            "fire_page": urlsplit(fire["url"]).path,
            "over_page": urlsplit(over["url"]).path,
            "drill_page": urlsplit(drill["url"]).path,
            "message": kept["messages"][0]["id"],
            "opt_out": urlsplit(str(mail["List-Unsubscribe"]).strip("<>")).path,
            "person": first.id,
            "group": first.groups[0],
            "resident": first.token,
            "confirm": await _to_confirm(village),
        }
        yield Scene(village, facts)
