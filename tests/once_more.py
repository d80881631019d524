"""Runs what failed in the last run once more, alone in a new process: ``make test`` does, after failures.

Processes of tests on a shared machine are late at times. It fails if a test fails again, and if so many failed that
this can't be the reason.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

_MOST = 10
_FAILED = Path(".pytest_cache/v/cache/lastfailed")


def main() -> int:
    failed = list(json.loads(_FAILED.read_text())) if _FAILED.exists() else []
    if not 0 < len(failed) <= _MOST:
        return 1
    return pytest.main(["-n1", "--dist", "loadgroup", "--maxfail", "1", "-r", "fEp", *failed])


if __name__ == "__main__":
    sys.exit(main())
