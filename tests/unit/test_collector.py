"""The collector of garbage is at rest where it was told to be, and nowhere else; threads share memory."""

from __future__ import annotations

import gc
import platform
import subprocess
import sys

import pytest

from broadcaster import collector


@pytest.fixture
def as_it_was():
    threshold = gc.get_threshold()
    yield
    gc.enable()
    gc.unfreeze()
    gc.set_threshold(*threshold)


@pytest.mark.usefixtures("as_it_was")
def test_within_the_block_it_rests_and_after_it_works_again_whatever_came_between():
    with collector.at_rest():
        assert not gc.isenabled()
        with collector.at_rest():
            assert not gc.isenabled()
        assert not gc.isenabled(), "the inner block does not end the outer one"
    assert gc.isenabled()
    with pytest.raises(ZeroDivisionError), collector.at_rest():
        raise ZeroDivisionError
    assert gc.isenabled()


@pytest.mark.usefixtures("as_it_was")
def test_what_stands_is_not_looked_through_again_and_new_garbage_still_is():
    collector.spare()
    assert gc.get_freeze_count() > 10_000

    class Cycle:
        left = 0

        def __init__(self) -> None:
            self.itself = self

        def __del__(self) -> None:
            Cycle.left += 1

    for _ in range(100_000):
        Cycle()
    assert Cycle.left > 50_000


_ARENAS_OF_THREADS = """
import ctypes, threading
from broadcaster import collector

collector.share_memory()
malloc = ctypes.CDLL(None).malloc
malloc.restype, malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
found, there = [], threading.Barrier(12)

def take():
    there.wait()  # all at once, so that none takes over the arena of a thread that ended
    found.append(malloc(4096) >> 26)  # glibc aligns an arena of a thread to 64 MiB
    there.wait()

threads = [threading.Thread(target=take) for _ in range(12)]
for each in threads: each.start()
for each in threads: each.join()
print(len(set(found)))
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library has no arenas")
def test_threads_share_two_arenas_so_that_what_one_frees_serves_another():
    ran = subprocess.run([sys.executable, "-c", _ARENAS_OF_THREADS], capture_output=True, text=True, check=True)
    assert int(ran.stdout) <= 3, "one, and the main arena, which may cross a boundary"
