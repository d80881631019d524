"""Issuing and cancelling: refused by field, taken once however often it is asked, durable when it returns."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from broadcaster.domain.alerts import MsgType, Status, Text
from broadcaster.domain.audience import Audience, AudienceKind
from broadcaster.domain.refusals import Conflict, Refused, sentence
from broadcaster.pipeline.end import end
from broadcaster.pipeline.issue import LONGEST, issue
from broadcaster.store import Store, StoreUnavailable, Vault, tables
from broadcaster.store.alerts import alerts
from broadcaster.store.engine import outbox
from tests.contract.service import BY, HERE, command, service
from tests.contract.stores import NOW, SECRET, add_station


@pytest.fixture
async def services(tmp_path):
    async with service(tmp_path) as opened:
        yield opened


@pytest.fixture
async def town(services):
    async with services.store.write() as unit:
        return await add_station(unit, "laigle")


async def kept(services):
    """Every alert, oldest first; and the events that tell of alerts."""
    async with services.store.read() as unit:
        found = await alerts.page(unit, stations=None, before=None, limit=100)
        told = [ref for _, topic, ref, _ in await outbox.waiting(unit, 1000) if topic == "alert"]
    return found[::-1], told


@pytest.mark.parametrize(
    ("changes", "field", "told"),
    [
        ({"event": " "}, "event", "1 to 100"),
        ({"event": "x" * 101}, "event", "1 to 100"),
        ({"event": "Flood\r\nBcc: x"}, "event", "U+000D"),
        ({"expires_at": NOW}, "expires", "over already"),
        ({"expires_at": NOW - timedelta(seconds=1)}, "expires", "over already"),
        ({"expires_at": NOW + LONGEST + timedelta(seconds=1)}, "expires", "30 days"),
        ({"onset_at": NOW + timedelta(hours=12)}, "onset", "before the end"),
        ({"area": None}, "area", "needs an area"),
        ({"texts": {}}, "texts", "own language, “fr”"),
        ({"audience": Audience(AudienceKind.TOLD, told=5)}, "audience", "cancel the alert"),
    ],
)
async def test_what_is_wrong_is_refused_by_its_field_and_nothing_is_kept(services, town, changes, field, told):
    with pytest.raises(Refused) as caught:
        await issue(services, command(town, **changes))
    assert caught.value.field == field
    assert told in sentence(caught.value)
    assert await kept(services) == ([], [])
    assert len(services.active) == 0


async def test_an_alert_that_is_taken_is_on_the_disk_told_of_and_active(services, town, tmp_path):
    alert, repeated = await issue(services, command(town))
    assert not repeated
    other = Store(f"sqlite+aiosqlite:///{tmp_path / 'tocsin.db'}", Vault([SECRET]))
    async with other.read() as unit:
        assert await alerts.by_id(unit, alert.id) == alert
        assert await alerts.by_token(unit, alert.token) == alert
    await other.close()
    assert await kept(services) == ([alert], [str(alert.id)])
    assert services.active.at(0.63, 48.76) == [alert.id]
    assert alert.expires_at == NOW + timedelta(hours=12)
    assert alert.sandbox == alert.channels


async def test_an_alert_that_holds_for_just_a_moment_or_a_month_is_taken(services, town):
    for expires_at in (NOW + timedelta(microseconds=1), NOW + LONGEST):
        alert, _ = await issue(services, command(town, expires_at=expires_at))
        assert alert.expires_at == expires_at


async def test_the_same_key_and_words_are_one_alert_for_good(services, town):
    asked = command(town, idempotency_key="k", request_hash=b"h" * 32)
    first, repeated = await issue(services, asked)
    services.clock.forward(days=3)
    again, repeated_then = await issue(services, asked)
    assert (repeated, repeated_then) == (False, True)
    assert again == first
    assert len((await kept(services))[0]) == 1


async def test_a_key_without_a_hash_of_the_request_is_repeated_too(services, town):
    first, _ = await issue(services, command(town, idempotency_key="k"))
    assert await issue(services, command(town, idempotency_key="k")) == (first, True)


async def test_the_same_key_with_other_words_is_a_conflict(services, town):
    first, _ = await issue(services, command(town, idempotency_key="k", request_hash=b"h" * 32))
    with pytest.raises(Conflict, match=str(first.id)):
        await issue(services, command(town, idempotency_key="k", request_hash=b"i" * 32))


async def test_a_key_is_a_stations_own(services, town):
    async with services.store.write() as unit:
        other = await add_station(unit, "rugles")
    one, _ = await issue(services, command(town, idempotency_key="k", request_hash=b"h" * 32))
    two, repeated = await issue(services, command(other, idempotency_key="k", request_hash=b"h" * 32))
    assert not repeated
    assert one.id != two.id


async def test_twenty_that_ask_at_once_with_one_key_are_one_alert(services, town):
    asked = command(town, idempotency_key="k", request_hash=b"h" * 32)
    found = await asyncio.gather(*(issue(services, asked) for _ in range(20)))
    assert len({alert.id for alert, _ in found}) == 1
    assert sorted(repeated for _, repeated in found) == [False] + [True] * 19
    there, told = await kept(services)
    assert (len(there), len(told)) == (1, 1)


async def test_alerts_without_a_key_are_each_their_own(services, town):
    found = await asyncio.gather(*(issue(services, command(town)) for _ in range(5)))
    assert len({alert.id for alert, _ in found}) == 5
    assert len({alert.token for alert, _ in found}) == 5


async def test_an_alert_that_could_not_be_written_was_not_taken(services, town):
    from sqlalchemy import text  # noqa: PLC0415

    await services.store.run_write(lambda unit: unit.conn.execute(text("PRAGMA query_only=ON")))
    with pytest.raises(StoreUnavailable):
        await issue(services, command(town))
    assert len(services.active) == 0
    assert await kept(services) == ([], [])


async def test_a_cancel_ends_the_alert_and_its_all_clear_goes_to_anybody_who_was_told(services, town):
    alert, _ = await issue(services, command(town, status=Status.EXERCISE))
    clear = await end(services, alert, town, BY)
    assert (clear.msg_type, clear.status, clear.references) == (MsgType.CANCEL, Status.EXERCISE, (alert.id,))
    assert clear.audience == Audience(AudienceKind.TOLD, told=alert.id)
    assert clear.texts["fr"].headline == 'Fin de l\'alerte : "La Risle déborde"'
    assert services.active.at(0.63, 48.76) == []
    there, told = await kept(services)
    assert there == [replace(alert, cancelled_at=NOW, followed_by=clear.id), clear]
    assert told == [str(alert.id), str(clear.id)]


async def test_an_alert_cancelled_by_many_at_once_has_one_all_clear(services, town):
    alert, _ = await issue(services, command(town))
    found = await asyncio.gather(*(end(services, alert, town, BY) for _ in range(10)))
    assert len({clear.id for clear in found}) == 1
    again = await end(services, alert, town, BY, {"fr": Text("Autre chose")})
    assert again == found[0], "asked again with other words, it is the first all-clear"
    assert len((await kept(services))[0]) == 2


async def test_two_alerts_that_are_cancelled_each_have_their_own_all_clear(services, town):
    one, _ = await issue(services, command(town))
    two, _ = await issue(services, command(town))
    first = await end(services, one, town, BY)
    second = await end(services, two, town, BY)
    assert (first.references, second.references) == ((one.id,), (two.id,))


async def test_an_all_clear_can_not_be_cancelled(services, town):
    alert, _ = await issue(services, command(town))
    clear = await end(services, alert, town, BY)
    with pytest.raises(Refused, match="ends an alert"):
        await end(services, clear, town, BY)


async def test_an_all_clear_in_unfit_words_is_refused_and_the_alert_goes_on(services, town):
    alert, _ = await issue(services, command(town))
    with pytest.raises(Refused) as caught:
        await end(services, alert, town, BY, {"fr": Text("Fin\nde l'alerte")})
    assert caught.value.field == "texts.fr.headline"
    assert services.active.at(0.63, 48.76) == [alert.id]
    assert (await kept(services))[0] == [alert]


async def test_an_alert_that_is_over_can_still_be_cancelled(services, town):
    alert, _ = await issue(services, command(town, expires_at=NOW + timedelta(minutes=1)))
    services.clock.forward(hours=1)
    clear = await end(services, alert, town, BY)
    assert clear.expires_at > services.clock.now()


async def test_what_an_alert_was_is_what_it_is_read_back_as(services, town):
    asked = command(
        town,
        texts={"fr": Text("É «œ» 🌊", "a\n\tb", "c", "d"), "en": Text("E")},
        area=HERE,
        audience=Audience(AudienceKind.ALL_FOLLOWERS),
        onset_at=NOW + timedelta(minutes=5),
        event="Événement",
    )
    alert, _ = await issue(services, asked)
    async with services.store.read() as unit:
        assert await alerts.by_id(unit, alert.id) == alert
        row = (await unit.conn.execute(select(tables.alerts))).one()
    assert (row.rank, row.state) == (alert.rank, "accepted")
