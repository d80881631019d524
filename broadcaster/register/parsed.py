"""What a line of a list says, once it is parsed."""

from dataclasses import dataclass
from enum import Flag, auto

from broadcaster.domain.people import ChannelName, NewSubscriber
from broadcaster.domain.spelling import key

_BY_NAME = "\0"
"""Prefix of the identity of people without an id; no id contains it."""


class Fields(Flag):
    """The fields that a line names; other fields of an existing person stay unchanged."""

    NAME = auto()
    LOCALE = auto()
    VULNERABLE = auto()
    GROUPS = auto()
    SMS = auto()
    VOICE = auto()
    EMAIL = auto()
    ADDRESS = auto()
    GUARDIANS = auto()
    NOTHING = 0


_SUREST = (ChannelName.SMS, ChannelName.EMAIL, ChannelName.VOICE)
FIELD_OF = {ChannelName.SMS: Fields.SMS, ChannelName.VOICE: Fields.VOICE, ChannelName.EMAIL: Fields.EMAIL}


@dataclass(frozen=True, slots=True)
class ParsedLine:
    """A parsed line. ``person``: complete, for a new person; ``fields``: those that the line actually has.

    ``place_columns``: for each of the person's places, its number (from 0) in the list. ``cleared_places``: among that
    many first places, those not in the line are removed. ``named``: names of its groups by slug. ``ref``: an export's
    reference to a person without an id.
    """

    person: NewSubscriber
    fields: Fields
    place_columns: tuple[int, ...]
    cleared_places: int
    named: dict[str, str]
    ref: str = ""

    @property
    def identity(self) -> str:
        """Return the key that identifies the person: the id in comparison form, else the name and the best contact.

        A mobile is best, then a mail address, since families share a landline.
        """
        if self.ref or self.person.external_id:
            return self.ref or key(self.person.external_id or "")
        surest = min(self.person.contacts, key=lambda each: _SUREST.index(each.channel))
        return "\0".join((_BY_NAME, key(self.person.name or ""), surest.channel, surest.canonical))

    @property
    def who(self) -> str:
        """Return the id, else the name, else the export's reference."""
        return self.person.external_id or self.person.name or self.ref

    @property
    def by_name(self) -> bool:
        """Return whether only a name and contacts identify the person."""
        return not self.ref and self.person.external_id is None
