"""/console/vulnerable: the register of vulnerable people, for the operators to whom an owner opened it."""

from datetime import UTC, date, datetime, time
from typing import Any

from aiohttp import web

from broadcaster.domain.audit import Action
from broadcaster.domain.refusals import NotFound
from broadcaster.domain.stations import Station
from broadcaster.domain.vulnerable import LONGEST_FIELD, Asker, Details, Entry, Ground
from broadcaster.domain.zones import zone_of
from broadcaster.http.reading import form_of, number_of
from broadcaster.http.route import Call
from broadcaster.store import Unit
from broadcaster.store.register import persons
from broadcaster.store.register import vulnerable as register
from broadcaster.web.console.alerts.printing import printed
from broadcaster.web.console.downloads import table_of
from broadcaster.web.console.frame import chosen_station, show, words_of
from broadcaster.web.console.people.people import exactly
from broadcaster.web.i18n import Words
from broadcaster.web.pages import to

VULNERABLE = "/console/vulnerable"
_FIELDS = ("name", "born", "address", "phone", "asked_by", "contact", "helped_by")


async def listing(call: Call[None, None]) -> web.Response:
    """Show all entries, with the letters and reviews that are due."""
    words, now = words_of(call.request), call.services.clock.now()
    async with call.services.store.read() as unit:
        station, theirs = await chosen_station(unit, call)
        entries = await register.listed(unit, station.id)
    call.seen(station_id=station.id, people=len(entries))
    shown = [_line(each, station, now, words) for each in entries]
    facts = {
        "stations": theirs,
        "entries": shown,
        "letters": sorted((each for each in shown if each["letter_due"]), key=lambda each: each["letter_by"]),
        "reviews": [each for each in shown if each["review_due"]],
        "done": {
            "added": words("The person was entered. The letter is due within eight days."),
            "removed": words("The entry was removed."),
        }.get(call.request.query.get("done", ""), ""),
    }
    return show(call.request, "people/vulnerable.html", words, facts, tab="people", where=station)


async def new(call: Call[None, None]) -> web.Response:
    """Show the form of a new entry, or the existing entry of a person on the alert list."""
    async with call.services.store.read() as unit:
        station, theirs = await chosen_station(unit, call)
        number = number_of(call.request.query.get("person", ""))
        person = None if number is None else await persons.person(unit, station.id, number)
        known = {} if person is None else await register.named(unit, station.id, [person.id])
    if person is not None and person.id in known:
        return to(f"{VULNERABLE}/{known[person.id]}?station={station.slug}")
    given = dict.fromkeys(_FIELDS, "")
    given |= {"asker": Asker.SELF.value, "ground": Ground.AGE.value, "asked_on": _today(call, station).isoformat()}
    if person is not None:
        of = register.of_person(person)
        given |= {"name": of.name, "address": of.address, "phone": of.phone, "person": str(person.id)}
    return _form(call, station, theirs, given, person=None if person is None else person.name or "")


async def add(call: Call[None, None]) -> web.Response:
    form, now = await form_of(call.request), call.services.clock.now()
    async with call.services.store.write() as unit:
        station, theirs = await chosen_station(unit, call)
        call.need(station.id)
        given = {name: _one_line(form.get(name, "")) for name in (*_FIELDS, "asker", "ground", "asked_on", "person")}
        details, asked_on, wrong = _read(call, station, given)
        person = await _person(unit, station, given["person"])
        if form.get("agreed") != "1":
            wrong["agreed"] = words_of(call.request)("Say that the person knows of it and does not object.")
        if wrong:
            return _form(call, station, theirs, given, wrong, person="" if person else None)
        asked_at = datetime.combine(asked_on, time(12), zone_of(station.region)).astimezone(UTC)
        entry = await register.add(unit, station.id, details, asked_at=asked_at, now=now, person=person)
        await call.record(unit, Action.VULNERABLE_ADDED, entry, station_id=station.id)
    return to(f"{VULNERABLE}/{entry}?station={station.slug}&done=added")


async def one(call: Call[None, None]) -> web.Response:
    """Show an entry, to change it, make its letter, confirm it, or remove it."""
    async with call.services.store.read() as unit:
        station, entry = await _entry(unit, call)
        linked = None if entry.person is None else await persons.person(unit, station.id, entry.person)
    call.seen(station_id=station.id, about=entry.id)
    words = words_of(call.request)
    done = {
        "added": words("The person was entered. The letter is due within eight days."),
        "changed": words("The change was saved."),
        "sent": words("The letter is recorded as sent."),
        "confirmed": words("The entry is confirmed for a year."),
    }.get(call.request.query.get("done", ""), "")
    name = None if linked is None else linked.name or words("without a name")
    return _form(call, station, [], _given(entry), entry=entry, person=name, done=done)


