"""GET and POST /v1/alerts/{id}/escalation, GET and PUT /v1/stations/{slug}/policies."""

from typing import Any

from aiohttp import web

from broadcaster.domain.alerts import Severity
from broadcaster.domain.audit import Action, Actor
from broadcaster.domain.escalation import PAID, read_policy
from broadcaster.domain.policies import policy_of
from broadcaster.domain.stations import Station
from broadcaster.http.alerts import alert_of
from broadcaster.http.answers import answer
from broadcaster.http.route import Call
from broadcaster.http.schemas.escalation import EscalationIn, EscalationOut, PoliciesIn, PoliciesOut
from broadcaster.http.stations import own_station, station_in, station_named
from broadcaster.pipeline import escalate
from broadcaster.store import Unit
from broadcaster.store.operations import audit
from broadcaster.store.stations import stations


async def show(call: Call[None, None]) -> web.Response:
    """Return how an alert escalates, and its next round."""
    return await _answered(call)


async def _answered(call: Call[Any, None]) -> web.Response:
    alert, _ = await alert_of(call)
    found = await escalate.upcoming(call.services, alert)
    return answer(EscalationOut(policy=alert.policy, next=found, stopped_at=alert.stopped_at))


async def act(call: Call[EscalationIn, None]) -> web.Response:
    """Send the next round now, skip it, or stop escalation. Raises ``Conflict`` like ``escalate.act``."""
    alert, _ = await alert_of(call)
    await escalate.act(call.services, alert, call.body.action, call.body.round, actor=call.actor)
    return await _answered(call)


async def policies(call: Call[None, None]) -> web.Response:
    """Return how the station's alerts escalate, and its budgets."""
    return answer(shown(await own_station(call)))


async def set_policies(call: Call[PoliciesIn, None]) -> web.Response:
    """Replace the given policies and budgets. Alerts in progress keep theirs."""
    async with call.services.store.write() as unit:
        station = await station_in(unit, call)
        await change(unit, call.actor, station, call.body)
        changed = await station_named(unit, station.slug)
    return answer(shown(changed))


async def change(unit: Unit, actor: Actor, station: Station, given: PoliciesIn) -> None:
    """Write a station's policies and budgets. Raises ``Refused``."""
    fields = changed_fields(station, given)
    await stations.change(unit, station.id, fields)
    await audit.record(unit, actor, Action.POLICIES_CHANGED, station.id, station_id=station.id)


def changed_fields(station: Station, given: PoliciesIn) -> dict[str, Any]:
    """Return the station's columns to change. Raises ``Refused``."""
    own = {str(severity): policy.to_json() for severity, policy in station.policies.items()}
    for severity, policy in given.policies.items():
        own.pop(str(severity), None)
        if policy is not None:
            own[str(severity)] = read_policy(policy.model_dump(mode="json")).to_json()
    budgets = {str(name): station.budgets.of(name).to_json() for name in PAID}
    budgets |= {name: budget.model_dump() for name, budget in given.budgets.items()}
    return {"policies": own or None, "budgets": budgets}


def shown(station: Station) -> PoliciesOut:
    """Return a station's policies and budgets in the API's form."""
    return PoliciesOut(
        policies={each: policy_of(station, each) for each in Severity},
        own=tuple(each for each in Severity if each in station.policies),
        budgets={str(name): station.budgets.of(name) for name in PAID},
    )
