"""How a test looks at a page: with a size, a language and a theme, and with an eye on all that goes wrong in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from broadcaster.http.sessions import COOKIE

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, Page, Request, Response

    from tests.browser.village import Village

PHONE: dict[str, int] = {"width": 390, "height": 844}
DESK: dict[str, int] = {"width": 1280, "height": 800}
LANGUAGES = {"fr": "fr-FR", "en": "en-GB"}
THEMES = ("light", "dark")

# A violation of the policy is an event in the page: made a word in its console, it is seen in every browser alike.
_TELL = """addEventListener("securitypolicyviolation", (event) => console.error(
  `policy: ${event.violatedDirective} forbids ${event.blockedURI} in ${event.sourceFile}:${event.lineNumber}`))"""
_SERVER_ERROR = 500
_PATIENCE_MS = 20_000  # for a machine that has much else to do; what is there earlier is not waited for


def person_s(presses: int, letters: int) -> float:
    """Return the seconds that a person takes, by the keystroke-level model: to decide, to point and to press; to type.

    What a browser takes on this machine says nothing of them, nor of their own telephone.
    """
    decide, point, key = 1.35, 1.1, 0.28
    return presses * (decide + point + key) + letters * key


async def sign_in(context: BrowserContext, village: Village) -> None:
    """Sign a browser in as the village's administrator, without the way there."""
    host = urlsplit(village.url).hostname
    cookie: Any = {"name": COOKIE, "value": await village.session(), "domain": host, "path": "/console"}
    await context.add_cookies([cookie])


@dataclass
class Visits:
    """The visits of one test. What went wrong in their pages fails it at its end, unless it was forgiven before."""

    village: Village
    browser: Browser
    problems: list[str] = field(default_factory=list)
    came: list[Response] = field(default_factory=list)
    _forgiven: list[str] = field(default_factory=list)
    _contexts: list[BrowserContext] = field(default_factory=list)

    async def __call__(
        self,
        path: str = "/",
        *,
        size: dict[str, int] = PHONE,
        lang: str = "fr",
        theme: str = "light",
        signed_in: bool = False,
        at: tuple[float, float] | None = None,
        browser: Browser | None = None,
        **context: Any,
    ) -> Page:
        """Open a path of the village as a person of one's own: nothing is shared with another visit but the service.

        ``size`` in CSS pixels; ``signed_in`` as an operator; ``at`` (lon, lat) is where the device says it is, which
        it says only where it is given. ``browser`` is Chromium unless it is told. Further arguments are those of
        Playwright's ``new_context``. A second page of the same person: ``await page.context.new_page()``.
        """
        known: dict[str, Any] = {"viewport": size, "locale": LANGUAGES.get(lang, lang), "color_scheme": theme}
        if at is not None:
            known |= {"geolocation": {"longitude": at[0], "latitude": at[1]}, "permissions": ["geolocation"]}
        visit = await (browser or self.browser).new_context(**(known | context))
        visit.set_default_timeout(_PATIENCE_MS)
        self._contexts.append(visit)
        await visit.add_init_script(_TELL)
        visit.on("page", self._watch)
        visit.on("request", self._asked)
        visit.on("response", self._answered)
        if signed_in:
            await sign_in(visit, self.village)
        page = await visit.new_page()
        await page.goto(self.village.url + path)
        return page

    def forgive(self, words: str) -> None:
        """Expect a problem that has these words in it, as a page that is asked for and not there."""
        self._forgiven.append(words)

    @property
    def unforgiven(self) -> list[str]:
        return [each for each in self.problems if not any(words in each for words in self._forgiven)]

    def _watch(self, page: Page) -> None:
        page.on("console", lambda said: said.type == "error" and self.problems.append(f"{page.url}: {said.text}"))
        page.on("pageerror", lambda error: self.problems.append(f"{page.url}: {error}"))

    def _asked(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https", "ws", "wss"} and f"{parts.scheme}://{parts.netloc}" != self.village.url:
            self.problems.append(f"a request left the origin: {request.url}")

    def _answered(self, response: Response) -> None:
        self.came.append(response)
        if response.status >= _SERVER_ERROR:
            self.problems.append(f"{response.url}: {response.status}")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        for each in self._contexts:
            await each.close()
        if exc[0] is None:
            assert not self.unforgiven, "\n".join(self.unforgiven)