async def act(call: Call[None, None]) -> web.Response:
    """Change an entry, record its letter or its review, unlink it from the alert list, or remove it on request."""
    form, now = await form_of(call.request), call.services.clock.now()
    done, what = form.get("do", ""), Action.VULNERABLE_CHANGED
    async with call.services.store.write() as unit:
        station, entry = await _entry(unit, call)
        call.need(station.id)
        if done == "removed":
            await register.remove(unit, entry)
            what = Action.VULNERABLE_REMOVED
        elif done == "sent":
            await register.letter_sent(unit, entry.id, now)
        elif done == "confirmed":
            await register.confirm(unit, entry.id, now)
        elif done == "apart":
            await register.link(unit, station.id, entry.id, None)
        elif done == "joined":
            found = await exactly(unit, station, _one_line(form.get("who", "")))
            if len(found) != 1:
                unfound = words_of(call.request)(
                    "Nobody on the alert list, or more than one person, has this number or address."
                )
                return _form(call, station, [], _given(entry), {"who": unfound}, entry=entry)
            await register.link(unit, station.id, entry.id, found[0])
        else:
            done = "changed"
            given = {name: _one_line(form.get(name, "")) for name in (*_FIELDS, "asker", "ground")}
            details, _, wrong = _read(call, station, given)
            if wrong:
                return _form(call, station, [], given, wrong, entry=entry)
            await register.change(unit, entry.id, details)
        await call.record(unit, what, entry.id, station_id=station.id, step=done)
    where = VULNERABLE if done == "removed" else f"{VULNERABLE}/{entry.id}"
    return to(f"{where}?station={station.slug}&done={done}")


async def letter(call: Call[None, None]) -> web.Response:
    """Return the acknowledgement of an entry as PDF; the audit log records it first."""
    async with call.services.store.read() as unit:
        station, entry = await _entry(unit, call)
    words = words_of(call.request, station.languages[0])
    facts = {
        "station": station,
        "entry": entry.details,
        "today": words.day(_today(call, station)),
        "asked": None if entry.asked_at is None else words.day(entry.asked_at.astimezone(zone_of(station.region))),
        "asker": asker_words(words)[entry.details.asker],
        "by_self": entry.details.asker is Asker.SELF,
    }
    async with call.services.store.write() as unit:
        await call.record(unit, Action.VULNERABLE_SEEN, entry.id, station_id=station.id, letter=True)
    name, without = f"letter-{entry.id}.pdf", ("people/vulnerable_no_pdf.html", {"way_back": VULNERABLE})
    page = "people/vulnerable_letter.html"
    return await printed(call.request, page, words, facts, name, without=without, inline=True)


async def table(call: Call[None, None]) -> web.Response:
    """Return the register as CSV (RFC 4180), as the prefect may ask for it; the audit log records it first."""
    words = words_of(call.request)
    async with call.services.store.write() as unit:
        station, _ = await chosen_station(unit, call)
        entries = await register.listed(unit, station.id)
        await call.record(unit, Action.VULNERABLE_EXPORTED, station_id=station.id, people=len(entries))
    grounds, askers = ground_words(words), asker_words(words)
    header = [
        words("Name"),
        words("Date of birth"),
        words("Address"),
        words("Telephone"),
        words("Reason"),
        words("Who asked"),
        words("Name and capacity of who asked"),
        words("Person to call in an emergency"),
        words("Services that come to the home"),
        words("Asked on"),
        words("Last confirmed"),
    ]
    zone = zone_of(station.region)
    rows = [
        [
            of.name,
            of.born,
            of.address,
            of.phone,
            grounds[of.ground],
            askers[of.asker],
            of.asked_by,
            of.contact,
            of.helped_by,
            "" if each.asked_at is None else each.asked_at.astimezone(zone).date().isoformat(),
            each.confirmed_at.astimezone(zone).date().isoformat(),
        ]
        for each in entries
        for of in (each.details,)
    ]
    return table_of(f"{words('vulnerable-people')}-{station.slug}.csv", [header, *rows], words)


