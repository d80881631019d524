"""Pages that were just made."""

from __future__ import annotations

import asyncio

import pytest

from broadcaster.web import kept
from broadcaster.web.kept import FRESH_S, KeptPages


def test_a_page_is_given_while_it_is_fresh_and_its_alert_as_it_was():
    now = [0.0]
    pages = KeptPages(lambda: now[0])
    pages.keep("a", b"page", {}, 7, active=True)
    assert pages.find("a", lambda number: number == 7).body == b"page"
    now[0] = FRESH_S
    assert pages.find("a", lambda _: True) is None
    pages.keep("a", b"page", {}, 7, active=True)
    assert pages.find("a", lambda _: False) is None
    assert len(pages) == 0


def test_there_are_never_more_pages_than_are_set(monkeypatch):
    monkeypatch.setattr(kept, "_MOST", 3)
    pages = KeptPages()
    for number in range(5):
        pages.keep(number, b"", {}, number, active=False)
    assert [pages.find(number, lambda _: False) is not None for number in range(5)] == [False, False, True, True, True]


async def test_of_many_who_ask_for_a_page_one_makes_it_and_the_others_find_it():
    pages, made = KeptPages(), []

    async def ask():
        async with pages.making("a"):
            if pages.find("a", lambda _: True) is None:
                await asyncio.sleep(0)
                made.append(1)
                pages.keep("a", b"", {}, 7, active=True)

    await asyncio.gather(*[ask() for _ in range(100)])
    assert made == [1]


async def test_a_page_that_could_not_be_made_stands_in_nobodys_way():
    pages = KeptPages()
    for _ in range(2):
        with pytest.raises(RuntimeError):
            async with pages.making("a"):
                raise RuntimeError
