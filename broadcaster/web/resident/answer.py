"""/r/{token}: an alert's or a poll's page for one person who got it, with buttons; the link of an SMS or a mail.

The token identifies the message, so no account is needed. A GET changes nothing, since mail scanners follow every link.
Messages are passed on, so the page shows the end of the number or address whose answer it records.
"""

from typing import Any

from aiohttp import web
from multidict import MultiDict
from pydantic import ValidationError

from broadcaster.domain.answers import Taken, choice_of
from broadcaster.domain.people import PHONES, ChannelName
from broadcaster.domain.refusals import Refused
from broadcaster.http import answering
from broadcaster.http.answering import OpenQuestion
from broadcaster.http.polls import vote_by_link
from broadcaster.http.reading import form_of, number_of, point_of
from broadcaster.http.route import Call
from broadcaster.http.schemas.answers import AnswerIn
from broadcaster.http.schemas.base import Query
from broadcaster.pipeline.render.replies import reply
from broadcaster.store import polls as store
from broadcaster.store.people import contacts
from broadcaster.store.polls import Poll
from broadcaster.web.i18n import Words
from broadcaster.web.pages import render, to
from broadcaster.web.resident import polls
from broadcaster.web.resident.frame import words_of
from broadcaster.web.resident.public import known, page_facts

_ENDING = 2


class AnswerQuery(Query):
    """``said``: the result of the answer just given (``Taken``)."""

    said: int | None = None
    lang: str = ""


async def ask(call: Call[None, AnswerQuery]) -> web.Response:
    """Show the alert and its buttons. Changes nothing."""
    asked = known(await answering.by_delivery(call, call.linked))
    poll = await announced(call, asked)
    if poll is not None:
        words = words_of(call, asked.station.languages[0])
        return await polls.by_link(call, poll, asked, words, await _whose(call, asked, words))
    words, facts = await page_facts(call, asked.alert, asked.station)
    said = None
    if call.query.said in list(Taken) and asked.choice is not None:
        said = reply(asked.alert, asked.station, words, asked.choice, Taken(call.query.said), helps=asked.helps)
    token = call.request.match_info["token"]
    shown = {
        **facts,
        "answering": answering.shown(asked, words),
        "answer_to": f"/v1/answers/{token}",
        "answer_said": said,
        "answer_for": await _whose(call, asked, words),
    }
    return render(call.request, "alert.html", words, shown)


async def do(call: Call[None, None]) -> web.Response:
    """Record the answer or the vote, and show the page again."""
    asked = known(await answering.by_delivery(call, call.linked))
    poll, form = await announced(call, asked), await form_of(call.request)
    if poll is not None:
        voted = await vote_by_link(call, poll, asked.who, number_of(form.get("answer", "")) or 0)
        taken = Taken.RECORDED if voted else Taken.OLDER
    else:
        taken = await answering.give(call, asked, _read(form))
    language = call.request.query.get("lang", "")[:12]
    return to(
        f"/r/{call.request.match_info['token']}?said={int(taken)}" + (f"&lang={language}" if language.isalpha() else "")
    )


def _read(form: MultiDict[str]) -> AnswerIn:
    """Read the form, ignoring an invalid position. Raises ``Refused``."""
    given = {"answer": form.get("answer", ""), "household": "household" in form}
    at = point_of(form.get("lon", ""), form.get("lat", ""))
    if at is not None:
        given |= {"lon": at[0], "lat": at[1]}
    if choice_of(str(given["answer"])) is None:
        raise Refused("answer-unknown", "answer")
    try:
        return AnswerIn.model_validate(given)
    except ValidationError as error:
        raise Refused("answer-unknown", "answer") from error


async def announced(call: Call[Any, Any], asked: OpenQuestion) -> Poll | None:
    """Return the poll that a message announces."""
    async with call.services.store.read() as unit:
        return await store.by_alert(unit, asked.alert.id)


async def _whose(call: Call[None, AnswerQuery], asked: OpenQuestion, words: Words) -> str:
    """Return whose answer it is, so that nobody answers for somebody else from a message that was passed on."""
    if not asked.who.contact_ids:
        return ""
    async with call.services.store.read() as unit:
        found = await contacts.address_of(unit, asked.who.contact_ids[0])
    if found is None:
        return ""
    channel, address = found
    if channel in PHONES:
        return words("Your answer counts for the number that ends in %(end)s.", end=address[-_ENDING:])
    if channel is ChannelName.EMAIL:
        name, _, host = address.partition("@")
        return words("Your answer counts for the address %(address)s.", address=f"{name[:1]}…@{host}")
    return ""
