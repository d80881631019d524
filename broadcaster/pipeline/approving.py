"""Approve: a second person approves an alert. API and console call ``submit``."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from broadcaster.bus import NoAnswer
from broadcaster.domain.alerts import Alert, Message
from broadcaster.domain.approvals import (
    LEAST_APPROVERS,
    LONGEST_REASON,
    Approval,
    ApprovalRules,
    ApprovalState,
    goes_beyond,
)
from broadcaster.domain.audit import Action, Actor
from broadcaster.domain.policies import channels_for, policy_for
from broadcaster.domain.refusals import Conflict, Forbidden, Refused
from broadcaster.domain.schedules import Schedule
from broadcaster.domain.stations import Station
from broadcaster.pipeline.duty import check_on_duty, is_off_duty
from broadcaster.pipeline.issue import IssueAlert, announce, draw_up, issue, record, sent_as
from broadcaster.pipeline.operator_mail import words_for
from broadcaster.pipeline.reach import Question, reach
from broadcaster.pipeline.rules import check_receivers
from broadcaster.pipeline.services import Services
from broadcaster.pipeline.telling import Notice, tell
from broadcaster.pipeline.versions import check_current, stop_ended, take_place
from broadcaster.store import Unit, polls, schedules
from broadcaster.store.alerts import alerts, approvals, threads
from broadcaster.store.operators import operators
from broadcaster.store.stations import stations

_AT_ONCE = 50
_SENT = (ApprovalState.APPROVED, ApprovalState.ALONE)
_ACTIONS = {
    ApprovalState.REFUSED: Action.APPROVAL_REFUSED,
    ApprovalState.WITHDRAWN: Action.APPROVAL_WITHDRAWN,
    ApprovalState.APPROVED: Action.APPROVED,
    ApprovalState.ALONE: Action.SENT_ALONE,
}


async def submit(
    services: Services,
    command: IssueAlert,
    *,
    life_at_stake: str = "",
    first: Callable[[Unit, Alert], Awaitable[None]] | None = None,
) -> tuple[Alert, bool]:
    """Issue an alert, or ask for its approval. Return it, and whether it waits.

    ``life_at_stake``: why it goes out at once, without approval or by somebody who is not on duty; all approvers are
    told. ``first`` runs in the transaction that stores the alert or the request. Raises like ``issue``, and
    ``Forbidden`` for somebody who is not on duty.
    """
    station, key = command.station, command.idempotency_key

    async def read(unit: Unit) -> tuple[bool, Approval | None]:
        issued = key is not None and await alerts.by_idempotency_key(unit, station.id, key) is not None
        return issued, await _repeated(unit, command)

    issued, asked_before = (False, None) if key is None else await services.store.run_read(read)
    if asked_before is not None:
        return asked_before.alert, asked_before.state not in _SENT
    off_duty = await is_off_duty(services, station.id, command.actor)
    if off_duty and not life_at_stake:
        raise Forbidden("off-duty")
    before = command.replaces
    beyond = before is None or goes_beyond(before.message, command.message)
    if issued or not (off_duty or (beyond and await needed(services, station, command.message))):
        return (await issue(services, command, first=first))[0], False
    now = services.clock.now()
    if life_at_stake:
        alone = replace(command, alone=check_reason(life_at_stake))
        return (await issue(services, alone, first=first))[0], False
    known = await services.store.run_read(lambda unit: stations.group_ids(unit, station.id))
    alert = await draw_up(services, command, known, now)
    author = command.actor.key_id
    as_written = replace(alert, channels=command.message.channels)  # the policy is chosen at sending time

    async def keep(unit: Unit) -> Approval | None:
        earlier = await _repeated(unit, command)
        if earlier is None:
            if before is not None:
                await check_current(unit, before, now)
            if first is not None:
                await first(unit, alert)
            person = await stations.behind_key(unit, author)
            asked = Approval(as_written, author, person, ApprovalState.WAITING, now)
            await approvals.add(unit, asked, idempotency_key=key, request_hash=command.request_hash)
            await record(unit, command.actor, Action.APPROVAL_ASKED, alert)
        return earlier

    earlier = await services.store.transact(keep)
    return (alert if earlier is None else earlier.alert), True


async def _repeated(unit: Unit, command: IssueAlert) -> Approval | None:
    """Return the approval requested with the same key. Raises ``Conflict`` if it differs."""
    if command.idempotency_key is None:
        return None
    found = await approvals.by_idempotency_key(unit, command.station.id, command.idempotency_key)
    if found is None:
        return None
    if found[1] != (command.request_hash or b""):
        raise Conflict("key-of-another-alert", alert=str(found[0].id))
    return found[0]


async def needed(services: Services, station: Station, message: Message) -> bool:
    """Return whether a second person must approve a message: never while a station lacks two people who can."""

    async def read(unit: Unit) -> tuple[ApprovalRules, int]:
        return await approvals.rules_of(unit, station.id), len(await approvals.approvers(unit, station.id))

    rules, able = await services.store.run_read(read)
    if able < LEAST_APPROVERS:
        return False
    people = None
    if rules.reach is not None:
        try:
            people = (await reach(services, Question(station, message))).people
        except NoAnswer:
            people = None  # reach unknown: approval needed
    return rules.asks(message, people)


async def check_second(services: Services, station_id: int, author: int, actor: Actor) -> None:
    """Raise ``Forbidden`` unless this person may approve another's message, or their own at a training station."""
    async with services.store.read() as unit:
        rules = await approvals.rules_of(unit, station_id)
        able = {each.id for each in await approvals.approvers(unit, station_id)}
        person = await stations.behind_key(unit, author)
    if actor.id not in able or (actor.id == person and not rules.training):
        raise Forbidden("approval-not-yours")


