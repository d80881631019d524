"""Decides who may send: the people on the duty roster in their week, and owners always."""

from broadcaster.domain.audit import Actor, ActorKind
from broadcaster.domain.permissions import Permission
from broadcaster.domain.refusals import Forbidden
from broadcaster.pipeline.services import Services
from broadcaster.store import duties
from broadcaster.store.operators import operators


async def is_off_duty(services: Services, station_id: int, actor: Actor) -> bool:
    """Return whether the roster bars this operator from sending now. A week without names bars nobody."""
    if actor.kind is not ActorKind.OPERATOR:
        return False
    async with services.store.read() as unit:
        named = await duties.on_call(unit, station_id, services.clock.now())
        if not named or actor.key_id in named:
            return False
        return not (await operators.caller(unit, actor.key_id)).may(Permission.OPERATORS, station_id)


async def check_on_duty(services: Services, station_id: int, actor: Actor) -> None:
    """Raise ``Forbidden`` for somebody who is not on duty."""
    if await is_off_duty(services, station_id, actor):
        raise Forbidden("off-duty")
