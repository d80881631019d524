"""What is kept of a person, in their language, to read or to print."""

import json
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from broadcaster.domain.stations import Station
from broadcaster.domain.timing import TopicChoice
from broadcaster.store.people.profiles import Profile
from broadcaster.store.people.wishes import Followed
from broadcaster.store.register.own_data import Record
from broadcaster.web.drawing import written_point
from broadcaster.web.i18n import Words
from broadcaster.web.names import language_word
from broadcaster.web.resident.record_words import contact_states, fact, moment, written_number
from broadcaster.web.severities import severity_words
from broadcaster.web.topics import topic_words
from broadcaster.web.whereabouts import written_place
from schedules import QuietHours


def profile(mine: Profile, towns: Mapping[str, Station], usual: str, words: Words) -> list[tuple[str, str]]:
    """Return the person's own data, a line each; ``towns``: by slug."""
    names = {slug: each.name for slug, each in towns.items()}
    near = next((towns[slug] for slug, _ in mine.follows if towns[slug].lon is not None), None)

    def located(lon: float, lat: float) -> str:
        return written_point(lon, lat) if near is None else written_place(lon, lat, near, words)

    states = contact_states(words)
    follows = [f"{names[slug]}{f' ({external})' if external else ''}" for slug, external in mine.follows]
    colon = words(": ")
    wishes = [f"{names[slug]}{colon}{_wished(wish, words)}" for slug, wish in mine.wishes.items()]
    contacts = [
        f"{words.channel(channel)}{colon}{_readable(address)} ({states[status]})"
        for channel, address, status in mine.contacts
    ]
    places = [f"{place.label} ({located(place.lon, place.lat)})" for place in mine.places]
    lines = [
        (words("Name"), mine.name or ""),
        (words("Since"), moment(mine.created_at, words)),
        (words("Language"), language_word(mine.locale, words)),
        (words("Stations"), words("; ").join(follows)),
        (words("Wishes"), words("; ").join(wishes)),
        (words("Contacts"), words("; ").join(contacts)),
        (words("Places"), words("; ").join(places)),
        (words("Groups"), ", ".join(mine.groups)),
        (words("Told before others"), {True: words("yes"), False: words("no"), None: ""}[mine.vulnerable]),
        (words("Quiet hours"), _quiet(mine.quiet or QuietHours.read(usual), words)),
    ]
    if mine.position is not None:
        lon, lat, _, at = mine.position
        lines.append((words("Last position"), f"{located(lon, lat)} ({moment(at, words)})"))
    for name, until in ((words("Paused until"), mine.paused_until), (words("Erased on"), mine.forget_at)):
        if until is not None:
            lines.append((name, moment(until, words)))
    return [(name, value) for name, value in lines if value]


def _readable(address: str) -> str:
    """Return a contact for people: of a push subscription, which is JSON, just the service's host."""
    if address.startswith("{"):
        return str(urlsplit(json.loads(address)["endpoint"]).netloc)
    return written_number(address)


def _quiet(hours: QuietHours, words: Words) -> str:
    return words("No quiet hours") if hours.begin == hours.end else str(hours)


def _wished(wish: Followed, words: Words) -> str:
    how = {TopicChoice.MUTE: words("never"), TopicChoice.DIGEST: words("once a day")}
    topics = topic_words(words)
    colon = words(": ")
    chosen = [f"{wish.topics.get(slug) or topics.get(slug, slug)}{colon}{how[at]}" for slug, at in wish.choices.items()]
    return ", ".join([words("from %(least)s on", least=severity_words(words)[wish.least.value]), *chosen])


def records(
    found: Mapping[str, Sequence[Record]], names: Mapping[str, str], base_url: str, words: Words
) -> list[tuple[str, list[str]]]:
    """Return the other records by their kind's title, a line each."""
    titles = kind_words(words)
    return [(titles[kind], [_line(each, names, base_url, words) for each in some]) for kind, some in found.items()]


def kind_words(words: Words) -> dict[str, str]:
    return {
        "profile": words("Name, contacts, places and choices"),
        "address": words("Address in the register"),
        "opt_out": words("No more messages from a station"),
        "unconfirmed": words("Devices not confirmed yet"),
        "consent": words("What I agreed to, and took back"),
        "refusal": words("Messages that a provider refused"),
        "code": words("Codes asked for"),
        "trial": words("Test messages"),
        "signed": words("Signed requests"),
        "correction": words("Corrections that I asked for"),
        "alert": words("Alerts that were for me"),
        "message": words("Messages to me"),
        "shared": words("Messages to a contact that I share"),
        "answer": words("My answers"),
        "help": words("My requests for help"),
        "text": words("My texts to the station"),
        "vulnerable": words("Register of vulnerable people"),
        "visit": words("Visit by a volunteer"),
        "identity": words("How I showed who I am"),
        "vote": words("Polls in which I voted (what I voted, nobody knows)"),
    }


def _line(record: Record, names: Mapping[str, str], base_url: str, words: Words) -> str:
    parts = [] if record.at is None else [moment(record.at, words)]
    parts += [names.get(record.station, record.station)] if record.station else []
    parts += [
        fact(record.kind, name, value, words)
        for name, value in record.facts.items()
        if value not in (None, "", [], False) or name == "given"
    ]
    parts += [f"{base_url}/a/{record.alert}"] if record.alert else []
    return " · ".join(parts)
