"""/console/templates: a station's templates, each with previews of its messages."""

from collections.abc import Mapping
from typing import Any

import orjson
from aiohttp import web
from pydantic import ValidationError

from broadcaster.domain.alerts import MAX_EVENT, TEXT_LIMITS, Text
from broadcaster.domain.answers import LONGEST_QUESTION
from broadcaster.domain.escalation import Policy, at_once
from broadcaster.domain.permissions import Permission
from broadcaster.domain.refusals import NotFound, Refused, sentence
from broadcaster.domain.spelling import group_slug
from broadcaster.domain.stations import Station, StationKind
from broadcaster.domain.templates import TEXTS, Template
from broadcaster.http.messages import texts_in
from broadcaster.http.reading import form_of
from broadcaster.http.route import Call
from broadcaster.http.schemas.alerts import Draft
from broadcaster.http.schemas.templates import TemplateIn
from broadcaster.http.templates import keep, remove, template_of
from broadcaster.http.validation import findings
from broadcaster.languages import own_name
from broadcaster.pipeline.templates import offered
from broadcaster.web.console import policy_form
from broadcaster.web.console.compose.draft import context_of
from broadcaster.web.console.compose.findings import field_of
from broadcaster.web.console.compose.offered import title_of
from broadcaster.web.console.compose.preview import previews_of
from broadcaster.web.console.frame import chosen_station, show, words_of
from broadcaster.web.pages import to
from broadcaster.web.severities import severity_words
from broadcaster.web.topics import topics_of

NEW = "new"
_PARTS = ("headline", "description", "instruction")
_CHOICES = ("territory", "silent", "ppms")
_LONGEST_NAME = 60


async def listing(call: Call[None, None]) -> web.Response:
    words = words_of(call.request)
    async with call.services.store.read() as unit:
        station, theirs = await chosen_station(unit, call)
        known = await offered(unit, station)
    facts = {
        "stations": theirs,
        "templates": [(each, title_of(each, words)) for each in known.values()],
        "severities": severity_words(words),
        "may": call.may(Permission.SEND, station.id),
        "done": {"kept": words("The template was saved."), "deleted": words("The template was deleted.")}.get(
            call.request.query.get("done", ""), ""
        ),
    }
    return show(call.request, "compose/templates.html", words, facts, tab="new", where=station)


async def one(call: Call[None, None]) -> web.Response:
    """Show the form of a template, or an empty one."""
    station, found = await _found(call)
    return _page(call, station, found, _written(found, station), {}, policy=_policy_of(found))


async def act(call: Call[None, None]) -> web.Response:
    """Save a template, preview its messages, or delete it."""
    station, found = await _found(call)
    form = await form_of(call.request)
    what = form.get("do", "keep")
    if what == "delete":
        await remove(call, station, call.request.match_info["name"])
        return to(f"/console/templates?station={station.slug}&done=deleted")
    words = words_of(call.request)
    wrong: dict[str, str] = {}
    name = call.request.match_info["name"]
    policy = policy_form.typed(form, "policy")
    problem = policy_form.problem(policy, words) if policy["steps"] else None
    own = None if problem or not policy["steps"] else policy
    document = _document(form, found, station) | {"policy": own}
    try:
        given = TemplateIn.model_validate_json(orjson.dumps(document))
        if name == NEW:
            name = group_slug(given.events.get(station.languages[0], ""))[:_LONGEST_NAME].strip("-")
        template = template_of(station, name, given)
    except ValidationError as error:
        wrong = {field_of(each): sentence(each, words) for each in findings(error, document)}
    except Refused as refused:
        wrong = {field_of(refused): sentence(refused, words)}
    if problem:
        wrong["policy"] = problem
    if wrong or what != "keep":
        return _page(call, station, found, form, wrong, policy=policy)
    await keep(call, station, template)
    return to(f"/console/templates?station={station.slug}&done=kept")


async def _found(call: Call[None, None]) -> tuple[Station, Template | None]:
    name = call.request.match_info["name"]
    async with call.services.store.read() as unit:
        station, _ = await chosen_station(unit, call)
        found = (await offered(unit, station)).get(name)
    if found is None and name != NEW:
        raise NotFound("template-missing", name=name[:_LONGEST_NAME])
    return station, found


