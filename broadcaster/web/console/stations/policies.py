"""/console/stations/{slug}/policies: how a station's alerts escalate, and its budgets."""

from typing import Any

from aiohttp import web
from multidict import MultiDict

from broadcaster.domain.alerts import RULES, Severity, policy_of
from broadcaster.domain.escalation import MOST_STEPS, PAID, Policy, Step, Until, read_policy
from broadcaster.domain.people import CHANNELS
from broadcaster.domain.refusals import Refused, sentence
from broadcaster.domain.stations import Station
from broadcaster.http.escalation import change
from broadcaster.http.reading import form_of
from broadcaster.http.route import Call
from broadcaster.http.schemas.escalation import PoliciesIn
from broadcaster.http.stations import station_named
from broadcaster.web.console.frame import show, words_of
from broadcaster.web.i18n import Words
from broadcaster.web.pages import to
from broadcaster.web.severities import severity_words

_ROWS = 4
_LARGEST = 10_000_000


async def page(call: Call[None, None]) -> web.Response:
    station = await _station(call)
    return _shown(call, station, {each: policy_of(station, each) for each in Severity}, {})


async def save(call: Call[None, None]) -> web.Response:
    """Store the changes; a policy equal to the shipped one is not stored as the station's own."""
    form = await form_of(call.request)
    station, words = await _station(call), words_of(call.request)
    given, wrong = {each: policy_of(station, each) for each in Severity}, {}
    for severity in Severity:
        try:
            given[severity] = _read(form, severity)
        except Refused as error:
            wrong[str(severity)] = sentence(error, words)
    budgets = _budgets(form, wrong, words)
    if wrong:
        return _shown(call, station, given, wrong)
    policies = {str(each): None if policy == RULES[each].policy else policy.to_json() for each, policy in given.items()}
    asked = PoliciesIn.model_validate({"policies": policies, "budgets": budgets}, strict=False)
    async with call.services.store.write() as unit:
        await change(unit, call.actor, station, asked)
    return to(f"/console/stations/{station.slug}?done=changed")


def _read(form: MultiDict[str], severity: Severity) -> Policy:
    """Return a severity's policy from the form, ignoring rows without a channel. Raises ``Refused``."""
    steps = []
    for row in range(MOST_STEPS):
        name = f"{severity}.{row}"
        channels = form.getall(f"{name}.channels", [])
        if channels:
            numbers = {part: _number(form, f"{name}.{part}") for part in ("after_s", "repeat", "every_s")}
            steps.append({"channels": channels, "until": form.get(f"{name}.until", Until.CONFIRMED), **numbers})
    return read_policy({"steps": steps, "longest_s": _number(form, f"{severity}.longest_s")})


def _number(form: MultiDict[str], name: str) -> int:
    said = form.get(name, "").strip() or "0"
    if not said.isascii() or not said.isdigit():
        raise Refused("policy-unreadable", "policy")
    return min(int(said[:9]), _LARGEST)


def _budgets(form: MultiDict[str], wrong: dict[str, str], words: Words) -> dict[str, dict[str, int | None]]:
    found: dict[str, dict[str, int | None]] = {}
    for channel in PAID:
        said = {part: form.get(f"{channel}.{part}", "").strip() for part in ("alert", "month")}
        if all(not each or (each.isascii() and each.isdigit()) for each in said.values()):
            found[str(channel)] = {part: min(int(each), _LARGEST) if each else None for part, each in said.items()}
        else:
            wrong["budgets"] = words("A budget is a whole number, or empty for no limit.")
    return found


def _shown(
    call: Call[Any, Any], station: Station, policies: dict[Severity, Policy], wrong: dict[str, str]
) -> web.Response:
    words = words_of(call.request)
    names = severity_words(words)
    until = {
        Until.ACCEPTED: words("no message was accepted"),
        Until.DISPLAYED: words("nothing was displayed"),
        Until.CONFIRMED: words("they have not confirmed"),
    }
    empty = Step((), 0)
    facts = {
        "station": station,
        "wrong": wrong,
        "until": [(each.value, word) for each, word in until.items()],
        "channels": [(each.value, words.channel(each)) for each in CHANNELS],
        "severities": [
            {
                "name": each.value,
                "word": names[each],
                "own": each in station.policies,
                "longest_s": policy.longest_s,
                "steps": [*policy.steps, *[empty] * (_ROWS - len(policy.steps))],
            }
            for each, policy in policies.items()
        ],
        "budgets": [(each.value, words.channel(each), station.budgets.of(each)) for each in PAID],
    }
    return show(call.request, "stations/policies.html", words, facts, where=station.name, status=422 if wrong else 200)


async def _station(call: Call[Any, Any]) -> Station:
    async with call.services.store.read() as unit:
        station = await station_named(unit, call.request.match_info["slug"])
    call.need(station.id)
    return station