async def approve(services: Services, approval: Approval, actor: Actor, *, approver: bool) -> Alert:
    """Approve and send it, once. Raises ``Forbidden`` for its last writer, ``Conflict`` if it was decided meanwhile."""
    async with services.store.read() as unit:
        rules = await approvals.rules_of(unit, approval.alert.station_id)
    await check_on_duty(services, approval.alert.station_id, actor)
    if not approval.may_approve(actor.key_id, approver=approver, training=rules.training):
        raise _not_theirs(approval)
    return await _send(services, approval, actor, ApprovalState.APPROVED)


async def send_alone(services: Services, approval: Approval, actor: Actor, why: str) -> Alert:
    """Send it without approval, after the waiting time and with a reason. Raises ``Refused``, ``Forbidden``."""
    await check_on_duty(services, approval.alert.station_id, actor)
    if not approval.may_go_alone(actor.key_id, services.clock.now()):
        raise _not_theirs(approval)
    return await _send(services, approval, actor, ApprovalState.ALONE, check_reason(why))


async def refuse(services: Services, approval: Approval, actor: Actor, why: str, *, approver: bool) -> None:
    """Refuse it with a reason; from its author, this withdraws it. Raises ``Refused``, ``Forbidden``, ``Conflict``."""
    own = actor.key_id == approval.author
    if not own and not approver:
        raise Forbidden("approval-not-yours")
    state = ApprovalState.WITHDRAWN if own else ApprovalState.REFUSED
    why = why if own else check_reason(why)

    async def keep(unit: Unit) -> bool:
        if not await approvals.decide(unit, approval, state, actor, why):
            return False
        await polls.withdraw(unit, approval.id)
        await record(unit, actor, _ACTIONS[state], approval.alert, why=why)
        return True

    if not await services.store.transact(keep):
        raise Conflict("approval-decided")


async def hand_back(services: Services, approval: Approval, actor: Actor, message: Message, why: str) -> None:
    """Store an approver's changes, and return it to its author. Raises ``Refused``, ``Conflict``."""
    why = check_reason(why)
    alert = replace(approval.alert, **message.content())

    async def keep(unit: Unit) -> bool:
        if not await approvals.edit(unit, approval, message, actor.key_id, why):
            return False
        await polls.reword(unit, approval.id, {language: text.headline for language, text in message.texts.items()})
        await record(unit, actor, Action.APPROVAL_EDITED, alert, why=why)
        return True

    if not await services.store.transact(keep):
        raise Conflict("approval-decided")


async def _send(services: Services, approval: Approval, actor: Actor, state: ApprovalState, why: str = "") -> Alert:
    """Decide and issue in one transaction: only once, even if two people press or this process dies afterwards.

    Raises ``Refused`` if the alert may go to these receivers no longer, such as a group that was deleted since.
    """
    now, waited = actor.at, approval.alert
    async with services.store.read() as unit:
        station = await stations.by_id(unit, waited.station_id)
        known = await stations.group_ids(unit, waited.station_id)
        before = await alerts.by_id(unit, approval.replaces) if approval.replaces is not None else None
    policy = None if station is None else policy_for(station, waited, before)
    channels = waited.channels if station is None else channels_for(station, waited, before)
    sandbox = tuple(name for name in channels if name in services.sandboxed)
    alert = replace(waited, sent_at=now, sandbox=sandbox, channels=channels, policy=policy)
    ended: tuple[int, ...] = ()
    if alert.expires_at <= now:
        raise Refused("expires-past", "expires")
    if station is not None:
        await asyncio.to_thread(check_receivers, station, waited.message, known)  # a boundary may have many corners

    async def keep(unit: Unit) -> bool:
        nonlocal ended
        if before is not None:
            await threads.hold(unit, before)
        if not await approvals.decide(unit, approval, state, actor, why):
            return False
        if before is not None:
            ended = await take_place(unit, before, alert)
        await alerts.add(unit, alert, key_id=approval.author, idempotency_key=None, request_hash=None)
        await record(unit, actor, _ACTIONS[state], alert, why=why)
        await record(unit, actor, sent_as(alert), alert, author=approval.author)
        return True

    with services.precedence.holding(alert.rank):
        done = await services.store.transact(keep)
    if not done:
        raise Conflict("approval-decided")
    await stop_ended(services, ended)
    announce(services, alert)
    return alert


