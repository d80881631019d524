"""Audience rules."""

from dataclasses import dataclass
from enum import Enum, StrEnum, auto


class AudienceKind(StrEnum):
    """Rule that selects the recipients.

    ``followers``: followers of the station with a place or position in the area (the default). ``everyone``: everybody
    known in the area, followers or not, including visitors. ``all_followers``: followers anywhere. ``groups``: members
    of the named groups, within the area if there is one. ``told``: all recipients of an earlier alert, wherever they
    are now (for its ending). ``left``: recipients of an alert who are outside the area of its update. ``digest``:
    people who want these alerts in one message a day, at one contact each.
    """

    FOLLOWERS = "followers"
    EVERYONE = "everyone"
    ALL_FOLLOWERS = "all_followers"
    GROUPS = "groups"
    TOLD = "told"
    LEFT = "left"
    DIGEST = "digest"


class Pool(Enum):
    """The set of people that a rule selects from. ``STORED``: recipients listed in the store, not in an index."""

    EVERYBODY = auto()
    FOLLOWERS = auto()
    MEMBERS = auto()
    STORED = auto()


_POOLS = {
    AudienceKind.FOLLOWERS: Pool.FOLLOWERS,
    AudienceKind.EVERYONE: Pool.EVERYBODY,
    AudienceKind.ALL_FOLLOWERS: Pool.FOLLOWERS,
    AudienceKind.GROUPS: Pool.MEMBERS,
    AudienceKind.TOLD: Pool.STORED,
    AudienceKind.LEFT: Pool.STORED,
    AudienceKind.DIGEST: Pool.STORED,
}


@dataclass(frozen=True, slots=True)
class Audience:
    """``groups``: slugs of the station's groups. ``told``: id of the earlier alert, or of the update."""

    kind: AudienceKind = AudienceKind.FOLLOWERS
    groups: tuple[str, ...] = ()
    told: int | None = None

    @property
    def needs_area(self) -> bool:
        return self.kind in (AudienceKind.FOLLOWERS, AudienceKind.EVERYONE)

    @property
    def pool(self) -> Pool:
        """Return the pool in which the rule selects people."""
        return _POOLS[self.kind]

    def is_local(self, *, area: bool) -> bool:
        """Return whether the rule selects only people within the area. ``area``: whether the alert has one."""
        return self.needs_area or (self.kind is AudienceKind.GROUPS and area)
