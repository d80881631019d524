"""Console routes for residents, groups and stations; longer fixed paths first."""

from broadcaster.domain.audit import Action
from broadcaster.http.route import Route
from broadcaster.http.schemas.base import FORM, SHAPE
from broadcaster.pipeline.corrections import CORRECTIONS
from broadcaster.web.console.people import (
    addresses,
    corrections,
    exporting,
    groups,
    importing,
    left_out,
    people,
    person,
    person_data,
    person_edit,
    sign_ups,
    signed,
)
from broadcaster.web.console.routing import EXPORT, LOOK, REGISTER, SETTINGS, STATIONS
from broadcaster.web.console.sandbox import sandbox
from broadcaster.web.console.stations import boundary as station_boundary
from broadcaster.web.console.stations import coverage, map_kept, policies, poster, stations
from broadcaster.web.console.stations import new as station_new
from broadcaster.web.console.uploading import LARGEST_FORM

_CSV, _HTML, _JSON = "text/csv", "text/html", "application/json"

ROUTES: tuple[Route, ...] = (
    LOOK.page("/console/people", people.listing, views=Action.PEOPLE_SEEN),
    REGISTER.page("/console/people/new", person_edit.new),
    REGISTER.form("/console/people/new", person_edit.add, Action.PERSON_ADDED),
    REGISTER.page("/console/people/import", importing.ask),
    REGISTER.form("/console/people/import", importing.upload, Action.LIST_UPLOADED, largest=LARGEST_FORM),
    REGISTER.page("/console/people/import/{token}", importing.preview, views=Action.IMPORT_SEEN),
    REGISTER.form("/console/people/import/{token}", importing.apply, Action.LIST_IMPORTED),
    REGISTER.form("/console/people/import/{token}/forget", importing.forget, Action.LIST_FORGOTTEN),
    REGISTER.data(
        "GET",
        "/console/people/import/{token}/refused.csv",
        importing.refused,
        answers={200: _CSV},
        views=Action.IMPORT_SEEN,
    ),
    REGISTER.page("/console/people/addresses", addresses.page, views=Action.ADDRESSES_SEEN),
    REGISTER.form("/console/people/addresses", addresses.say, Action.ADDRESS_SET),
    REGISTER.data("GET", "/console/people/addresses.json", addresses.left, answers={200: addresses.AddressesLeft}),
    REGISTER.page("/console/people/sign-ups", sign_ups.listing, views=Action.SIGN_UPS_SEEN),
    REGISTER.form("/console/people/sign-ups", sign_ups.remove, Action.SIGN_UPS_REMOVED),
    REGISTER.page(CORRECTIONS, corrections.page, views=Action.CORRECTIONS_SEEN),
    REGISTER.form(
        f"{CORRECTIONS}/{{id}}",
        corrections.answer,
        Action.CORRECTION_ACCEPTED,
        Action.CORRECTION_REFUSED,
        Action.LEFT_OUT_UNDONE,
    ),
    REGISTER.page("/console/people/left-out", left_out.page, views=Action.ERASURES_SEEN),
    REGISTER.form("/console/people/left-out", left_out.undo, Action.LEFT_OUT_UNDONE),
    EXPORT.page("/console/people/export", exporting.ask),
    EXPORT.file("/console/people/export.csv", exporting.download, _CSV, Action.REGISTER_EXPORTED, proven=True),
    REGISTER.form("/console/people/{id}/identity", person.identify, Action.IDENTITY_SET),
    REGISTER.page("/console/people/{id}", person.one, views=Action.PERSON_SEEN),
    REGISTER.page("/console/people/{id}/edit", person_edit.edit, views=Action.PERSON_SEEN),
    REGISTER.form("/console/people/{id}/edit", person_edit.change, Action.PERSON_CHANGED),
    REGISTER.form("/console/people/{id}/contacts/{contact}/revive", person.revive, Action.CONTACT_REVIVED),
    *(
        EXPORT.data(
            "POST",
            f"/console/people/{{id}}/{name}",
            handler,
            Action.PERSON_EXPORTED,
            answers={200: media},
            largest=FORM,
            page=True,
            proven=True,
        )
        for name, handler, media in (("data", person_data.page, _HTML), ("data.json", person_data.file, _JSON))
    ),
    REGISTER.page("/console/people/{id}/remove", person.ask_to_remove, views=Action.PERSON_SEEN),
    REGISTER.form("/console/people/{id}/remove", person.remove, Action.PERSON_REMOVED, Action.PERSON_ERASED),
    REGISTER.form("/console/people/{id}/signed", signed.record, Action.OPT_OUT_UNDONE),
    LOOK.page("/console/groups", groups.listing),
    REGISTER.form("/console/groups", groups.add, Action.GROUP_ADDED),
    REGISTER.page("/console/groups/{slug}", groups.one),
    REGISTER.form("/console/groups/{slug}", groups.rename, Action.GROUP_RENAMED),
    REGISTER.page("/console/groups/{slug}/delete", groups.ask_to_delete),
    REGISTER.form("/console/groups/{slug}/delete", groups.delete, Action.GROUP_DELETED),
    LOOK.data("GET", "/console/sandbox/{id}/mail", sandbox.mail, answers={200: _HTML}, views=Action.SANDBOX_SEEN),
    LOOK.page("/console/stations", stations.listing),
    STATIONS.page("/console/stations/new", station_new.ask),
    STATIONS.form("/console/stations/new", station_new.add, Action.STATION_ADDED, largest=SHAPE),
    STATIONS.page("/console/stations/boundary", station_boundary.ask),
    STATIONS.form("/console/stations/boundary", station_boundary.look, largest=LARGEST_FORM),
    STATIONS.data("GET", "/console/communes", station_new.find, answers={200: station_new.CommunesFound}),
    STATIONS.data("GET", "/console/communes/{insee}/ground.json", station_new.ground),
    LOOK.page("/console/stations/{slug}", stations.one),
    SETTINGS.page("/console/stations/{slug}/edit", stations.edit),
    SETTINGS.form("/console/stations/{slug}/edit", stations.change, Action.STATION_CHANGED),
    SETTINGS.page("/console/stations/{slug}/policies", policies.page),
    SETTINGS.form("/console/stations/{slug}/policies", policies.save, Action.POLICIES_CHANGED),
    LOOK.page("/console/stations/{slug}/poster", poster.page),
    LOOK.data("GET", "/console/stations/{slug}/poster.svg", poster.svg, answers={200: "image/svg+xml"}),
    LOOK.data("GET", "/console/stations/{slug}/poster.pdf", poster.pdf, answers={200: "application/pdf"}),
    SETTINGS.page("/console/stations/{slug}/coverage", coverage.page),
    SETTINGS.form("/console/stations/{slug}/coverage", coverage.upload, Action.FIGURES_REPLACED, largest=LARGEST_FORM),
    SETTINGS.data(
        "GET", "/console/stations/{slug}/coverage/letter.pdf", coverage.letter, answers={200: "application/pdf"}
    ),
    SETTINGS.page("/console/stations/{slug}/map", map_kept.page),
    SETTINGS.form("/console/stations/{slug}/map", map_kept.begin, Action.MAP_FETCHED),
    SETTINGS.data("GET", "/console/stations/{slug}/map.json", map_kept.progress),
)