def check_reason(why: str) -> str:
    """Return a reason, trimmed. Raises ``Refused`` without one."""
    said = " ".join(why.split())
    if not said or len(said) > LONGEST_REASON or not said.isprintable():
        raise Refused("approval-reason", "why", most=LONGEST_REASON)
    return said


def _not_theirs(approval: Approval) -> Conflict | Forbidden:
    if approval.decided_at is not None:
        return Conflict("approval-decided")
    return Forbidden("approval-not-yours")


async def tell_of_approvals(services: Services) -> None:
    """Tell approvers what waits or was sent alone, and tell authors the decisions; run by the leading scheduler.

    A message is recorded after it is sent: if the process dies in between, it is sent twice rather than never.
    """
    now = services.clock.now()
    for each in await services.store.run_read(lambda unit: approvals.unannounced(unit, _AT_ONCE)):
        if each.alert.expires_at > now:
            await _tell(services, each)
        async with services.store.write() as unit:
            await approvals.mark_announced(unit, each, now)
    for schedule in await services.store.run_read(lambda unit: schedules.unannounced(unit, _AT_ONCE)):
        await _tell_of_schedule(services, schedule)
        async with services.store.write() as unit:
            await schedules.mark_announced(unit, schedule)


async def _tell_of_schedule(services: Services, schedule: Schedule) -> None:
    async with services.store.read() as unit:
        station = await stations.by_id(unit, schedule.station_id)
        able = await approvals.approvers(unit, schedule.station_id)
        person = await stations.behind_key(unit, schedule.key_id)
    if station is None:
        return
    words, name = words_for(station), station.plain_name
    headline = schedule.message.text_in(station.languages[0], station.languages[0])[1].headline
    subject = words("%(station)s: a scheduled alert waits for you", station=name)
    said = words('"%(headline)s" is scheduled, and goes out only once you approve it:', headline=headline)
    others = [each for each in able if each.id != person]
    mark = f"schedule.{schedule.id}.{schedule.version}"
    await tell(services, station, others, Notice(mark, subject, said, f"/console/schedules/{schedule.id}"))


async def _tell(services: Services, approval: Approval) -> None:
    async with services.store.read() as unit:
        station = await stations.by_id(unit, approval.alert.station_id)
        able = await approvals.approvers(unit, approval.alert.station_id)
        author = await operators.by_id(unit, approval.author)
    if station is None:
        return
    concerned = [each for each in able if each.id != approval.editor]
    if approval.state in (ApprovalState.RETURNED, ApprovalState.REFUSED):
        concerned = [] if author is None else [author]
    elif approval.state in (ApprovalState.APPROVED, ApprovalState.WITHDRAWN, ApprovalState.OVERTAKEN):
        return
    await tell(services, station, concerned, _notice(station, approval))


def _notice(station: Station, approval: Approval) -> Notice:
    words, alert = words_for(station), approval.alert
    headline = alert.text_in(station.languages[0], station.languages[0])[1].headline
    name = station.plain_name
    subject, said = {
        ApprovalState.WAITING: (
            words("%(station)s: an alert waits for you", station=name),
            words('"%(headline)s" goes out once you approve it. Look at it now:', headline=headline),
        ),
        ApprovalState.RETURNED: (
            words("%(station)s: your alert was changed", station=name),
            words('"%(headline)s" was changed and waits for you to send it:', headline=headline),
        ),
        ApprovalState.REFUSED: (
            words("%(station)s: your alert was refused", station=name),
            words('"%(headline)s" was not sent. The reason stands here:', headline=headline),
        ),
        ApprovalState.ALONE: (
            words("%(station)s: an alert went out without approval", station=name),
            words('"%(headline)s" was sent by one person alone. Why stands here:', headline=headline),
        ),
    }[approval.state]
    return Notice(f"approval.{approval.id}.{approval.state}", subject, said, f"/console/approvals/{approval.id}")
