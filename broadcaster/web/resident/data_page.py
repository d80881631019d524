"""The page of what is kept of a person: one file without scripts, to read, save or print."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web
from markupsafe import Markup

from broadcaster.http.route import Call
from broadcaster.store import Unit
from broadcaster.store.people.profiles import Profile
from broadcaster.store.register.own_data import Record
from broadcaster.store.stations import stations
from broadcaster.web.i18n import Words
from broadcaster.web.pages import render
from broadcaster.web.resident import data_words, record_words

_STYLE = Markup("td, li { overflow-wrap: anywhere }")
_POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; style-src 'sha256-"
    + base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    + "'"
)


async def show(
    unit: Unit,
    call: Call[Any, Any],
    profile: Profile,
    found: Mapping[str, Sequence[Record]],
    words: Words,
    *,
    by: str = "",
) -> web.Response:
    """Return the page; ``by``: the name of the station that hands it to the person, empty on their own device."""
    towns = {each.slug: each for each in await stations.listed(unit)}
    names = {slug: each.name for slug, each in towns.items()}
    facts = {
        "by": by,
        "style": _STYLE,
        "profile": data_words.profile(profile, towns, call.services.settings.quiet_hours, words),
        "records": data_words.records(found, names, call.services.links.base_url, words),
        "at": record_words.moment(call.services.clock.now(), words),
    }
    made = render(call.request, "resident/data.html", words, facts)
    made.headers["Content-Security-Policy"] = _POLICY
    return made
