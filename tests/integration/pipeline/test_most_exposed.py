"""At a slow sender's rate the most exposed have their message first: on the wire, not only in the store."""

from __future__ import annotations

from broadcaster.sending import providers
from tests.servers.town import Town, away
from tests.servers.town_audit import expected, told

A_SECOND = 6
CRUE = {"fr": {"headline": "Crue"}}  # one segment, so that it costs one token of the rate


async def test_sms_at_a_slow_rate_leave_vulnerable_first_then_nearest_first(tmp_path, monkeypatch):
    """In batches of nine, four of which are worked on side by side, four messages of each at once."""
    monkeypatch.setitem(providers._BATCH, "sms", 9)
    async with Town(tmp_path, sms_per_second=A_SECOND, sms_concurrency=4) as town:
        people = [town.resident("sms", at=away(1400 - 35 * n)) for n in range(36)]
        for each in people[2:20:5]:
            each.vulnerable = True
        await town.settle(*people)
        async with town.serving() as api:
            alert = await api.issue(channels=["sms"], texts=CRUE)
            await api.finished(alert["id"])
        assert await told(town, alert["id"]) == expected(people)
    wanted = [each.mobile for each in sorted(people, key=lambda each: (not each.vulnerable, -each.number))]
    came = [message.to for message in town.twilio.messages]
    # What the bucket holds, a second's worth, goes to whichever batch is read first; then each waits for its turn.
    late = [came.index(each) - at for at, each in enumerate(wanted)]
    assert max(late) <= A_SECOND, str(late)
