"""At a slow sender's rate the most exposed have their message first: on the wire, not only in the store."""

from __future__ import annotations

from broadcaster import providers
from tests.servers.town import Town, away
from tests.servers.town_audit import audit


async def test_sms_at_a_slow_rate_leave_vulnerable_first_then_nearest_first(tmp_path, monkeypatch):
    """In batches of five, four of which are worked on side by side, of a first part of a hundred."""
    monkeypatch.setitem(providers._BATCH, "sms", 5)
    async with Town(tmp_path, sms_per_second=60, sms_concurrency=3) as town:
        people = [town.resident("sms", at=away(1400 - 9 * n)) for n in range(120)]
        for each in people[10:110:20]:
            each.vulnerable = True
        await town.settle(*people)
        async with town.serving() as api:
            alert = await api.issue(channels=["sms"])
            await api.finished(alert["id"])
        await audit(town, alert["id"], people)
    wanted = [each.mobile for each in sorted(people, key=lambda each: (not each.vulnerable, -each.number))]
    came = [message.to for message in town.twilio.messages]
    late = [abs(came.index(each) - at) for at, each in enumerate(wanted)]
    assert max(late) <= 3, ("only those who are under way at once may pass each other", late)
