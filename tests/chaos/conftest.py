"""The audit table: what was broken, and what came of it. ``TOCSIN_CHAOS=full`` is the long form (``make chaos``)."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.chaos.verdict import Verdict

RESULTS = Path(__file__).parent / "results"
_HEAD = ("fault", "road", "injected", "deliveries", "lost", "doubled", "bound", "result")
_ROWS = "chaos"


@pytest.fixture(scope="session")
def full() -> bool:
    return os.environ.get("TOCSIN_CHAOS") == "full"


@pytest.fixture
def record(request: pytest.FixtureRequest, full: bool) -> Callable[..., None]:  # noqa: FBT001  a fixture's value
    """Put a verdict into the table, and fail unless nobody is lost and no more is doubled than ``bound``."""

    def say(verdict: Verdict, *, fault: str, road: str, injected: int, bound: int = 0) -> None:
        bad = verdict.lost or verdict.doubled > bound or verdict.unlike or verdict.strays
        row = {
            "fault": fault,
            "road": road,
            "injected": injected,
            "deliveries": verdict.deliveries,
            "lost": verdict.lost,
            "doubled": verdict.doubled,
            "bound": bound,
            "result": "FAILED" if bad else "held",
        }
        request.node.user_properties.append((_ROWS, row))
        if full:
            _tell(request.config, row)
        assert not bad, (verdict, row)

    return say


def _tell(config: pytest.Config, row: dict[str, Any]) -> None:
    """Show a row at once: the long form takes an hour."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    capture = config.pluginmanager.get_plugin("capturemanager")
    if reporter is not None and capture is not None:
        with capture.global_and_fixture_disabled():
            reporter.write_line(f"\n{datetime.now(UTC):%H:%M:%S} " + " | ".join(str(each) for each in row.values()))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    rows = [
        value
        for kind in ("passed", "failed")
        for report in terminalreporter.stats.get(kind, ())
        for name, value in report.user_properties
        if name == _ROWS
    ]
    if not rows:
        return
    cells = [_HEAD, *(tuple(str(row[name]) for name in _HEAD) for row in rows)]
    widths = [max(len(row[at]) for row in cells) for at in range(len(_HEAD))]
    terminalreporter.section("chaos: the audit")
    for row in cells:
        terminalreporter.write_line(" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)))
    now = datetime.now(UTC)
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{now:%Y%m%dT%H%M%SZ}.json"
    form = os.environ.get("TOCSIN_CHAOS", "short")
    path.write_text(json.dumps({"at": now.isoformat(), "form": form, "rows": rows}, indent=1) + "\n")
