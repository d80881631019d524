"""Who in or out of the area is concerned."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class AudienceKind(StrEnum):
    """The rule that says who is concerned.

    ``followers``: followers of the station with a place or position in the area (the default). ``everyone``: everybody
    known in the area, whomever they follow, visitors included. ``all_followers``: followers, wherever they are.
    ``groups``: members of the named groups, in the area where the alert has one, else wherever they are. ``told``:
    everyone to whom an earlier alert was sent, wherever they are now (an all-clear).
    """

    FOLLOWERS = "followers"
    EVERYONE = "everyone"
    ALL_FOLLOWERS = "all_followers"
    GROUPS = "groups"
    TOLD = "told"


@dataclass(frozen=True, slots=True)
class Audience:
    """``groups`` are slugs of the station's groups; ``told`` the id of the earlier alert."""

    kind: AudienceKind = AudienceKind.FOLLOWERS
    groups: tuple[str, ...] = ()
    told: int | None = None

    @property
    def needs_area(self) -> bool:
        """Return whether the rule means nothing without an area."""
        return self.kind in (AudienceKind.FOLLOWERS, AudienceKind.EVERYONE)
