"""The changes of ``tocsin alert update``, in the API's form."""

import json
from typing import Any

from broadcaster.commands.drafting import moment_of
from broadcaster.commands.failing import Stop
from broadcaster.commands.showing import utc_now


def changes(shown: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """Return the update's body; ``shown``: the alert in the API's form. Raises ``Stop`` if nothing changes."""
    body = {**_texts(shown, given), **_area(given)}
    if given["severity"] is not None:
        body["severity"] = given["severity"]
    if given["expires"] is not None:
        body["expires"] = moment_of("expires", given["expires"], utc_now())
    if not body:
        raise Stop("nothing-to-update")
    return body | {"silent": given["silent"]}


def like(shown: dict[str, Any]) -> dict[str, Any]:
    """Return an alert as a reach query; for an update, only its area and people matter."""
    kept = ("station", "status", "severity", "area", "channels")
    audience = {name: shown["audience"][name] for name in ("kind", "groups")}
    return {name: shown[name] for name in kept} | {"audience": audience}


def area_in(body: dict[str, Any]) -> dict[str, Any]:
    """Return the part of an update that a reach query needs."""
    return {name: body[name] for name in ("area", "severity") if name in body}


def _texts(shown: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    said = {name: given[name] for name in ("headline", "description", "instruction", "easy") if given[name] is not None}
    if not said:
        return {}
    language = given["lang"] or next(iter(shown["texts"]))
    # An easy text that says another thing to do than the new one would mislead.
    before = {
        name: text
        for name, text in shown["texts"].get(language, {}).items()
        if name != "easy" or "instruction" not in said
    }
    if "headline" not in said and not before:
        raise Stop("headline-needed-in", language=language)
    return {"texts": {**shown["texts"], language: said if "headline" in said else {**before, **said}}}


def _area(given: dict[str, Any]) -> dict[str, Any]:
    circle = [given[name] for name in ("lon", "lat", "radius")]
    if given["area_file"] is not None:
        if circle != [None, None, None]:
            raise Stop("area-or-circle")
        try:
            return {"area": json.load(given["area_file"])}
        except ValueError:
            raise Stop("area-no-json") from None
    if circle == [None, None, None]:
        return {}
    if None in circle:
        missing = [f"--{name}" for name in ("lon", "lat", "radius") if given[name] is None]
        raise Stop("circle-incomplete", missing=", ".join(missing))
    return {"area": {"circles": [dict(zip(("lon", "lat", "radius_m"), circle, strict=True))]}}
