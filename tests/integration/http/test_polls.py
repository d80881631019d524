"""Polls: one vote a verified person, ballots that nobody can join to a voter, no result below ten."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from broadcaster.domain.refusals import Conflict
from broadcaster.pipeline.polls import close_polls
from broadcaster.store import polls, tables
from broadcaster.store.operations import copying
from tests.integration.http.conftest import Api
from tests.servers.town import Town

ASKED = {"question": "Un marché le soir ?", "answers": ["Oui", "Non"], "station": "laigle", "audience": "all_followers"}


async def test_a_poll_is_anonymous_closed_on_time_and_shown_from_ten_votes_on(tmp_path) -> None:
    async with Town(tmp_path) as town:
        people = [town.resident("email") for _ in range(25)]
        await town.settle(*people)
        async with town.serving() as served:
            api = Api(served.running, served.http, {"admin": town.key})
            services = served.running.services
            closes = (town.clock.now() + timedelta(hours=2)).isoformat()
            status, _, poll = await api.call("POST", "/v1/polls", {**ASKED, "closes": closes})
            assert (status, poll["result"], poll["turnout"]) == (201, None, None)
            _, _, few = await api.call("POST", "/v1/polls", {**ASKED, "closes": closes})
            async with services.store.read() as unit:
                made = await polls.by_token(unit, poll["token"])
            assert made is not None
            await served.finished(str(made.alert_id))
            assert poll["url"] in town.smtp.messages[0].parsed.get_body(("plain",)).get_content()

            mine = f"/v1/subscribers/me/polls/{poll['token']}"
            for number, each in enumerate(people):
                assert (await api.call("PUT", mine, {"answer": 1 + number % 2}, key=each.token))[0] == 204
                assert (await api.call("PUT", mine, {"answer": 2}, key=each.token))[0] == 409
                async with services.store.read() as unit:
                    sizes = [
                        await unit.conn.scalar(
                            select(func.count()).select_from(table).where(table.c.poll_id == made.id)
                        )
                        for table in (tables.poll_voters, tables.poll_ballots, tables.poll_pending)
                    ]
                assert sizes[0] == sizes[1]
                assert sizes[0] % 10 == 0
                assert sizes[0] + sizes[2] == number + 1
            assert (await api.call("GET", mine, key=people[0].token))[2] == {
                "may_vote": False,
                "voted": True,
                "identity_missing": False,
            }
            assert (await api.call("GET", f"/v1/polls/{poll['token']}"))[2]["result"] is None
            assert (await api.call("PUT", mine, {"answer": 3}, key=people[0].token))[0] == 422
            assert "poll_pending" not in copying.shape()
            for table in (tables.poll_ballots, tables.poll_voters):
                assert not [each for each in table.columns if each.name not in {"poll_id", "key", "choice", "mark"}]

            second = f"/v1/subscribers/me/polls/{few['token']}"
            for each in people[:9]:
                await api.call("PUT", second, {"answer": 1}, key=each.token)
            town.clock.advance(3 * 3600)
            late = await api.call("PUT", second, {"answer": 1}, key=people[9].token)
            assert (late[0], late[2]["code"] if "code" in late[2] else late[2]["errors"][0]["code"]) == (
                409,
                "poll-closed",
            )
            await close_polls(services)
            async with services.store.write() as unit:  # who looked before it was closed
                with pytest.raises(Conflict, match="This poll is closed"):
                    await polls.vote(unit, made, people[0].id, 1)
            _, _, closed = await api.call("GET", f"/v1/polls/{poll['token']}")
            assert (closed["result"], closed["turnout"], closed["entitled"]) == ([13, 12], 25, 25)
            _, _, closed = await api.call("GET", f"/v1/polls/{few['token']}")
            assert (closed["closed"], closed["result"], closed["turnout"]) == (True, None, None)
            _, _, page = await api.call("GET", f"/polls/{poll['token']}", key=None)
            assert "52 % (13)" in page
