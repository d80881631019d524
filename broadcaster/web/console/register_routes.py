"""Console routes for residents, groups and stations; longer fixed paths first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from broadcaster.http.route import SHAPE
from broadcaster.web.console.people import addresses, exporting, groups, importing, people, person, sign_ups, signed
from broadcaster.web.console.routes import data_at, form_at, page_at
from broadcaster.web.console.sandbox import sandbox
from broadcaster.web.console.stations import boundary as station_boundary
from broadcaster.web.console.stations import map_kept, poster, stations
from broadcaster.web.console.stations import new as station_new
from broadcaster.web.console.uploading import LARGEST_FORM

if TYPE_CHECKING:
    from broadcaster.http.route import Route

_CSV, _HTML = "text/csv", "text/html"

ROUTES: tuple[Route, ...] = (
    page_at("/console/people", people.listing, "Residents."),
    page_at("/console/people/new", person.new, "Who is to be added?"),
    form_at("/console/people/new", person.add, "Add somebody."),
    page_at("/console/people/import", importing.ask, "Which list?"),
    form_at("/console/people/import", importing.upload, "Look at a list.", largest=LARGEST_FORM),
    page_at("/console/people/import/{token}", importing.preview, "What a list would change."),
    form_at("/console/people/import/{token}", importing.apply, "Let it change that."),
    form_at("/console/people/import/{token}/forget", importing.forget, "Not this list."),
    data_at(
        "GET", "/console/people/import/{token}/refused.csv", importing.refused, "What to mend.", answers={200: _CSV}
    ),
    page_at("/console/people/addresses", addresses.page, "Where addresses are."),
    form_at("/console/people/addresses", addresses.say, "An operator's word for one."),
    data_at(
        "GET",
        "/console/people/addresses.json",
        addresses.left,
        "How many addresses wait.",
        answers={200: addresses.AddressesLeft},
    ),
    page_at("/console/people/sign-ups", sign_ups.listing, "Who is not confirmed yet?"),
    form_at("/console/people/sign-ups", sign_ups.remove, "Remove a wave of sign-ups."),
    page_at("/console/people/export", exporting.ask, "Which part of the register?"),
    data_at("GET", "/console/people/export.csv", exporting.download, "The register.", answers={200: _CSV}),
    page_at("/console/people/{id}", person.one, "One resident."),
    page_at("/console/people/{id}/edit", person.edit, "What is to be changed?"),
    form_at("/console/people/{id}/edit", person.change, "Change somebody."),
    form_at("/console/people/{id}/contacts/{contact}/revive", person.revive, "This address works again."),
    page_at("/console/people/{id}/remove", person.ask_to_remove, "Really?"),
    form_at("/console/people/{id}/remove", person.remove, "Remove somebody."),
    form_at("/console/people/{id}/signed", signed.record, "They signed that they want messages again."),
    page_at("/console/groups", groups.listing, "Groups."),
    form_at("/console/groups", groups.add, "Add a group."),
    page_at("/console/groups/{slug}", groups.one, "One group."),
    form_at("/console/groups/{slug}", groups.rename, "Give a group another name."),
    page_at("/console/groups/{slug}/delete", groups.ask_to_delete, "Really?"),
    form_at("/console/groups/{slug}/delete", groups.delete, "Delete a group."),
    data_at("GET", "/console/sandbox/{id}/mail", sandbox.mail, "A mail as it would look.", answers={200: _HTML}),
    page_at("/console/stations", stations.listing, "Stations."),
    page_at("/console/stations/new", station_new.ask, "Which one?"),
    form_at("/console/stations/new", station_new.add, "Add a station.", largest=SHAPE),
    page_at("/console/stations/boundary", station_boundary.ask, "A territory out of a file."),
    form_at("/console/stations/boundary", station_boundary.look, "Look at it.", largest=LARGEST_FORM),
    data_at(
        "GET", "/console/communes", station_new.find, "Communes by name.", answers={200: station_new.CommunesFound}
    ),
    data_at("GET", "/console/communes/{insee}/ground.json", station_new.ground, "What a commune's map is drawn on."),
    page_at("/console/stations/{slug}", stations.one, "One station."),
    page_at("/console/stations/{slug}/edit", stations.edit, "What is to be changed?"),
    form_at("/console/stations/{slug}/edit", stations.change, "Change a station."),
    page_at("/console/stations/{slug}/map", map_kept.page, "The map for when the network is down."),
    form_at("/console/stations/{slug}/map", map_kept.begin, "Fetch it."),
    data_at("GET", "/console/stations/{slug}/map.json", map_kept.progress, "How much of it is here."),
    page_at("/console/stations/{slug}/poster", poster.page, "The poster with the QR code."),
    data_at("GET", "/console/stations/{slug}/poster.svg", poster.svg, "It as SVG.", answers={200: "image/svg+xml"}),
    data_at("GET", "/console/stations/{slug}/poster.pdf", poster.pdf, "It as PDF.", answers={200: "application/pdf"}),
)
