"""No form, query or upload, however wrong, makes a page's route answer 5xx."""

from __future__ import annotations

import json
import random
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import pytest
from yarl import URL

from broadcaster.http.routes import ROUTES as API
from broadcaster.server.routes import ROUTES
from tests.integration.http.conftest import an_alert
from tests.integration.http.test_permissions import town as town  # noqa: PLC0414  a fixture

if TYPE_CHECKING:
    from tests.integration.http.test_permissions import Town

PAGES = [route for route in ROUTES if route not in API and not route.path.endswith("/sign-out")]
BAD = (
    *("", " ", "x" * 5_000, "a\r\nb: c", "a\0b", "\u202e\u200b", "\u2028", "²", "١٢", "\U0001f4a5", "\x1b", "%s"),
    *("-1", "0", "1", "9" * 19, "9" * 5_000, "000000000001" + "9" * 5_000, "1e309", "nan", "-inf", "1_0", "1,5", "+33"),
    *("0001-01-01", "9999-12-31", "9999-99", "2026-02-30", "0001-01-01T00:00", "9999-12-31T23:59", "2026-03-29T02:30"),
    *("0001-01-01T00:00+23:59", "9999-12-31T23:59-23:59", "25:61", "rugles", "nowhere", "../x", "//[", "http://[", "@"),
    *("null", "[]", "[" * 5_000, '{"type":"Polygon","coordinates":[[[1e400,1]]]}', "xx-YY", "<b>", "all"),
)  # fmt: skip
SHORT = [each for each in BAD if len(each) < 100]
ASKED = (
    "lang",
    "page",
    "station",
    "before",
    "after",
    "q",
    "who",
    "done",
    "then",
    "changed",
    "month",
    "cell",
    "occurrence",
)
"""Names in the queries of pages that have no model of theirs."""
UNREADABLE = (b"a=%ED%A0%80", b"a=%FF&%", b"&" * 400, b"\xff\xfe", b"null", b"[[1]]", b"{" + b'"a":[' * 9_000, b"")
JSON = (None, True, 10**30, -1, 1.5, [], {}, [[None]], {"a": {"b": [1]}}, "9999-12-31T23:59:59Z", "\0", "²")
FILES = (
    *(b"", b"\0" * 9, b"\xff\xfea", b"a" * 200_000, b'"' + b"a" * 200_000, b"PK\3\4", b"[" * 99_999, b"null"),
    *(b"lon,lat,men\n0.6,48.7,1e300\n0.6,48.7,1e308\n", b"idcar_200m\nCRS3035RES200mN" + b"9" * 5_000 + b"E1\n"),
    b'{"type":"Polygon","coordinates":[[["a"]]]}',
)  # fmt: skip
NAMES = ("a.csv", "a\0.csv", "é" * 200, "../a.xlsx")
FORM, PARTS = "application/x-www-form-urlencoded", "multipart/form-data; boundary=bound"


class Forms(HTMLParser):
    """The forms of a page that are sent with POST: (action, a value for each field)."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self._fields: dict[str, str] = {}
        self._select = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._fields = {}
            if given.get("method") == "post":
                self.found.append((given.get("action", ""), self._fields))
        elif tag == "option":
            self._fields[self._select] = given.get("value", "")
        elif "name" in given and tag in ("input", "textarea", "select", "button"):
            self._select = given["name"]
            self._fields[self._select] = given.get("value", "")


def damaged(fields: dict[str, str], by: random.Random) -> list[tuple[str, str]]:
    """Fields of which one or two are missing, doubled or absurd."""
    pairs = list(fields.items())
    for _ in range(by.choice((1, 1, 2))):
        at = by.randrange(len(pairs)) if pairs else 0
        name = pairs[at][0] if pairs else by.choice(ASKED)
        pairs[at : at + 1] = by.choice(([], [(name, by.choice(BAD))], [(name, by.choice(BAD))], pairs[at : at + 1] * 2))
    return pairs


def body(fields: dict[str, str], by: random.Random) -> tuple[str, bytes]:
    """A content type, and what is or is not of it."""
    if "file" in fields:
        head = f'--bound\r\nContent-Disposition: form-data; name="file"; filename="{by.choice(NAMES)}"\r\n\r\n'
        return PARTS, head.encode() + by.choice(FILES) + by.choice((b"\r\n--bound--\r\n", b""))
    kind = by.random()
    if kind < 0.7:
        return FORM, urlencode(damaged(fields, by)).encode()
    if kind < 0.8:
        return by.choice((FORM, "application/json", PARTS, "x")), by.choice(UNREADABLE)
    return "application/json", json.dumps({**fields, by.choice([*fields, ""]): by.choice(JSON)}).encode()


async def send(town: Town, method: str, path: str, key: str, *, kind: str = FORM, data: bytes | None = None) -> Any:
    """Return the status and the text."""
    headers = {"Accept-Language": "en", "Content-Type": kind, "Last-Event-ID": "end", "Idempotency-Key": "a"}
    headers |= await town.api.sign_in(key) if key else {}
    url = URL(town.api.running.url + path, encoded=True)
    async with town.api.http.request(method, url, headers=headers, data=data, allow_redirects=False) as came:
        streamed = came.content_type == "text/event-stream"
        return came.status, "" if streamed else (await came.read()).decode(errors="replace")


@pytest.mark.timeout(300)
async def test_no_form_query_or_upload_is_answered_as_a_fault_of_the_service(town):
    by, wrong, known = random.Random(1), [], set()
    drafts = {key: str(value) for key, value in an_alert().items()}
    asked = []
    for route in PAGES:
        path = town.path(route)
        if route.method == "GET":
            _, page = await send(town, "GET", f"{path}?station=laigle", "admin")
            names = ASKED if route.query is None else [by.choice(list(route.query.model_fields))]
            queries = [urlencode({name: by.choice(SHORT) for name in names}) for _ in range(3)]
            asked += [("GET", f"{path}?{query}", FORM, None) for query in queries]
            for action, fields in Forms(page).found:
                there, times = urlsplit(action or path).path, 12 if "file" in fields else 4
                if (there, *fields) not in known and there != "/console/sign-out":
                    known.add((there, *fields))
                    asked += [("POST", there, *body(fields, by)) for _ in range(times)]
        else:
            names = route.form or (route.body.model_fields if route.body is not None else drafts)
            fields = {"station": "laigle"} | dict.fromkeys(names, "1")
            asked += [("POST", path, *body(fields, by)) for _ in range(4)]
    assert len(asked) > 4 * len(PAGES), "pages without their forms"
    for method, path, kind, data in asked:
        key = by.choice(("admin", "admin", "admin", "laigle-publish", ""))
        status, text = await send(town, method, path, key, kind=kind, data=data)
        if status >= 500 and status != 503:  # 503: this town has no geocoder and no tiles
            wrong.append(f"{key}: {method} {path} {kind} {(data or b'')[:300]!r}: {status} {text[-200:]}")
    assert not wrong, "\n".join(wrong)
