"""Tunes Python's cyclic garbage collector, which stops everything while it runs."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_YOUNG = 20_000
"""Number of young objects that starts a collection; at most some MiB of garbage wait for it."""


def spare() -> None:
    """Exempt existing objects from collection, and collect the rest less often.

    With Python's defaults, collection costs some 40 µs per message.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, 10, 10)


@contextmanager
def at_rest() -> Iterator[None]:
    """Disable collection within the block, for code that makes very many lasting objects.

    A million people read from the store have no cycles, yet half of the time went into looking for some.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
