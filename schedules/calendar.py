"""Dates as an iCalendar feed (RFC 5545)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from icalendar import Calendar, Event

_PUBLISHED = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class PublicDate:
    """``uid`` is globally unique and stable from feed to feed; ``at`` and ``made_at`` are aware."""

    uid: str
    at: datetime
    made_at: datetime
    title: str
    text: str


def feed(name: str, dates: Iterable[PublicDate]) -> bytes:
    calendar = Calendar()
    calendar.add("prodid", "-//Tocsin//Schedules//EN")
    calendar.add("version", "2.0")
    calendar.add("name", name)
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", _PUBLISHED, parameters={"VALUE": "DURATION"})
    for each in dates:
        event = Event()
        event.add("uid", each.uid)
        event.add("dtstamp", each.made_at)
        event.add("dtstart", each.at)
        event.add("summary", each.title)
        if each.text:
            event.add("description", each.text)
        event.add("transp", "TRANSPARENT")
        calendar.add_component(event)
    written: bytes = calendar.to_ical()
    return written
