"""Numbers in the store that have a name for programs."""

from enum import IntEnum


class Worded(IntEnum):
    @property
    def word(self) -> str:
        """Return the name as the API and its exports have it."""
        return self.name.lower()
