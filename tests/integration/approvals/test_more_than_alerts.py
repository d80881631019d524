"""Updates, polls and scheduled alerts wait for a second person too."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from broadcaster.domain.alerts import Severity, Text, ThreadRole
from broadcaster.domain.approvals import ApprovalState
from broadcaster.domain.audience import Audience, AudienceKind
from broadcaster.domain.permissions import KeyRole
from broadcaster.domain.refusals import Conflict, Forbidden, Stale
from broadcaster.domain.schedules import Consent, Kind
from broadcaster.ids import new_id
from broadcaster.pipeline import approving, scheduling
from broadcaster.pipeline.end import end
from broadcaster.pipeline.issue import issue
from broadcaster.pipeline.polls import close_polls, open_poll
from broadcaster.pipeline.schedule import answer_missed, issue_due
from broadcaster.pipeline.update import Change, update
from broadcaster.store import polls
from broadcaster.store.alerts import alerts, approvals, threads
from broadcaster.store.stations import stations
from tests.contract.service import HERE, command
from tests.contract.stores import BY, NOW
from tests.integration.approvals.conftest import more_people, scheduled
from zones import Area, Circle

MINUTE = timedelta(minutes=1)


async def test_an_update_waits_for_what_nobody_agreed_to_and_takes_its_place_once_approved(town):
    services, clock = town.services, town.services.clock
    lon, lat = HERE.circles[0].lon, HERE.circles[0].lat

    async def change(alert, *, life_at_stake="", **changes):
        said = Change(**changes)
        return await update(services, alert, town.station, said, town.by("Wim"), life_at_stake=life_at_stake)

    async def state(alert):
        return (await town.approval(alert)).state

    waits, _ = await town.submit()
    current = await town.approve("Ada", waits)
    for agreed in (
        {"area": Area(circles=(Circle(lon, lat, 1000.0),))},
        {"expires_at": clock.now() + 90 * MINUTE},
        {"expires_at": clock.now() + 30 * MINUTE},
    ):
        current, waits = await change(current, **agreed)
        assert not waits, agreed
    words = {"fr": replace(current.texts["fr"], headline="La Risle déborde au pont")}
    more = {"fr": replace(current.texts["fr"], headline="La Risle monte encore")}
    asked = {}
    for name, beyond in (
        ("words", {"texts": words, "silent": True}),
        ("moved", {"area": Area(circles=(Circle(lon + 0.002, lat, 1000.0),))}),
        ("graver", {"severity": Severity.EXTREME}),
    ):
        asked[name], waits = await change(current, **beyond)
        assert waits, name
        assert not await town.is_sent(asked[name])
    with pytest.raises(Forbidden):
        await town.approve("Wim", asked["words"], approver=False)
    # A reminder goes out meanwhile: it is older than the update, whatever their ids say.
    remind = replace(command(town.station), role=ThreadRole.REMINDER, thread_id=current.first_id)
    reminder, _ = await issue(services, replace(remind, references=(*current.references, current.id)))
    clock.forward(seconds=60)
    new = await town.approve("Ada", asked["words"])
    assert (new.role, new.silent, new.references) == (ThreadRole.UPDATE, True, (*current.references, current.id))
    async with services.store.read() as unit:
        assert (await alerts.by_id(unit, current.id)).followed_by == new.id
        stored = await alerts.by_id(unit, new.id)
        assert reminder.id in (await threads.of(unit, stored)).before(stored)
    assert (stored.silent, stored.thread_id, stored.texts) == (True, current.first_id, words)
    assert await town.actions(new) == ["approval_asked", "approved", "alert_updated"]
    assert {name: await state(each) for name, each in asked.items()} == {
        "words": ApprovalState.APPROVED, "moved": ApprovalState.OVERTAKEN, "graver": ApprovalState.OVERTAKEN,
    }  # fmt: skip
    with pytest.raises(Conflict):
        await town.approve("Ada", asked["moved"])
    with pytest.raises(Stale):
        await change(current, texts=more)
    lower, waits = await change(new, severity=Severity.MODERATE)
    assert not waits
    alone, waits = await change(lower, severity=Severity.EXTREME, life_at_stake="L'eau monte dans l'école")
    assert not waits
    assert await state(alone) is ApprovalState.ALONE
    last, waits = await change(alone, texts=more)
    assert waits
    await end(services, alone, town.station, town.by("Wim"))
    assert await state(last) is ApprovalState.OVERTAKEN
    with pytest.raises(Conflict):
        await change(alone, texts=more)


async def test_a_poll_waits_as_an_alert_does_and_is_gone_unless_somebody_approves_it(town):
    services, closes_at = town.services, town.services.clock.now() + 60 * MINUTE
    await more_people(town, 2)
    await town.rules(severity=None, reach=1)
    async with services.store.write() as unit:
        key = await stations.add_key(unit, KeyRole.PUBLISH, town.station.id, "s", NOW, made_by=town.people["Ada"])
        town.people["Ada's key"] = (await stations.caller_of(unit, key, NOW)).key_id

    async def ask(name):
        everybody = Audience(AudienceKind.ALL_FOLLOWERS)
        texts = {"fr": ("Un marché ?", ("Oui", "Non"))}
        poll = await open_poll(
            services, town.station, town.by(name), texts, audience=everybody, area=None, closes_at=closes_at
        )
        async with services.store.read() as unit:
            return poll, await approvals.by_id(unit, poll.alert_id)

    async def found(poll):
        async with services.store.read() as unit:
            return await polls.by_token(unit, poll.token)

    for refused, name in (("refused", "Ada"), ("withdrawn", "Wim")):
        poll, approval = await ask("Wim")
        assert (await found(poll)).waits, refused
        await approving.refuse(services, approval, town.by(name), "Pas maintenant", approver=name == "Ada")
        assert await found(poll) is None, refused
    poll, approval = await ask("Wim")
    texts = {"fr": replace(approval.alert.texts["fr"], headline="Un marché le soir ?")}
    await approving.hand_back(services, approval, town.by("Ada"), replace(approval.alert.message, texts=texts), "Quand")
    await town.approve("Wim", approval.alert, approver=False)
    assert ((await found(poll)).waits, (await found(poll)).texts["fr"][0]) == (False, "Un marché le soir ?")
    late, approval = await ask("Ada's key")
    with pytest.raises(Forbidden):
        await town.approve("Ada", approval.alert)
    just, _ = await ask("Wim")
    in_time = {name: town.by(name) for name in ("Ada", "Odo")}
    services.clock.at = closes_at
    async with services.store.read() as unit:
        due = {each.id: each for each in await polls.due(unit, closes_at)}
    async with services.store.read() as unit:
        asked = [await approvals.by_id(unit, each.alert_id) for each in (just, late)]
    await approving.approve(services, asked[0], in_time["Ada"], approver=True)
    async with services.store.write() as unit:
        await polls.close(unit, due[just.id], closes_at)  # which was read before
    await close_polls(services)
    assert [(await found(each)).closed_at for each in (poll, just)] == [closes_at] * 2
    assert await found(late) is None, "nobody approved it in time"
    with pytest.raises(Conflict):
        await approving.approve(services, asked[1], in_time["Odo"], approver=True)


async def test_a_scheduled_alert_is_approved_when_written_and_again_once_it_reaches_many_more(town):
    services = town.services
    await more_people(town, 4)
    made, read = await scheduled(town)
    assert ((await read()).consent, made.reach) == (Consent.ASKED, 4)
    await approving.tell_of_approvals(services)
    assert (await read()).consent is Consent.WAITING
    with pytest.raises(Forbidden):
        await scheduling.approve(services, await read(), actor=town.by("Wim"))
    services.clock.at = made.next_at + MINUTE / 2
    assert await issue_due(services) == 0
    with pytest.raises(Forbidden):
        await answer_missed(services, await read(), made.next_at, actor=town.by("Wim"), send=True)
    await scheduling.approve(services, await read(), actor=town.by("Ada"))
    for more, issued, consent in ((0, 1, Consent.APPROVED), (1, 1, Consent.APPROVED), (1, 0, Consent.ASKED)):
        await more_people(town, more)
        services.clock.at += timedelta(days=1)
        assert await issue_due(services) == issued, "recounted even where nothing ran in the ten minutes before"
        assert (await read()).consent is consent
    paused = await scheduling.change(
        services, town.station, await read(), replace(await read(), paused=True), None, actor=BY, following=False
    )
    assert paused.unapproved

    # What needed nobody's approval needs it once it reaches so many that an alert sent now would.
    await town.rules(severity=None, reach=10)
    small, read = await scheduled(town, severity=Severity.MINOR)
    assert (small.consent, small.reach) == (None, 6)
    await more_people(town, 4)
    services.clock.at = small.next_at + MINUTE / 2
    assert await issue_due(services) == 1, "many more, and not too many"
    await more_people(town, 1)
    services.clock.at += timedelta(days=1)
    assert (await issue_due(services), (await read()).consent) == (0, Consent.ASKED)

    # A reminder says what was approved again; other words are new words.
    await town.rules()
    asked, _ = await town.submit(expires_at=services.clock.now() + timedelta(days=9))
    sent = await town.approve("Ada", asked)
    for texts, consent in ((sent.texts, None), ({"fr": Text("Autre chose")}, Consent.ASKED)):
        message = replace(sent.message, texts=texts)
        reminder = replace(small, id=new_id(), kind=Kind.REMINDER, message=message, reminds=sent.id, next_at=None)
        reminder = replace(reminder, starts=(services.clock.now() + timedelta(days=1)).replace(tzinfo=None))
        assert (await scheduling.write(services, town.station, reminder, actor=town.by("Wim"))).consent is consent
