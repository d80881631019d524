"""Python's collector of garbage in cycles, which stops everything while it looks, made to look where there is some."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_YOUNG = 20_000
"""How many objects more than before make it look at the young ones: some MiB at the most wait for it."""


def spare() -> None:
    """Never look again through what stands now, and more seldom through the rest.

    By Python's own measure each message that is sent pays some 40 µs for it.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, 10, 10)


@contextmanager
def at_rest() -> Iterator[None]:
    """Don't look within the block: for what makes very many objects and keeps them.

    A million people read from the store have no cycles, and half of the time went into looking for some.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
