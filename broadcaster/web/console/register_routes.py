"""The console's routes for residents, groups and stations; of fixed paths the longer name goes first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from broadcaster.web.console import groups, people, person
from broadcaster.web.console.routes import form_at, page_at

if TYPE_CHECKING:
    from broadcaster.http.route import Route

ROUTES: tuple[Route, ...] = (
    page_at("/console/people", people.listing, "Residents."),
    page_at("/console/people/new", person.new, "Who is to be added?"),
    form_at("/console/people/new", person.add, "Add somebody."),
    page_at("/console/people/{id}", person.one, "One resident."),
    page_at("/console/people/{id}/edit", person.edit, "What is to be changed?"),
    form_at("/console/people/{id}/edit", person.change, "Change somebody."),
    page_at("/console/people/{id}/remove", person.ask_to_remove, "Really?"),
    form_at("/console/people/{id}/remove", person.remove, "Remove somebody."),
    page_at("/console/groups", groups.listing, "Groups."),
    form_at("/console/groups", groups.add, "Add a group."),
    page_at("/console/groups/{slug}", groups.one, "One group."),
    form_at("/console/groups/{slug}", groups.rename, "Give a group another name."),
)
