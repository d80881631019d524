"""A line's and a person's content as one text: two that say the same have the same digest."""

import json

from broadcaster.domain.people import NewSubscriber
from broadcaster.register.parsed import ParsedLine


def content_of(parsed: ParsedLine) -> str:
    """Return a canonical text of a line's content: its digest makes a second import change nothing."""
    return f"{parsed.fields.value} {parsed.place_columns} {parsed.cleared_places} {canonical(parsed.person)}"


def canonical(person: NewSubscriber) -> str:
    content = [
        person.locale,
        person.name,
        sorted(
            [contact.channel, contact.canonical, contact.address, *([contact.guardian] if contact.guardian else [])]
            for contact in person.contacts
        ),
        [[place.label, place.lon, place.lat] for place in person.places],
        sorted(person.groups),
        person.vulnerable,
    ]
    if person.address is not None:
        content.append(person.address.canonical)
    if person.guardians:
        content.append(list(person.guardians))
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))
