"""Every page there is, with something on it. The guards and the pictures are made of this table.

A new route of a page needs a line here (``guards/test_table.py`` says so): then axe-core looks at it in both languages
and themes, and its width, its targets, its focus and its scripts' weight are held to what is promised.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from broadcaster.server.routes import ROUTES
from tests.servers.town import INSIDE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from playwright.async_api import FilePayload, Page

    from broadcaster.http.route import Route
    from tests.browser.scene import Scene
    from tests.browser.visiting import Visits

KB = 1000
_CONSOLE_KB, _RESIDENT_KB = 90, 25


@dataclass(frozen=True)
class Shown:
    """One page in one state.

    ``path`` with the facts of the scene in braces; ``route`` is the one that answers it (without: the path itself).
    ``at`` (lon, lat) lets the device say where it is. ``then`` goes on from there, to a state that has no address of
    its own; ``ready`` is a selector of what a script puts into the page, and is waited for. ``has_map``: a map is in
    it from the beginning. ``whole``: a picture shows it to its end. ``forgives`` is what its console
    rightly tells.
    """

    name: str
    path: str
    route: str = ""
    at: tuple[float, float] | None = None
    then: Callable[[Page, Scene], Awaitable[None]] | None = None
    ready: str = ""
    has_map: bool = False
    whole: bool = True
    forgives: str = ""

    @property
    def answers(self) -> str:
        return self.route or self.path

    @property
    def signed_in(self) -> bool:
        return (
            self.path.startswith("/console")
            and self.path not in ("/console/sign-in", "/console/welcome")
            and "#" not in self.path
        )

    @property
    def script_budget(self) -> int:
        """Octets of JavaScript as loaded, compressed."""
        return (_CONSOLE_KB if self.path.startswith("/console") or self.has_map else _RESIDENT_KB) * KB

    async def open(self, visit: Visits, scene: Scene, **how: Any) -> Page:
        if self.forgives:
            visit.forgive(self.forgives)
        page = await visit(self.path.format(**scene.facts), signed_in=self.signed_in, at=self.at, **how)
        await self.settle(page, scene)
        return page

    async def settle(self, page: Page, scene: Scene) -> None:
        """Wait until the page is as a person finds it."""
        if self.then is not None:
            await self.then(page, scene)
        if self.ready:
            await page.locator(self.ready).first.wait_for()
        await page.evaluate("() => document.fonts.ready.then(() => true)")


async def _as_a_resident(page: Page, scene: Scene) -> None:
    """The device keeps who it is to the service, as after a sign-up."""
    await page.evaluate(_KEEP, scene.facts["resident"])
    await page.reload()


async def _save_their_data(page: Page, scene: Scene) -> None:
    """The page is a file that a resident saves, and opens without the service."""
    await _as_a_resident(page, scene)
    async with page.expect_download() as saving:
        await page.locator("#read").click()
    saved = (await (await saving.value).path()).with_suffix(".html")
    await (await saving.value).save_as(saved)
    await page.goto(saved.as_uri())


async def _as_a_volunteer(page: Page, scene: Scene) -> None:
    """The telephone gave its code before."""
    url = scene.village.url + scene.facts["volunteer"]
    await page.context.add_cookies([{"name": "tocsin_visits", "value": scene.facts["volunteers_phone"], "url": url}])
    await page.reload()


def _press(*selectors: str) -> Callable[[Page, Scene], Awaitable[None]]:
    async def press(page: Page, _scene: Scene) -> None:
        for selector in selectors:
            await page.locator(selector).first.click()

    return press


async def _upload(page: Page, _scene: Scene) -> None:
    """Hand in a list with new residents, lines that are wrong, one line twice, addresses, and a column nobody knows."""
    file: FilePayload = {"name": "registre.csv", "mimeType": "text/csv", "buffer": _LIST.encode()}
    await page.locator("input[type=file]").set_input_files(file)
    await page.locator("form[enctype] button[type=submit]").click()
    await page.wait_for_url(re.compile(r"/import/[\w-]+"))


_LIST = """id;nom;mobile;mail;adresse;groupe;couleur
R-1;Jeanne Petit;0639980001;jeanne@town.example;12 rue des Émangeards;Digue;bleu
R-2;Paul Martin;12;;3 place Saint-Martin;;rouge
R-3;Marie-Antoinette de La Rochefoucauld-Liancourt;0639980003;marie-antoinette.de-la-rochefoucauld@@town.example;;;
R-4;Léa Blanc;0639980004;;1 rue Nulle-Part;Digue;
R-4;Léa Blanc;0639980005;;1 rue Nulle-Part;Digue;
;Sans Numéro;0639980006;;;;
R-7;Jean Noir;;;;;vert
"""
_KEEP = """(token) => new Promise((done, failed) => {
  const asked = indexedDB.open("tocsin", 1);
  asked.onerror = () => failed(asked.error);
  asked.onupgradeneeded = () => {
    for (const store of ["facts", "receipts", "alerts"]) asked.result.createObjectStore(store);
  };
  asked.onsuccess = () => {
    const change = asked.result.transaction("facts", "readwrite");
    change.objectStore("facts").put(token, "token");
    change.oncomplete = () => { asked.result.close(); done(); };
  };
})"""
_MAP = ".leaflet-container path"
_DRAWN = ("[data-kind=flood]", "#add-circle")

PAGES: tuple[Shown, ...] = (
    # For everybody
    Shown("landing", "/"),
    Shown("alert", "{flood_page}", "/a/{token}"),
    Shown("alert-answer", "{answer}", "/r/{token}"),
    Shown("alert-over", "{fire_page}", "/a/{token}"),
    Shown("alert-all-clear", "{over_page}", "/a/{token}"),
    Shown("alert-exercise", "{drill_page}", "/a/{token}"),
    Shown("poll", "{poll}", "/polls/{token}"),
    Shown("opt-out", "{opt_out}", "/u/{token}"),
    Shown("stay", "{stay}", "/k/{token}"),
    Shown("visits-code", "{volunteer}", "/v/{token}"),
    Shown("visits-list", "{volunteer}", "/v/{token}", then=_as_a_volunteer, ready="details"),
    Shown("nothing-there", "/a/nothing", "/a/{token}", forgives="404"),
    # For residents
    Shown("follow", "/s/{station}", "/s/{slug}"),
    Shown("follow-phone", "/s/{station}", "/s/{slug}", then=_press("[data-to=phone]")),
    Shown("follow-mail", "/s/{station}", "/s/{slug}", then=_press("[data-to=mail]")),
    Shown("listed", "/s/{station}/listed", "/s/{slug}/listed"),
    Shown("confirm", "{confirm}", "/c/{token}"),
    Shown("me-nobody", "/me"),
    Shown("me", "/me", then=_as_a_resident, ready="main button:visible"),
    Shown("me-data", "/me", "/me/data", then=_save_their_data),
    Shown("here", "/here"),
    Shown("accessibility", "/accessibility"),
    Shown("here-looked", "/here", at=INSIDE, then=_press("#look"), ready="#result li"),
    Shown("sign", "/sign/{station}", "/sign/{slug}", whole=False),
    # For operators
    Shown("sign-in", "/console/sign-in", ready="#with-password[open]"),
    Shown("go-on", "/console/sign-in/go-on", ready=_MAP),
    Shown("welcome", "/console/welcome", forgives="404"),
    Shown("welcome-link", "/console/welcome#{invitation}", "/console/welcome", ready="#qr[src]"),
    Shown("account", "/console/account"),
    Shown("account-password", "/console/account", then=_press("#set-password > summary"), ready="#qr[src]"),
    Shown("operators", "/console/operators"),
    Shown("keys", "/console/keys"),
    Shown("retention", "/console/retention"),
    Shown("audit", "/console/audit"),
    Shown("approval", "/console/approvals/{approval}", "/console/approvals/{id}"),
    Shown("approval-edit", "/console/approvals/{approval}/edit", "/console/approvals/{id}/edit"),
    Shown("roster", "/console/stations/{station}/roster", "/console/stations/{slug}/roster"),
    Shown("approval-rules", "/console/stations/{station}/approval", "/console/stations/{slug}/approval"),
    Shown("home", "/console", ready=_MAP),
    Shown("new", "/console/new"),
    Shown("templates", "/console/templates"),
    Shown("ppms", "/console/ppms"),
    Shown("ppms-running", "/console/ppms?running={flood}&press=ppms-intruder", "/console/ppms"),
    Shown("template", "/console/templates/flood", "/console/templates/{name}"),
    Shown("new-where", "/console/new", then=_press(*_DRAWN), ready=".handle.edge", whole=False),
    Shown("new-words", "/console/new", then=_press(*_DRAWN, "#to-words"), ready=".push-card strong:not(:empty)"),
    Shown("new-check", "/console/new", then=_press(*_DRAWN, "#to-words", "#to-check"), ready="#small-map path"),
    Shown("new-exercise", "/console/new", then=_press("input[value=exercise]", *_DRAWN), ready=_MAP, whole=False),
    Shown(
        "new-later",
        "/console/new",
        then=_press(*_DRAWN, "#to-words", "#to-check", "input[value=repeat]"),
        ready="#later:not([hidden])",
    ),
    Shown("schedules", "/console/schedules"),
    Shown("schedules-month", "/console/schedules?view=month&month={month}", "/console/schedules"),
    Shown("schedules-agenda", "/console/schedules?view=agenda", "/console/schedules"),
    Shown("schedule", "/console/schedules/{schedule}", "/console/schedules/{id}"),
    Shown("schedule-edit", "/console/schedules/{schedule}/edit", "/console/schedules/{id}/edit", ready="#coming li"),
    Shown("alerts", "/console/alerts"),
    Shown("live", "/console/alerts/{flood}", "/console/alerts/{id}"),
    Shown("live-exercise", "/console/alerts/{drill}", "/console/alerts/{id}"),
    Shown("live-over", "/console/alerts/{fire}", "/console/alerts/{id}"),
    Shown(
        "update",
        "/console/alerts/{flood}/update",
        "/console/alerts/{id}/update",
        then=_press("#to-words", "#to-check"),
        ready="#delta:not([hidden])",
    ),
    Shown("step", "/console/alerts/{flood}/step", "/console/alerts/{id}/step"),
    Shown("cancel", "/console/alerts/{flood}/cancel", "/console/alerts/{id}/cancel"),
    Shown("mistake", "/console/alerts/{flood}/cancel?kind=mistake", "/console/alerts/{id}/cancel"),
    Shown("remind", "/console/alerts/{flood}/remind", "/console/alerts/{id}/remind"),
    Shown("help", "/console/help?station={station}", "/console/help", ready=".pin"),
    Shown("polls", "/console/polls?station={station}", "/console/polls"),
    Shown("inbox", "/console/inbox?station={station}", "/console/inbox"),
    Shown("report", "/console/alerts/{flood}/report", "/console/alerts/{id}/report"),
    Shown("visits", "/console/alerts/{flood}/visits", "/console/alerts/{id}/visits"),
    Shown("volunteers", "/console/alerts/{flood}/volunteers?who=unconfirmed", "/console/alerts/{id}/volunteers"),
    Shown("unreached", "/console/alerts/{flood}/unreached", "/console/alerts/{id}/unreached"),
    Shown("people", "/console/people"),
    Shown("corrections", "/console/people/corrections?station={station}", "/console/people/corrections"),
    Shown("person-new", "/console/people/new"),
    Shown("person", "/console/people/{person}", "/console/people/{id}"),
    Shown("person-edit", "/console/people/{person}/edit", "/console/people/{id}/edit"),
    Shown("person-remove", "/console/people/{person}/remove", "/console/people/{id}/remove"),
    Shown("vulnerable", "/console/vulnerable?station={station}", "/console/vulnerable"),
    Shown("vulnerable-new", "/console/vulnerable/new?station={station}", "/console/vulnerable/new"),
    Shown("vulnerable-entry", "/console/vulnerable/{vulnerable}?station={station}", "/console/vulnerable/{id}"),
    Shown("groups", "/console/groups"),
    Shown("group", "/console/groups/{group}", "/console/groups/{slug}"),
    Shown("group-delete", "/console/groups/{group}/delete", "/console/groups/{slug}/delete"),
    Shown("import", "/console/people/import"),
    Shown("import-preview", "/console/people/import", "/console/people/import/{token}", then=_upload),
    Shown("export", "/console/people/export"),
    Shown("addresses", "/console/people/addresses?station={station}", "/console/people/addresses", ready=".pin"),
    Shown("sign-ups", "/console/people/sign-ups"),
    Shown("left-out", "/console/people/left-out"),
    Shown("stations", "/console/stations"),
    Shown("station-new", "/console/stations/new"),
    Shown("station-boundary", "/console/stations/boundary"),
    Shown("station", "/console/stations/{station}", "/console/stations/{slug}", ready=_MAP),
    Shown("station-edit", "/console/stations/{station}/edit", "/console/stations/{slug}/edit"),
    Shown("policies", "/console/stations/{station}/policies", "/console/stations/{slug}/policies"),
    Shown("map-kept", "/console/stations/{station}/map", "/console/stations/{slug}/map"),
    Shown("coverage", "/console/stations/{station}/coverage", "/console/stations/{slug}/coverage"),
    Shown("poster", "/console/stations/{station}/poster", "/console/stations/{slug}/poster"),
    Shown("sessions", "/console/sessions"),
    Shown("sandbox", "/console/sandbox"),
    Shown("sandbox-message", "/console/sandbox/{message}", "/console/sandbox/{id}"),
)
_FILES = (".pdf", ".csv", ".svg")
_FRAMED = {"/console/sandbox/{id}/mail"}  # a mail as its receiver sees it: another's document, in a frame of its page


def page_routes() -> list[Route]:
    """The routes that give a person something to look at."""
    html = [route for route in ROUTES if route.method == "GET" and "text/html" in route.answers.values()]
    return [route for route in html if not route.path.endswith(_FILES) and route.path not in _FRAMED]
