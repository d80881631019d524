"""Pages that were just made."""

from __future__ import annotations

from broadcaster.web import kept
from broadcaster.web.kept import FRESH_S, KeptPages


def test_a_page_is_given_while_it_is_fresh_and_its_alert_as_it_was():
    now = [0.0]
    pages = KeptPages(lambda: now[0])
    pages.keep("a", b"page", "fr", 7, active=True)
    assert pages.find("a", lambda number: number == 7).body == b"page"
    now[0] = FRESH_S
    assert pages.find("a", lambda _: True) is None
    pages.keep("a", b"page", "fr", 7, active=True)
    assert pages.find("a", lambda _: False) is None
    assert len(pages) == 0


def test_there_are_never_more_pages_than_are_set(monkeypatch):
    monkeypatch.setattr(kept, "_MOST", 3)
    pages = KeptPages()
    for number in range(5):
        pages.keep(number, b"", "fr", number, active=False)
    assert [pages.find(number, lambda _: False) is not None for number in range(5)] == [False, False, True, True, True]
