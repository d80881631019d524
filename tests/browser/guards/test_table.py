"""Every page is looked at."""

from tests.browser.pages import PAGES, page_routes


def test_every_route_of_a_page_stands_in_the_table_of_pages():
    shown = {page.answers for page in PAGES}
    missing = [route.path for route in page_routes() if route.path not in shown]
    assert not missing, f"add a line for each to tests/browser/pages.py: {missing}"


def test_the_table_names_no_page_that_is_not_there():
    there = {route.path for route in page_routes()}
    assert [page.name for page in PAGES if page.answers not in there] == []


def test_no_two_lines_have_one_name():
    names = [page.name for page in PAGES]
    assert len(names) == len(set(names))
