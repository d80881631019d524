"""Looks up the owners of subscribers' tokens: one query for many requests, with the latest answers cached."""

from collections import OrderedDict

from broadcaster.store.engine.grouping import Grouped
from broadcaster.store.people.people import Owner

_REMEMBERED = 20_000


class Tokens:
    """A token never changes its owner, so the cache is wrong only about people who were erased."""

    def __init__(self, known: Grouped[str, Owner | None]) -> None:
        """``known``: the store's answers."""
        self._known = known
        self._lately: OrderedDict[str, Owner] = OrderedDict()

    async def owner(self, token: str, *, from_memory: bool = False) -> Owner | None:
        """Return the subscriber with this token; ``from_memory``: use the cache, which may return one just erased."""
        remembered = self._lately.get(token) if from_memory else None
        if remembered is not None:
            self._lately.move_to_end(token)
            return remembered
        found = await self._known.do(token)
        if found is None:
            self._lately.pop(token, None)
        elif from_memory:
            self._lately[token] = found
            if len(self._lately) > _REMEMBERED:
                self._lately.popitem(last=False)
        return found
