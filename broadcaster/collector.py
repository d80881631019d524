"""Tunes Python's cyclic garbage collector, which stops everything while it runs, and how threads share memory."""

import ctypes
import gc
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_ARENA_MAX = -8  # of malloc.h
_YOUNG = 20_000
"""Number of young objects that starts a collection; at most some MiB of garbage wait for it."""


def spare() -> None:
    """Exempt existing objects from collection, and collect the rest less often.

    With Python's defaults, collection costs some 40 µs per message.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, 10, 10)


def share_memory() -> None:
    """Limit glibc to two arenas; to be called before threads start.

    By default each thread has its own, and what SQLite frees in one thread is of no use to the others.
    """
    with suppress(AttributeError):  # another C library
        ctypes.CDLL(None).mallopt(_ARENA_MAX, 2)


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
