"""/console/stations/{slug}/policies: how a station's alerts escalate, and its budgets."""

from typing import Any

from aiohttp import web
from multidict import MultiDict

from broadcaster.domain.alerts import RULES, Severity
from broadcaster.domain.escalation import PAID, read_policy
from broadcaster.domain.policies import policy_of
from broadcaster.domain.stations import Station
from broadcaster.http.escalation import change
from broadcaster.http.reading import form_of
from broadcaster.http.route import Call
from broadcaster.http.schemas.escalation import PoliciesIn
from broadcaster.http.stations import own_station
from broadcaster.web.console import policy_form
from broadcaster.web.console.frame import show, words_of
from broadcaster.web.i18n import Words
from broadcaster.web.pages import to
from broadcaster.web.severities import severity_words

_LARGEST = 10_000_000
_MOST_FIGURES = 9


async def page(call: Call[None, None]) -> web.Response:
    station = await own_station(call)
    return _shown(call, station, {each: policy_of(station, each).to_json() for each in Severity}, {})


async def save(call: Call[None, None]) -> web.Response:
    """Store the changes; a policy equal to the shipped one is not stored as the station's own."""
    form = await form_of(call.request)
    station, words = await own_station(call), words_of(call.request)
    typed, policies, wrong = {each: policy_form.typed(form, each) for each in Severity}, dict[str, Any](), {}
    for severity, document in typed.items():
        if problem := policy_form.problem(document, words):
            wrong[str(severity)] = problem
        else:
            policy = read_policy(document)
            policies[severity] = None if policy == RULES[severity].policy else policy.to_json()
    budgets = _budgets(form, wrong, words)
    if wrong:
        return _shown(call, station, typed, wrong)
    asked = PoliciesIn.model_validate({"policies": policies, "budgets": budgets}, strict=False)
    async with call.services.store.write() as unit:
        await change(unit, call.actor, station, asked)
    return to(f"/console/stations/{station.slug}?done=changed")


def _budgets(form: MultiDict[str], wrong: dict[str, str], words: Words) -> dict[str, dict[str, int | None]]:
    found: dict[str, dict[str, int | None]] = {}
    for channel in PAID:
        said = {part: form.get(f"{channel}.{part}", "").strip() for part in ("alert", "month")}
        if all(not each or (each.isascii() and each.isdigit()) for each in said.values()):
            found[str(channel)] = {part: _budget(each) for part, each in said.items()}
        else:
            wrong["budgets"] = words("A budget is a whole number, or empty for no limit.")
    return found


def _budget(figures: str) -> int | None:
    """Return a budget; larger ones, which ``int`` may refuse, as the largest."""
    return min(int(figures.lstrip("0")[:_MOST_FIGURES] or "0"), _LARGEST) if figures else None


def _shown(
    call: Call[Any, Any], station: Station, policies: dict[Severity, dict[str, Any]], wrong: dict[str, str]
) -> web.Response:
    words = words_of(call.request)
    names = severity_words(words)
    facts = {
        "wrong": wrong,
        **policy_form.choices(words),
        "severities": [
            {
                "name": each.value,
                "word": names[each],
                "own": each in station.policies,
                "policy": policy_form.shown(policy),
                "outline": "" if each in wrong else policy_form.outline(policy, words),
            }
            for each, policy in policies.items()
        ],
        "budgets": [(each.value, words.channel(each), station.budgets.of(each)) for each in PAID],
    }
    return show(call.request, "stations/policies.html", words, facts, where=station)