def ground_words(words: Words) -> dict[Ground, str]:
    return {
        Ground.AGE: words("65 or older, living at home"),
        Ground.UNFIT: words("60 or older and unfit for work, living at home"),
        Ground.DISABLED: words("adult with a disability, living at home"),
        Ground.UNKNOWN: words("not known"),
    }


def asker_words(words: Words) -> dict[Asker, str]:
    return {
        Asker.SELF: words("the person"),
        Asker.REPRESENTATIVE: words("their legal representative"),
        Asker.RELATIVE: words("a relative or neighbour"),
        Asker.DOCTOR: words("a doctor"),
        Asker.SERVICES: words("a social or care service"),
        Asker.LIST: words("taken over from a list"),
    }


def _read(call: Call[Any, Any], station: Station, given: dict[str, str]) -> tuple[Details, date, dict[str, str]]:
    """Return the fields, the day of the request, and the errors by field."""
    words, today = words_of(call.request), _today(call, station)
    wrong: dict[str, str] = {}
    if not given["name"]:
        wrong["name"] = words("Write the name.")
    for name in _FIELDS:
        if len(given[name]) > LONGEST_FIELD or not given[name].isprintable():
            wrong[name] = words("At most %(most)s characters.", most=LONGEST_FIELD)
    days = {"born": today, "asked_on": today}
    for name in days.keys() & given.keys():
        try:
            days[name] = date.fromisoformat(given[name]) if given[name] else today
        except ValueError:
            wrong[name] = words("This is no date.")
        if days[name] > today:
            wrong[name] = words("This day is still to come.")
    asker = Asker(given["asker"]) if given["asker"] in list(Asker) else Asker.SELF
    if asker not in (Asker.SELF, Asker.LIST) and not given["asked_by"]:
        wrong["asked_by"] = words("Write who asked.")
    ground = Ground(given["ground"]) if given["ground"] in list(Ground) else Ground.UNKNOWN
    return Details(**{each: given[each] for each in _FIELDS}, ground=ground, asker=asker), days["asked_on"], wrong


async def _person(unit: Unit, station: Station, number: str) -> int | None:
    person = number_of(number)
    return None if person is None or await persons.person(unit, station.id, person) is None else person


async def _entry(unit: Unit, call: Call[Any, Any]) -> tuple[Station, Entry]:
    station, _ = await chosen_station(unit, call)
    entry = await register.by_id(unit, station.id, call.number())
    if entry is None:
        raise NotFound("vulnerable-missing")
    return station, entry


def _given(entry: Entry) -> dict[str, str]:
    return {name: str(getattr(entry.details, name)) for name in (*_FIELDS, "asker", "ground")}


def _form(
    call: Call[Any, Any],
    station: Station,
    theirs: list[Station],
    given: dict[str, str],
    wrong: dict[str, str] | None = None,
    *,
    entry: Entry | None = None,
    person: str | None = None,
    done: str = "",
) -> web.Response:
    words = words_of(call.request)
    facts = {
        "stations": theirs,
        "given": given,
        "wrong": wrong or {},
        "entry": None if entry is None else _line(entry, station, call.services.clock.now(), words),
        "person": person,
        "person_id": given.get("person") or (None if entry is None else entry.person),
        "grounds": [(each.value, word) for each, word in ground_words(words).items()],
        "askers": [(each.value, word) for each, word in asker_words(words).items() if each is not Asker.LIST or entry],
        "today": _today(call, station).isoformat(),
        "done": done,
    }
    return show(call.request, "people/vulnerable_entry.html", words, facts, tab="people", where=station)


def _line(entry: Entry, station: Station, now: datetime, words: Words) -> dict[str, Any]:
    zone, due = zone_of(station.region), entry.letter_due
    return {
        "id": entry.id,
        "name": entry.details.name or words("without a name"),
        "address": entry.details.address,
        "phone": entry.details.phone,
        "first": entry.person is not None,
        "letter_due": None if due is None else words.day(due.astimezone(zone)),
        "letter_by": due,
        "letter_late": due is not None and due < now,
        "letter_sent": None if entry.letter_at is None else words.day(entry.letter_at.astimezone(zone)),
        "review_due": entry.review_due(now),
        "confirmed": words.day(entry.confirmed_at.astimezone(zone)),
    }


def _today(call: Call[Any, Any], station: Station) -> date:
    return call.services.clock.now().astimezone(zone_of(station.region)).date()


def _one_line(text: str) -> str:
    return " ".join(text.split())[: LONGEST_FIELD + 1]
