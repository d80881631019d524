"""Shows problems as pages."""

from aiohttp import web

from broadcaster.domain.refusals import ENGLISH, Reader
from broadcaster.http.problems import HttpProblem, title
from broadcaster.http.sessions import PATH
from broadcaster.languages import CONSOLE, DEFAULT
from broadcaster.web.console.frame import words_of
from broadcaster.web.health_words import told
from broadcaster.web.i18n import catalogs, ranked
from broadcaster.web.pages import language_of, page_of, render, rendered

_TOO_MANY: dict[tuple[str, bool], bytes] = {}
"""The page of a 429, by language, and whether it is for operators."""


def reader_of(request: web.Request) -> Reader:
    """Return the language of a JSON problem: the page's for console scripts, else English unless one is asked for.

    RFC 9457 section 3.1 lets titles and details be localized by ``Accept-Language``.
    """
    if request.path.startswith(PATH):
        return words_of(request)
    asked = ranked(request.headers.get("Accept-Language", ""), CONSOLE)
    return catalogs().words(asked[0]) if asked else ENGLISH


def respond_in_words(request: web.Request, problem: HttpProblem) -> web.Response:
    to_operators = request.path.startswith(PATH)
    words = words_of(request) if to_operators else catalogs().words(language_of(request, DEFAULT))
    headings = {
        "forbidden": (words("This is not allowed"), words("Your key does not open this page.")),
        "not-found": (words("There is nothing here"), words("This link leads nowhere: it may have been cut off.")),
        "too-many": (words("Too many requests"), words("Wait a minute, then try again.")),
        "unavailable": (words("Not available for the moment"), words("Try again in a few seconds.")),
        "internal": (words("Something went wrong here"), words("This is our mistake, not yours. Try again.")),
    }
    heading, said = headings.get(problem.kind) or (title(problem.kind, words), problem.detail(words))
    if problem.trouble is not None and to_operators:
        found = told(problem.trouble, words)
        said = f"{found['said']} {found['to_do']}"
    if problem.instance is not None:
        said += f" ({problem.instance.rpartition(':')[2]})"
    facts = {"heading": heading, "sentence": said} | ({"languages": CONSOLE} if to_operators else {})
    if problem.kind == "too-many":  # a flood is answered from the cache
        which = words.language, to_operators
        if which not in _TOO_MANY:
            _TOO_MANY[which] = rendered(request, "words.html", words, facts | {"here": "/"})
        response = page_of(_TOO_MANY[which], words.language, status=problem.status)
    else:
        response = render(request, "words.html", words, facts, status=problem.status)
    response.headers.update(problem.headers)
    return response
