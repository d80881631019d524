"""Polls: one vote a verified person, ballots that nobody can join to a voter, no result below ten."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from broadcaster.domain.refusals import Conflict
from broadcaster.pipeline.polls import close_polls
from broadcaster.store import polls, tables
from broadcaster.store.operations import copying
from tests.integration.http.conftest import Api
from tests.servers.town import Town

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
LINK = re.compile(r"/r/[\w-]+")
ASKED = {"question": "Un marché le soir ?", "answers": ["Oui", "Non"], "station": "laigle", "audience": "all_followers"}


async def test_a_poll_is_anonymous_closed_on_time_and_shown_from_ten_votes_on(  # noqa: PLR0915  one way, walked
    tmp_path,
) -> None:
    async with Town(tmp_path) as town:
        people = [town.resident("email") for _ in range(25)]
        people[24].mail = people[23].mail
        people[22].mobile = "+33639980099"
        await town.settle(*people)
        async with town.serving() as served:
            api = Api(served.running, served.http, {"admin": town.key})
            services = served.running.services
            closes = (town.clock.now() + timedelta(hours=2)).isoformat()
            by = ["email", "sms"]
            doubled = {**ASKED, "closes": closes, "answers": ["Oui", " oui"]}
            status, _, problem = await api.call("POST", "/v1/polls", doubled)
            assert (status, problem["errors"][0]["code"]) == (422, "answers-number")
            status, _, poll = await api.call("POST", "/v1/polls", {**ASKED, "closes": closes, "channels": by})
            assert (status, poll["result"], poll["turnout"]) == (201, None, None)
            async with services.store.read() as unit:
                made = await polls.by_token(unit, poll["token"])
            assert made is not None
            await served.finished(str(made.alert_id))
            assert len(town.smtp.messages) == 24, "who share an address have one mail"

            # Each message has a link of its own. To open it changes nothing; who share it vote one after the other.
            links = {
                each.recipients[0]: LINK.search(each.parsed.get_body(("plain",)).get_content())[0]
                for each in town.smtp.messages
            }
            by_link = {number: links[people[number].mail] for number in (0, 1, 23, 24)}
            (texted,) = town.twilio.messages
            by_link[22] = LINK.search(texted.body)[0]
            _, _, few = await api.call("POST", "/v1/polls", {**ASKED, "closes": closes})
            _, _, page = await api.call("GET", by_link[23], key=None)
            assert re.findall(r'name="answer" value="(\d)">([^<]+)<', page) == [("1", "Oui"), ("2", "Non")]
            assert "Plusieurs personnes peuvent voter par ce lien" in page
            assert "r…@town.example" in page
            assert "finit par 99" in (await api.call("GET", by_link[22], key=None))[2]
            assert (await api.call("POST", by_link[0], key=None, raw="answer=3", headers=FORM))[0] == 422

            async def by_own_link(number: int) -> str:
                form = {"raw": f"answer={1 + number % 2}", "headers": FORM}
                status, headers, _ = await api.call("POST", by_link[number], key=None, **form)
                assert status == 303
                return headers["Location"].rpartition("=")[2]

            mine = f"/v1/subscribers/me/polls/{poll['token']}"
            for number, each in enumerate(people):
                if number in by_link:
                    assert await by_own_link(number) == "0"
                else:
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
            assert await by_own_link(24) == "1"
            _, _, page = await api.call("GET", by_link[24], key=None)
            assert "plus de vote à donner par ce lien" in page
            _, _, sent = await api.call("GET", f"/v1/alerts/{made.alert_id}/deliveries")
            assert {each["state"] for each in sent["deliveries"]} <= {"accepted", "delivered"}, "no link was opened"
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
            assert "52\u00a0% (13)" in page