def _languages(found: Template | None, station: Station) -> list[str]:
    return list(dict.fromkeys((*station.languages, *(found.texts if found else ()))))


def _written(found: Template | None, station: Station) -> dict[str, str]:
    """Return a template as its form's fields."""
    if found is None:
        return {"severity": "minor", "hours": "12", "radius_m": "1000"}
    form = {name: str(getattr(found, name)) for name in ("severity", "hours", "radius_m")}
    form |= {name: "1" for name in _CHOICES if getattr(found, name)}
    form["topic"] = found.topic or ""
    for language in _languages(found, station):
        form[f"events.{language}"] = found.events.get(language, "")
        for part in TEXTS:
            text = getattr(found, part).get(language)
            form |= {f"{part}.{language}.{name}": getattr(text, name, "") for name in _PARTS}
        asking = found.texts.get(language, Text(""))
        form |= {f"texts.{language}.question": asking.question, f"texts.{language}.answers": "\n".join(asking.answers)}
    return form


def _policy_of(found: Template | None) -> dict[str, Any]:
    """Return a template's policy for the form, without steps if it follows the station's."""
    if found is None or (found.policy is None and found.channels is None):
        return Policy(()).to_json()
    return (found.policy or at_once(found.channels or ())).to_json()


def _document(form: Mapping[str, str], found: Template | None, station: Station) -> dict[str, Any]:
    """Return the form as the API's document; fields that the form does not show stay unchanged."""
    document: dict[str, Any] = {
        "severity": form.get("severity", ""),
        "hours": policy_form.number(form.get("hours", "")),
        "radius_m": policy_form.number(form.get("radius_m", "")),
        "topic": form.get("topic") or None,
        **{name: name in form for name in _CHOICES},
        **(
            {}
            if found is None
            else {name: getattr(found, name) for name in ("icon", "urgency", "certainty", "category", "status")}
        ),
        "events": {},
    }
    for language in _languages(found, station):
        if form.get(f"events.{language}", "").strip():
            document["events"][language] = form[f"events.{language}"]
        for part in TEXTS:
            said = _said(form, part, language)
            needed = part == "texts" and language == station.languages[0]
            if needed or any(said.values()):
                document.setdefault(part, {})[language] = said
    return document


def _said(form: Mapping[str, str], part: str, language: str) -> dict[str, Any]:
    """Return a text as the API takes it; the answers to the alert's own question stand a line each."""
    text: dict[str, Any] = {name: form.get(f"{part}.{language}.{name}", "").strip() for name in _PARTS}
    if part == "texts":
        text["question"] = form.get(f"texts.{language}.question", "").strip()
        lines = form.get(f"texts.{language}.answers", "").splitlines()
        text["answers"] = [each.strip() for each in lines if each.strip()]
    return text


def _page(
    call: Call[None, None],
    station: Station,
    found: Template | None,
    form: Mapping[str, str],
    wrong: dict[str, str],
    *,
    policy: Mapping[str, Any],
) -> web.Response:
    words = words_of(call.request)
    facts = {
        "name": call.request.match_info["name"],
        "found": found,
        "title": words("New template") if found is None else title_of(found, words),
        "form": form,
        "wrong": wrong,
        "written": [(each, own_name(each)) for each in _languages(found, station)],
        "limits": TEXT_LIMITS | {"event": MAX_EVENT, "question": LONGEST_QUESTION},
        "severities": severity_words(words),
        "policy": policy_form.shown(policy),
        **policy_form.choices(words),
        "topics": topics_of(station, words),
        "school": station.kind is StationKind.SCHOOL,
        "seen": {} if wrong else _seen(call, station, _document(form, found, station)),
    }
    return show(call.request, "compose/template.html", words, facts, tab="new", where=station)


def _seen(call: Call[None, None], station: Station, document: Mapping[str, Any]) -> dict[str, Any]:
    """Return each language's messages; of texts that can't be sent, none."""
    shown = {"station": station.slug, "severity": document["severity"], "texts": document["texts"]}
    try:
        draft = Draft.model_validate_json(orjson.dumps(shown))
    except ValidationError:
        return {}
    context = context_of(call.services, station, draft, texts_in(draft.texts))
    return {language: previews_of(context, language, cheap=False) for language in draft.texts}
