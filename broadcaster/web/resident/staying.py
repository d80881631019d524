"""/k/{token}: somebody who gave no sign for long says that they want to stay. A GET changes nothing."""

from aiohttp import web

from broadcaster.http.route import Call
from broadcaster.store import Unit
from broadcaster.store.people import inactive, people
from broadcaster.web.i18n import catalogs
from broadcaster.web.pages import language_of, render
from broadcaster.web.resident.public import known

USE = "stay"


async def ask(call: Call[None, None]) -> web.Response:
    """Show the button with which somebody who gave no sign for long stays. Changes nothing."""
    locale = await call.services.store.run_read(lambda unit: people.locale_of(unit, call.linked))
    return _page(call, known(locale), done=False)


async def do(call: Call[None, None]) -> web.Response:
    """Record the sign of life."""

    async def keep(unit: Unit) -> str | None:
        await inactive.sign(unit, call.linked, call.services.clock.now())
        return await people.locale_of(unit, call.linked)

    locale = await call.services.store.transact(keep)
    return _page(call, known(locale), done=True)


def _page(call: Call[None, None], locale: str, *, done: bool) -> web.Response:
    words = catalogs().words(language_of(call.request, locale))
    return render(call.request, "resident/stay.html", words, {"done": done})
